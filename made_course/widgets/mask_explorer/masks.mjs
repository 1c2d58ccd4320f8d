// Masks from degrees, and what they let through: the functions of made_course/model/masks.py.
// A mask is mask[to][from], 1 where a weight may exist.

/** Degree of each variable: the step, counted from 1, at which the ordering generates it. */
export function inputDegrees(ordering) {
  const degrees = [];
  ordering.forEach((variable, t) => (degrees[variable] = t + 1));
  return degrees;
}

const compared = (above, below, may) => above.map((a) => below.map((b) => Number(may(a, b))));
const notLess = (a, b) => a >= b;
const more = (a, b) => a > b;

/** One mask a layer, from the degrees of the inputs and of each hidden layer. */
export function buildMasks(degrees, strict = true) {
  const hidden = degrees.slice(1).map((above, k) => compared(above, degrees[k], notLess));
  return [...hidden, compared(degrees[0], degrees.at(-1), strict ? more : notLess)];
}

/** The strict order itself: all that an autoregressive model may connect. */
export const directMask = (order, strict = true) => compared(order, order, strict ? more : notLess);

/** Degrees of one hidden layer, drawn as the package does. */
export function hiddenDegrees(below, width, inputDim, draw, random = Math.random) {
  const top = Math.max(inputDim - 1, 1);
  if (draw === "even") return evenDegrees(width, top);
  const lowest = draw === "paper" ? Math.min(...below, top) : 1;
  return Array.from({ length: width }, () => lowest + Math.floor(random() * (top - lowest + 1)));
}

/** From 1 to the largest in equal steps, counted from both ends as torch.linspace does, rounded. */
function evenDegrees(width, top) {
  const step = (top - 1) / (width - 1);
  return Array.from({ length: width }, (_, k) => {
    const value = k < Math.floor(width / 2) ? 1 + step * k : top - step * (width - 1 - k);
    const down = Math.floor(value);
    const isHalf = value - down === 0.5;
    return width === 1 ? 1 : isHalf ? down + (down % 2) : Math.round(value);
  });
}

// ---- sets of variables as bits: 32 of them in a number ----

const among = (bits, i) => (bits[i >> 5] >>> (i & 31)) & 1;
const meet = (a, b) => a.some((word, k) => word & b[k]);
const noBits = (count) => new Array((count + 31) >> 5).fill(0);

function single(i, count) {
  const bits = noBits(count);
  bits[i >> 5] |= 1 << (i & 31);
  return bits;
}

function bitsOf(row) {
  const bits = noBits(row.length);
  row.forEach((is, i) => is && (bits[i >> 5] |= 1 << (i & 31)));
  return bits;
}

/** The union of those sets that a row of a mask, or a column, lets through. */
function union(row, sets, start) {
  const bits = [...start];
  row.forEach((may, k) => {
    if (may) sets[k].forEach((word, w) => (bits[w] |= word));
  });
  return bits;
}

const transposed = (mask) => (mask[0] ?? []).map((_, k) => mask.map((row) => row[k]));

/** For every unit of every layer, inputs first: which inputs it sees. */
function inputsSeen(masks, direct) {
  const count = masks[0][0].length;
  const layers = [masks[0][0].map((_, j) => single(j, count))];
  for (const mask of masks) {
    const below = layers.at(-1);
    layers.push(mask.map((row) => union(row, below, noBits(count))));
  }
  if (direct) {
    const outputs = layers.pop();
    layers.push(outputs.map((bits, i) => union(direct[i], layers[0], bits)));
  }
  return layers;
}

/** (D, D): whether some path leads from input j to output i. */
export function connectivity(masks, direct = null) {
  const outputs = inputsSeen(masks, direct).at(-1);
  return outputs.map((bits) => outputs.map((_, j) => among(bits, j)));
}

/** Which units lie on a path through one unit: a list of 0 and 1 for each layer, inputs first. */
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

/** Which connections lie on a path from an input to an output that must not see it. */
export function leakingConnections(masks, forbidden, direct = null) {
  const seen = inputsSeen(masks, null);
  const count = forbidden.length;
  let reached = forbidden.map((_, i) => single(i, count));
  const leaking = [];
  const wrong = forbidden.map(bitsOf);
  for (let k = masks.length - 1; k >= 0; k--) {
    // outputs that must not see what a unit below sees
    const refuse = seen[k].map((bits) => bitsOf(wrong.map((not) => meet(not, bits))));
    const above = reached;
    leaking.unshift(
      masks[k].map((row, to) => row.map((may, from) => Number(may && meet(refuse[from], above[to])))),
    );
    reached = transposed(masks[k]).map((row) => union(row, above, noBits(count)));
  }
  if (direct) leaking.push(direct.map((row, i) => row.map((may, j) => may & forbidden[i][j])));
  return leaking;
}
