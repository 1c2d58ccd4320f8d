import { blend, css, drawCross, drawBoard, textColourOn, write } from "../shared/canvas.mjs";
import { isLeak, squaresOfRow } from "./network.mjs";

// Sizes in pixels. `tall` is the largest height of a row, and `left` and `right` are the distances of
// the outer columns from the edges. `costs` is the start, from the right edge, and the width of the bars
// of costs, and `sees` the width of the squares of inputs. The simple view has neither.
const WIDE = { rows: 384, tall: 96, masks: 130, curve: 142, bars: 150, left: 77, right: 216, costs: [171, 54], sees: 116, named: true, size: 14, radius: 15 };
const MIDDLE = { ...WIDE, masks: 126, curve: 104, bars: 140, left: 70, right: 152, costs: [112, 36], sees: 72 };
const NARROW = { ...WIDE, masks: 80, curve: 76, bars: 92, left: 64, right: 126, costs: [106, 34], sees: 68, named: false };
const SIMPLE = { rows: 384, tall: 100, curve: 220, left: 120, right: 136, named: true, size: 17, radius: 20 };
const SIMPLE_MIDDLE = { ...SIMPLE, left: 90, right: 116, size: 14, radius: 15 };
const SIMPLE_NARROW = { ...SIMPLE_MIDDLE, tall: 66, curve: 110 };
const TOP = 20;
const [DOT, LONGEST, SIDE_BY_SIDE] = [7, 10, 26];

/** Return the sizes for a widget of this width. */
export function lookOf(wide, simple) {
  if (simple) return wide >= 800 ? SIMPLE : wide >= 660 ? SIMPLE_MIDDLE : SIMPLE_NARROW;
  return wide >= 1000 ? WIDE : wide >= 660 ? MIDDLE : NARROW;
}

/** Return the position of each node: a row per variable in the order of steps, and a column per layer. */
export function positionsOf({ rows, steps, nodes, isSmall, masks }, look, wide) {
  const pitch = Math.min(look.rows / rows.length, look.tall);
  const rowY = (t) => TOP + (t + 0.5) * pitch;
  const between = (wide - look.right - look.left) / masks.length;
  const bands = new Map(); // degree → first and last row of its step
  rows.forEach((variable, t) => bands.set(steps[variable], [bands.get(steps[variable])?.[0] ?? t, t]));
  const radius = Math.min(pitch * 0.43, isSmall ? look.radius : 9.5);
  const at = nodes.map((layer, k) => {
    const x = look.left + between * k;
    if (k === 0 || k === masks.length) return layer.map((_, i) => ({ x, y: rowY(rows.indexOf(i)), radius, half: radius, high: 2 * radius }));
    return layer.map((node, n) => placed(node, layer.slice(0, n).filter(({ degree }) => degree === node.degree).length, layer.filter(({ degree }) => degree === node.degree).length));
    function placed({ degree, from, to }, before, alike) {
      const [first, last] = bands.get(degree) ?? [0, 0];
      const [top, high] = [rowY(first) - pitch / 2, (last - first + 1) * pitch];
      if (isSmall) {
        const lines = Math.min(alike, Math.floor(high / 24)); // of at least 24 pixels, so that each can be touched
        const column = Math.floor(before / lines) - (Math.ceil(alike / lines) - 1) / 2;
        return { x: x + SIDE_BY_SIDE * column, y: top + ((before % lines + 0.5) * high) / lines, radius: radius * 0.86, half: radius * 0.86, high: 2 * radius };
      }
      const lines = Math.max(1, Math.min(Math.floor((high - 4) / DOT), Math.ceil((to - from) / LONGEST)));
      const across = Math.ceil((to - from) / lines);
      const dot = Math.min(DOT, 70 / across);
      return { x, y: top + ((before + 0.5) * high) / alike, lines, across, dot, half: (across * dot) / 2 + 1, high: lines * dot };
    }
  });
  return { look, wide, pitch, rowY, at, count: rows.length, high: TOP + rows.length * pitch + 2 };
}

