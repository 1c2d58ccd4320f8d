import { ARROWS, useArrows } from "../shared/arrows.mjs";
import { Canvas } from "../shared/canvas.mjs";
import { html, useRef, useState } from "../shared/preact.mjs";

const LEAST_TARGET = 24;

/**
 * The graph, with a button over every node that can be pressed and moved.
 *
 * `on.drop(layer, node, row, isOnto)` is called when a variable or a single unit is dropped before a
 * row or onto it. Arrows move the focus. With Shift they call `on.shift(layer, node, by)`, and J
 * calls `on.join(layer, node)`.
 */
export function Stage({ network, positions, selected, joins, draw, when, on }) {
  const stage = useRef();
  const held = useRef(null); // {spot: [layer, node], from: where it was pressed, at: where it is now; null until it moves}
  const arrows = useArrows(stage);
  const [, redraw] = useState(0);
  const last = network.masks.length;
  const isMovable = (layer) => layer === 0 || (network.isSmall && layer < last);
  const hold = (next) => {
    held.current = next;
    redraw((count) => count + 1);
  };

  function keyDown(event) {
    const [spot, down] = [spotOf(event.target), ARROWS[event.key]?.[1]];
    if (event.key.toLowerCase() === "j" && !event.ctrlKey && !event.metaKey) on.join(...spot);
    if (!event.shiftKey || !down) return arrows.onKeyDown(event);
    event.preventDefault();
    on.shift(...spot, down);
  }
  function press(event) {
    const spot = spotOf(event.target);
    if (event.button || !spot || !isMovable(spot[0])) return;
    event.target.setPointerCapture(event.pointerId);
    held.current = { spot, from: [event.clientX, event.clientY], at: null };
  }
  function move({ clientX, clientY }) {
    if (!held.current) return;
    const { from, at } = held.current;
    if (!at && Math.hypot(clientX - from[0], clientY - from[1]) < 5) return;
    const box = stage.current.getBoundingClientRect();
    hold({ ...held.current, at: [clientX - box.left, clientY - box.top] });
  }
  function release() {
    if (held.current?.at) {
      const { row, isOnto } = rowAt(positions, held.current.at[1], joins && !held.current.spot[0]);
      on.drop(...held.current.spot, row, isOnto);
    }
    setTimeout(() => hold(null)); // after the click event, which still reads it
  }
  const click = ({ target }) => spotOf(target) && !held.current?.at && on.select(...spotOf(target));

  const isSelected = (layer, { from, to }) => layer === selected[0] && from <= selected[1] && selected[1] < to;
  return html`<div class="stage" role="group" aria-label="Network, one step per row" ref=${stage} style=${{ height: `${positions.high}px` }}
    onKeyDown=${keyDown} onPointerDown=${press} onPointerMove=${move} onPointerUp=${release} onPointerCancel=${() => hold(null)}
    onClick=${click} onfocusin=${arrows.onfocusin}>
    <${Canvas} high=${positions.high} draw=${draw} when=${when} aria-label="Network" />
    ${network.nodes.map((nodes, layer) => nodes.map((node, n) => html`<button type="button" key="${layer} ${n}"
      class="node ${isMovable(layer) ? "movable" : ""}" data-layer=${layer} data-node=${n} aria-label=${nameOf(network, layer, n, joins)}
      aria-pressed=${String(isSelected(layer, node))} style=${boxOf(positions.at[layer][n])} />`))}
    ${held.current?.at && html`<${Chip} ...${held.current} network=${network} positions=${positions} joins=${joins} />`}
  </div>`;
}

/** The dragged node at the pointer, and a mark where it would be dropped. */
function Chip({ spot: [layer, node], at: [x, y], network, positions, joins }) {
  const { row, isOnto } = rowAt(positions, y, joins && !layer);
  const mark = { top: `${positions.rowY(row) - positions.pitch / 2}px`, height: isOnto ? `${positions.pitch}px` : 0 };
  return html`<div class="drop" style=${mark} />
    <div class="chip" style=${{ left: `${x}px`, top: `${y}px` }}>${network.nodes[layer][node].degree}</div>`;
}

/** Return the row at a height. If steps may be joined, only the middle half of a row is on it, and the rest is between two rows. */
function rowAt({ rowY, pitch, count }, height, joins) {
  const y = (height - rowY(0)) / pitch;
  const row = Math.min(Math.max(Math.round(y), 0), count - 1);
  if (!joins || Math.abs(y - row) < 0.25) return { row, isOnto: true };
  return { row: Math.min(Math.max(Math.floor(y) + 1, 0), count), isOnto: false };
}

const spotOf = ({ dataset }) => dataset?.layer && [Number(dataset.layer), Number(dataset.node)];

function boxOf({ x, y, half, high }) {
  const [wide, tall] = [2 * half, high].map((side) => Math.max(side, LEAST_TARGET));
  return { left: `${x - wide / 2}px`, top: `${y - tall / 2}px`, width: `${wide}px`, height: `${tall}px` };
}

function nameOf({ names, outputs, nodes, masks, steps, isSmall }, layer, node, joins) {
  const { degree, from, to } = nodes[layer][node];
  if (layer === masks.length) return `${outputs[node]}, degree ${degree}`;
  if (layer > 0) {
    const who = to - from > 1 ? `${to - from} units of hidden layer ${layer}` : `Unit ${from + 1} of hidden layer ${layer}`;
    return `${who}, degree ${degree}${isSmall ? ". Shift with ↑ or ↓ changes the degree" : ""}`;
  }
  return `${names[node]}, degree ${degree}, step ${steps[node]}. Shift with ↑ or ↓ moves it${joins ? ", J joins the step above" : ""}`;
}
