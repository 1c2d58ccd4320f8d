import { blend, css, write } from "../shared/canvas.mjs";
import { isLeak, nodeOf } from "./network.mjs";

/** Draw every mask, with units sorted by degree. A larger weight has a stronger square, and a leak is orange. */
export function drawMasks(pen, wide, high, { network, net, selected, colours, centres, sheets }) {
  const { masks, design, isSmall } = network;
  const layers = layersOf(net);
  const apart = centres.length > 1 ? centres[1] - centres[0] : wide;
  const side = Math.min(high - 22, wide / layers.length - 14, apart - 8, 112);
  pen.imageSmoothingEnabled = false;
  layers.forEach((layer, k) => {
    const middle = (centres[k] ?? 0) || Math.min((centres.at(-1) ?? 0) + side + 16, wide - side / 2 - 2);
    const [x, y] = [Math.min(Math.max(middle - side / 2, k * (side + 10)), wide - side - 2), 20];
    const isOutput = k >= masks.length - 1;
    const sign = isOutput && design.strict ? ">" : "≥";
    const name = k === masks.length ? "Mᴬ" : isOutput ? "Mⱽ" : `M${"¹²³⁴⁵⁶⁷⁸"[k]}`;
    write(pen, `${name}  ${sign}`, x + side / 2, 9, { colours, colour: colours.quiet, align: "middle" });
    const [down, across] = [side / layer.reach.length, side / layer.inputs];
    if (isSmall) squaresOf(network, net, layer, k, colours).forEach((cell, n) => drawSquare(pen, cell, x + (n % layer.inputs) * across, y + Math.floor(n / layer.inputs) * down, across - 2, down - 2, colours));
    else pen.drawImage(sheets[k].canvas, 0, 0, layer.inputs, layer.reach.length, x, y, side, side);
    const row = rowOf(network, net, selected, k);
    if (row === null) return;
    pen.strokeStyle = css(colours.ink);
    pen.lineWidth = 2;
    pen.strokeRect(x - 2, y + row[0] * down - 1, side + 3, (row[1] - row[0]) * down + (isSmall ? -1 : 1));
  });
}

const layersOf = (net) => (net.direct ? [...net.layers, net.direct] : net.layers);

/** Return the squares of one mask, each with its colour and its weight relative to the largest. */
function squaresOf(network, net, { inputs, weights, reach }, k, colours) {
  const { masks, design } = network;
  const below = k === 0 || k === masks.length ? net.positions.map((variable) => design.degrees[variable]) : design.hidden[k - 1];
  const top = Math.max(...network.steps);
  const ramp = below.map((degree) => colours.ramp(degree, top));
  const largest = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 1e-9);
  const cells = [];
  for (let r = 0; r < reach.length; r++) {
    for (let c = 0; c < inputs; c++) {
      const weight = weights[r * inputs + c] / largest;
      const isOpen = c < reach[r];
      const leaks = isOpen && isLeak(network, k, net.positions[r], nodeAt(network, net, k, c));
      cells.push({ colour: leaks ? colours.orange : ramp[c], weight, isOpen, leaks });
    }
  }
  return cells;
}

const nodeAt = (network, net, k, column) => (k % network.masks.length ? nodeOf(network, [k, column]) : net.positions[column]);

/** Paint large masks, one pixel per weight, in the corner of a canvas each, which is reused. */
export function paintSheets(sheets, { network, net, colours }) {
  layersOf(net).forEach((layer, k) => {
    const image = new ImageData(layer.inputs, layer.reach.length);
    squaresOf(network, net, layer, k, colours).forEach(({ colour, weight, isOpen, leaks }, n) => {
      const shade = !isOpen ? colours.pale : leaks ? colour : blend(colours.paper, colour, 0.22 + 0.78 * Math.sqrt(Math.abs(weight)));
      for (let part = 0; part < 3; part++) image.data[4 * n + part] = shade[part];
      image.data[4 * n + 3] = 255;
    });
    sheets[k] ??= new OffscreenCanvas(64, 64).getContext("2d");
    sheets[k].putImageData(image, 0, 0);
  });
}

/** Draw one weight: a frame if a wire may exist, and in it a square whose area shows the weight, filled if it is positive. */
function drawSquare(pen, { colour, weight, isOpen }, x, y, wide, high, { pale }) {
  pen.strokeStyle = css(isOpen ? colour : pale);
  pen.lineWidth = isOpen ? 1.6 : 1;
  pen.strokeRect(x + 0.5, y + 0.5, wide, high);
  if (!isOpen) return;
  const [a, b] = [wide, high].map((side) => Math.max(side - 5, 1) * Math.sqrt(Math.abs(weight)));
  const box = [x + 0.5 + (wide - a) / 2, y + 0.5 + (high - b) / 2, a, b];
  pen.fillStyle = css(colour);
  if (weight > 0) pen.fillRect(...box);
  else pen.strokeRect(...box);
}

/** Return the first row of the selected node and the row after its last one, or null if mask k does not lead into its layer. */
function rowOf(network, net, [layer, unit], k) {
  const outputs = network.masks.length;
  if (layer !== Math.min(k + 1, outputs)) return null;
  const position = net.positions.indexOf(unit);
  if (layer === outputs) return [position, position + 1];
  const { from, to } = network.nodes[layer][nodeOf(network, [layer, unit])];
  return [from, to];
}