/** Return all connections between nodes, each with its block of weights. */
export function wiresOf({ nodes, masks, across }, net) {
  const position = [];
  net.positions.forEach((variable, p) => (position[variable] = p));
  const unitsOf = (k, node) => (k === 0 || k === masks.length ? [position[node.from], position[node.from] + 1] : [node.from, node.to]);
  const wires = [];
  const add = (mask, k, below, above, layer) =>
    mask.forEach((row, to) =>
      row.forEach((is, from) => {
        if (is || k < masks.length) wires.push({ is, k, below, above, to, from, layer, rows: unitsOf(above, nodes[above][to]), columns: unitsOf(below, nodes[below][from]) });
      }),
    );
  masks.forEach((mask, k) => add(mask, k, k, k + 1, net.layers[k]));
  if (across) add(across, masks.length, 0, masks.length, net.direct);
  return wires;
}

/** Return the root mean square of each block of weights, relative to the largest of its layer. A single weight keeps its sign. */
function strengthsOf(wires) {
  const strongest = [];
  const all = wires.map(({ is, k, layer, rows, columns }) => {
    if (!is) return 0;
    let [squares, count, last] = [0, 0, 0];
    for (let r = rows[0]; r < rows[1]; r++) {
      for (let c = columns[0]; c < columns[1]; c++, count++) squares += (last = layer.weights[r * layer.inputs + c]) ** 2;
    }
    const strength = Math.sqrt(squares / count);
    strongest[k] = Math.max(strongest[k] ?? 1e-9, strength);
    return count === 1 && last < 0 ? -strength : strength;
  });
  return all.map((strength, w) => strength / (strongest[wires[w].k] ?? 1));
}

/** Draw the network: steps, wires, nodes, headings, and both ends of each row. */
export function drawGraph(pen, positions, { network, wires, cones, selected, costs, ticks, colours }) {
  const top = Math.max(...network.steps);
  const look = { network, positions, cones, selected, colours, colourOf: (degree) => colours.ramp(degree, top) };
  drawSteps(pen, look);
  drawWires(pen, look, wires);
  drawNodes(pen, look);
  drawHeadings(pen, look);
  network.rows.forEach((variable, t) => drawEnds(pen, look, variable, positions.rowY(t), costs[variable], ticks[variable]));
}

/** Draw faint lines between steps. */
function drawSteps(pen, { network: { rows, steps }, positions: { look, wide, rowY, pitch }, colours }) {
  pen.lineWidth = 1;
  pen.strokeStyle = css(colours.pale);
  pen.beginPath();
  rows.forEach((variable, t) => {
    if (!t || steps[rows[t - 1]] === steps[variable]) return;
    pen.moveTo(look.left + 14, rowY(t) - pitch / 2);
    pen.lineTo(wide, rowY(t) - pitch / 2);
  });
  pen.stroke();
}

const KINDS = ["cut", "beside", "on", "leak", "leaking"];

