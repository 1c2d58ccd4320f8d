import { element, oneTabStop } from "../shared/frame.mjs";
import { hat } from "../shared/words.mjs";

const WAYS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/**
 * What can be pressed and moved in the graph: a button over every node.
 *
 * `drop(layer, node, row, isOnto)`: a chip, or a single unit, is dropped before a row or onto it.
 * Arrows walk; with Shift they move it, `shift(layer, node, by)`; J joins the step above, `join`.
 */
export function handlesOf(place, { select, drop, shift, join }) {
  let buttons = [];
  let places = null;
  let held = null; // {button, y, moved}
  const spotOf = (button) => [Number(button.dataset.layer), Number(button.dataset.node)];
  const mark = element("div", { class: "drop", hidden: true });
  place.append(mark);
  oneTabStop(place, () => buttons.flat());

  place.addEventListener("keydown", (event) => {
    const step = WAYS[event.key];
    const isJoining = event.key.toLowerCase() === "j" && !event.ctrlKey && !event.metaKey;
    if (!event.target.dataset.layer || !(step || isJoining)) return;
    event.preventDefault();
    const [layer, node] = spotOf(event.target);
    if (isJoining) join(layer, node);
    else if (event.shiftKey && step[1]) shift(layer, node, step[1]);
    else buttonNear(layer, node, step)?.focus();
  });
  place.addEventListener("pointerdown", (event) => {
    if (event.button || !event.target.classList.contains("movable")) return;
    held = { button: event.target, from: event.clientY, moved: false };
    event.target.setPointerCapture(event.pointerId);
  });
  place.addEventListener("pointermove", (event) => {
    if (!held || (!held.moved && Math.abs(event.clientY - held.from) < 5)) return;
    held.moved = true;
    const { row, isOnto } = dropAt(event);
    Object.assign(mark.style, { top: `${places.rowY(row) - places.pitch / 2}px`, height: isOnto ? `${places.pitch}px` : "0" });
    mark.hidden = false;
  });
  place.addEventListener("pointerup", (event) => {
    if (held?.moved) {
      const { row, isOnto } = dropAt(event);
      drop(...spotOf(held.button), row, isOnto);
    }
    mark.hidden = true;
    setTimeout(() => (held = null)); // a click comes after it
  });
  place.addEventListener("pointercancel", () => {
    held = null;
    mark.hidden = true;
  });
  place.addEventListener("click", ({ target }) => {
    if (target.dataset.layer && !held?.moved) select(...spotOf(target));
  });

  /** Between two rows, or on one: the middle half of it. */
  function dropAt({ clientY }) {
    const y = (clientY - place.getBoundingClientRect().top - places.rowY(0)) / places.pitch;
    const near = Math.min(Math.max(Math.round(y), 0), places.of.rows.length - 1);
    if (Math.abs(y - near) < 0.25) return { row: near, isOnto: true };
    return { row: Math.min(Math.max(Math.floor(y) + 1, 0), places.of.rows.length), isOnto: false };
  }

  /** The next in its column, or the nearest of the next column. */
  function buttonNear(layer, node, [right, down]) {
    const middle = (button) => button.offsetTop + button.offsetHeight / 2;
    const here = middle(buttons[layer][node]);
    const others = (buttons[layer + right] ?? []).filter((button) => (middle(button) - here) * down > 0 || right);
    return others.sort((a, b) => Math.abs(middle(a) - here) - Math.abs(middle(b) - here))[0];
  }

  function build(network) {
    const focus = document.activeElement?.dataset.layer && place.contains(document.activeElement) ? spotOf(document.activeElement) : null;
    buttons.flat().forEach((button) => button.remove());
    places = null;
    const last = network.masks.length;
    buttons = network.nodes.map((layer, k) =>
      layer.map((node, n) => {
        const isMovable = k === 0 || (network.isSmall && k < last);
        return element("button", { type: "button", class: isMovable ? "node movable" : "node", "data-layer": k, "data-node": n, "aria-label": nameOf(network, k, n), tabindex: -1 });
      }),
    );
    place.append(...buttons.flat());
    if (focus) (buttons[focus[0]]?.[focus[1]] ?? buttons[0][0]).focus();
  }

  function lay(network, now, [layer, unit]) {
    const isMoved = places !== now;
    places = now;
    buttons.forEach((each, k) =>
      each.forEach((button, n) => {
        if (isMoved) layOver(button, now, now.at[k][n]);
        const { from, to } = network.nodes[k][n];
        const isSelected = k === layer && from <= unit && unit < to;
        button.setAttribute("aria-pressed", isSelected);
        button.tabIndex = isSelected ? 0 : -1;
      }),
    );
  }
  return { build, lay };
}

function layOver({ style }, { pitch }, { x, y, half, radius, lines, dot }) {
  const wide = Math.max(half, 11);
  const high = Math.min(Math.max(radius ?? (lines * dot) / 2, 10), Math.max(pitch / 2, radius ?? 0));
  Object.assign(style, { left: `${x - wide}px`, top: `${y - high}px`, width: `${2 * wide}px`, height: `${2 * high}px` });
}

function nameOf({ names, nodes, masks, steps, isSmall }, layer, node) {
  const { degree, from, to } = nodes[layer][node];
  if (layer === masks.length) return `${hat(names[node])}, degree ${degree}`;
  if (layer > 0) {
    const who = to - from > 1 ? `${to - from} units of hidden layer ${layer}` : `Unit ${from + 1} of hidden layer ${layer}`;
    return `${who}, degree ${degree}${isSmall ? ": Shift with ↑ or ↓ changes it" : ""}`;
  }
  return `${names[node]}, degree ${degree}, step ${steps[node]}: Shift with ↑ or ↓ moves it, J joins the step above`;
}
