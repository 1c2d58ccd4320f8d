// The functions of made_course/model/masks.py. mask[to][from] is 1 where a weight may exist. A set of
// variables is a number whose bit i is 1 if variable i is in the set.

/** Return the degree of each variable: the step, counted from 1, that generates its group. */
export function inputDegrees(groups) {
  const degrees = [];
  groups.forEach((group, t) => group.forEach((variable) => (degrees[variable] = t + 1)));
  return degrees;
}

const compared = (above, below, may) => above.map((a) => below.map((b) => Number(may(a, b))));
const notLess = (a, b) => a >= b;
const more = (a, b) => a > b;

/** Build one mask per layer, from the degrees of the inputs and of each hidden layer. */
export function buildMasks(degrees, strict = true) {
  const hidden = degrees.slice(1).map((above, k) => compared(above, degrees[k], notLess));
  return [...hidden, compared(degrees[0], degrees.at(-1), strict ? more : notLess)];
}

/** Return mask[output][input] of all pairs that an autoregressive model may connect. */
export const directMask = (order, strict = true) => compared(order, order, strict ? more : notLess);

/** Draw the degrees of all hidden layers, ascending, as the package does. */
export function drawDegrees(groups, widths, draw, random = Math.random) {
  const count = groups.flat().length;
  const top = Math.max(count - 1, 1);
  let lowest = 1;
  return widths.map((width) => {
    const known = draw === "even" ? evenly(width, top) : Array.from({ length: width }, () => lowest + Math.floor(random() * (top - lowest + 1)));
    if (draw === "paper") lowest = Math.min(...known);
    return known.map((variables) => countComplete(groups, variables)).sort((a, b) => a - b);
  });
}

/** Return the number of groups that are complete after the first `variables` variables, at least 1. */
function countComplete(groups, variables) {
  const complete = groups.filter((_, t) => groups.slice(0, t + 1).flat().length <= variables);
  return Math.max(complete.length, 1);
}

/** Return equally spaced degrees from 1 to `top`, computed from both ends as torch.linspace does, and rounded. */
function evenly(width, top) {
  const step = (top - 1) / (width - 1);
  return Array.from({ length: width }, (_, k) => {
    const value = k < Math.floor(width / 2) ? 1 + step * k : top - step * (width - 1 - k);
    const down = Math.floor(value);
    const isHalf = value - down === 0.5;
    return width === 1 ? 1 : isHalf ? down + (down % 2) : Math.round(value);
  });
}

/** Return the variables that each unit of each layer sees, inputs first. */
export function variablesSeen(masks, direct) {
  const layers = [masks[0][0].map((_, j) => 1 << j)];
  for (const mask of masks) {
    const below = layers.at(-1);
    layers.push(mask.map((row) => row.reduce((seen, may, k) => (may ? seen | below[k] : seen), 0)));
  }
  direct?.forEach((row, i) => row.forEach((may, j) => may && (layers.at(-1)[i] |= 1 << j)));
  return layers;
}

/** Return which units lie on a path through one unit: zeros and ones for each layer, inputs first. */
export function pathsThrough(masks, layer, unit, direct = null) {
  const sizes = [masks[0][0].length, ...masks.map((mask) => mask.length)];
  const cone = sizes.map((size) => new Array(size).fill(0));
  cone[layer][unit] = 1;
  for (let k = layer - 1; k >= 0; k--) {
    masks[k].forEach((row, to) => {
      if (cone[k + 1][to]) row.forEach((may, from) => may && (cone[k][from] = 1));
    });
  }
  for (let k = layer; k < masks.length; k++) {
    masks[k].forEach((row, to) => {
      if (row.some((may, from) => may && cone[k][from])) cone[k + 1][to] = 1;
    });
  }
  if (direct && layer === 0) direct.forEach((row, to) => row[unit] && (cone.at(-1)[to] = 1));
  if (direct && layer === masks.length) direct[unit].forEach((may, j) => may && (cone[0][j] = 1));
  return cone;
}