/** Draw wires, the faintest kind first. A wire is in the cone if it is on a path through the selected unit. */
function drawWires(pen, { network, positions: { at }, cones: { cone, leaking }, colours, colourOf }, wires) {
  const { isSmall, masks, nodes } = network;
  const strengths = strengthsOf(wires);
  const kindOf = ({ is, k, below, above, to, from }) => {
    if (!is) return "cut";
    if (leaking[below][from] && leaking[above][to]) return "leaking";
    return isLeak(network, k, to, from) ? "leak" : cone[below][from] && cone[above][to] ? "on" : "beside";
  };
  const kinds = wires.map(kindOf);
  for (const kind of isSmall ? KINDS : KINDS.slice(1)) {
    wires.forEach(({ k, below, above, to, from }, w) => {
      if (kinds[w] !== kind) return;
      const share = Math.abs(strengths[w]);
      const [a, b] = [at[below][from], at[above][to]];
      const look = {
        cut: [colours.line, 0.55, 0.7],
        beside: [null, 0.12 + 0.3 * share, 0.4 + 2.6 * share],
        on: [null, 0.35 + 0.65 * share, 0.4 + (isSmall ? 3.4 : 2.6) * share],
        leak: [colours.orange, 0.5 + 0.5 * share, 1 + 1.6 * share],
        leaking: [colours.orange, 1, 2.6 + share],
      }[kind];
      pen.strokeStyle = css(look[0] ?? colourOf(nodes[below][from].degree), look[1]);
      pen.lineWidth = look[2];
      pen.setLineDash(kind === "cut" ? [1, 5] : strengths[w] < 0 && isSmall ? [6, 4] : []);
      drawWire(pen, [a.x + a.half, a.y], [b.x - b.half, b.y], k === masks.length);
      pen.setLineDash([]);
      if (kind !== "leaking" || above !== masks.length) return;
      pen.lineWidth = 3;
      drawCross(pen, b.x - b.half - 10, b.y - ((b.y - a.y) * 10) / Math.max(b.x - a.x, 1), 5);
    });
  }
}

function drawWire(pen, [x1, y1], [x2, y2], isBent) {
  pen.beginPath();
  pen.moveTo(x1, y1);
  if (isBent) pen.quadraticCurveTo((x1 + x2) / 2, Math.min(y1, y2) - 26, x2, y2);
  else pen.lineTo(x2, y2);
  pen.stroke();
}

function drawNodes(pen, { network: { nodes, masks }, positions: { at }, cones: { cone }, selected, colours, colourOf }) {
  nodes.forEach((layer, k) =>
    layer.forEach((node, n) => {
      const fill = blend(colours.paper, colourOf(node.degree), cone[k][n] ? 1 : k % masks.length ? 0.5 : 0.85);
      const ring = k === selected[0] && node.from <= selected[1] && selected[1] < node.to && colours.ink;
      if (at[k][n].dot) drawDots(pen, at[k][n], node.to - node.from, fill, ring);
      else drawDisc(pen, at[k][n], node.degree, fill, ring, colours);
    }),
  );
}

function drawHeadings(pen, { network: { nodes, masks }, positions: { at, look, wide }, colours }) {
  const style = { colours, size: look.size - 1, colour: colours.quiet };
  write(pen, "first ↓", look.left - 64, 8, style);
  if (!look.costs) return;
  for (let k = 1; k < masks.length; k++) {
    const units = nodes[k].at(-1).to;
    write(pen, look.named ? `${units} units` : units, at[k][0].x, 8, { ...style, align: "middle" });
  }
  write(pen, "nats", wide - look.costs[0], 8, style);
  write(pen, look === WIDE ? "who sees whom" : "sees", wide - 2, 8, { ...style, align: "end" });
}

/** Draw both ends of a row: its variable, the cost of its output, and the inputs that it sees. */
function drawEnds(pen, { network, positions, selected, colours, colourOf }, variable, y, cost, tick) {
  const { rows, names, outputs, leaks, masks } = network;
  const { at, look, wide, pitch } = positions;
  const isBoard = rows.length === 16;
  const size = isBoard ? 3.6 : 7;
  const isAbove = look.costs && !isBoard; // words, which have no room beside their circles
  const x = at[masks.length][0].x;
  if (isBoard || isAbove) drawBoard(pen, squaresOfRow(network, rows.map((_, i) => Number(i === variable))), look.left - (isBoard ? 30 : 38), y - ((isBoard ? 4 : 1) * size) / 2, size, colours);
  if (isAbove) {
    const style = { colours, size: look.size, halo: colours.paper };
    write(pen, names[variable], 2, y - look.radius - 12, style);
    write(pen, outputs[variable], x - look.radius, y - look.radius - 12, style);
  } else {
    write(pen, names[variable], look.left - (isBoard ? 34 : look.radius + 8), y, { colours, size: look.size, align: "end" });
    if (look.named) write(pen, outputs[variable], x + look.radius + 5, y, { colours, size: look.size });
  }
  if (!look.costs) return;
  const fill = leaks[variable] ? colours.orange : colours.blue;
  drawCost(pen, wide - look.costs[0], y, look.costs[1], Math.min(pitch * 0.62, 18), cost, tick, fill, colours);
  const cell = Math.min((look.sees - 4) / rows.length, 28);
  const left = wide - 4 - cell * rows.length;
  drawRow(pen, network, variable, left, y, cell, colourOf, colours);
  if (selected[0] !== masks.length || selected[1] !== variable) return;
  const high = isBoard ? 12 : cell + 4;
  pen.strokeStyle = css(colours.ink);
  pen.lineWidth = 1.6;
  pen.strokeRect(left - 3, y - high / 2, cell * rows.length + 4, high);
}

function drawDisc(pen, { x, y, radius }, degree, fill, ring, colours) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 7);
  pen.fillStyle = css(fill);
  pen.fill();
  if (ring) {
    pen.strokeStyle = css(ring);
    pen.lineWidth = 3;
    pen.stroke();
  }
  write(pen, degree, x, y + 0.5, { colours, size: Math.min(radius * 1.25, 14), colour: textColourOn(fill), align: "middle" });
}

function drawDots(pen, { x, y, lines, across, dot, half }, count, fill, ring) {
  pen.fillStyle = css(fill);
  for (let unit = 0; unit < count; unit++) {
    const [column, line] = [unit % across, Math.floor(unit / across)];
    pen.fillRect(x - half + 1 + column * dot, y + (line - lines / 2) * dot, dot - 1, dot - 1);
  }
  if (!ring) return;
  pen.strokeStyle = css(ring);
  pen.lineWidth = 2;
  pen.strokeRect(x - half - 2, y - (lines * dot) / 2 - 3, 2 * half + 3, lines * dot + 5);
}

/** Draw the cost of an output as a bar, and its conditional entropy as a tick. */
function drawCost(pen, x, y, most, thick, cost, tick, fill, colours) {
  const scale = (0.86 * most) / Math.LN2;
  pen.fillStyle = css(fill);
  pen.fillRect(x, y - thick / 2, Math.min(Math.max(cost * scale, 0.8), most), thick);
  pen.fillStyle = css(colours.ink);
  pen.fillRect(x + tick * scale - 0.5, y - thick / 2 - 1.5, 2, thick + 3);
}

/** Draw a square per input: filled if the output sees it, framed if it is allowed but not reached, crossed if it leaks. */
function drawRow(pen, { rows, steps, seen, allowed, leaks, design }, output, x, y, cell, colour, colours) {
  const high = Math.min(cell, rows.length === 16 ? 7 : cell) - (cell > 12 ? 2 : 0.8);
  rows.forEach((variable, t) => {
    const has = (set) => (set >> variable) & 1;
    const left = x + t * cell;
    const wide = cell - (cell > 12 ? 2 : 0.8);
    const sees = has(seen.at(-1)[output]);
    pen.fillStyle = css(has(leaks[output]) ? colours.orange : sees ? colour(design.degrees[variable]) : colours.pale);
    pen.fillRect(left, y - high / 2, wide, high);
    pen.strokeStyle = css(has(leaks[output]) ? [255, 255, 255] : colours.ink);
    pen.lineWidth = cell > 12 ? 1.6 : 0.8;
    if (has(leaks[output])) drawCross(pen, left + wide / 2, y, Math.min(wide, high) / 3);
    else if (has(allowed[output]) && !sees) pen.strokeRect(left + 1, y - high / 2 + 1, wide - 2, high - 2);
  });
}
