// A MADE of a few binary variables that trains in the page.
//
// Variables, and the units of each layer, are sorted by degree. A mask is then one number per
// unit, its `reach`: it sees the first `reach` units below. All its other weights are 0 and stay 0.

const LEAKY = 0.1;
const WARM_UP = 20;
const [MEMORY, LONG_MEMORY, TINY] = [0.9, 0.999, 1e-8];

/** Return a new network for a design {degrees, hidden, direct, strict}; random() returns numbers in [0, 1). */
export function networkFor(design, random) {
  const net = emptyNetwork(design);
  for (const layer of [...net.layers, net.direct]) if (layer) initialise(layer, random);
  return net;
}

/**
 * Return the network under a different design, with the same degrees of the variables. Layers of
 * equal size keep their weights and Adam's state, and new wires start at 0. The schedule starts again.
 */
export function redesigned(old, design, random) {
  const net = emptyNetwork(design);
  net.steps = net.turned = old.steps;
  const keep = (layer, before) => {
    const isAsLarge = layer.inputs === before?.inputs && layer.reach.length === before.reach.length;
    if (isAsLarge) carryOver(layer, before);
    else initialise(layer, random);
  };
  const output = net.layers.length - 1;
  net.layers.forEach((layer, k) => keep(layer, k === output ? old.layers.at(-1) : old.layers.slice(0, -1)[k]));
  if (net.direct && old.direct) keep(net.direct, old.direct);
  return net;
}

function emptyNetwork(design) {
  const positions = [...design.degrees.keys()].sort((i, j) => design.degrees[i] - design.degrees[j] || i - j);
  const order = positions.map((i) => design.degrees[i]);
  const all = [order, ...design.hidden, order];
  const isStrict = (k) => k === design.hidden.length && design.strict;
  const layers = all.slice(1).map((above, k) => emptyLayer(all[k], above, isStrict(k)));
  const direct = design.direct ? emptyLayer(order, order, design.strict) : null;
  if (direct) direct.biases = new Float64Array(0);
  return { design, positions, layers, direct, steps: 0, turned: 0, buffers: new Map() };
}

/** Return a layer whose weights are 0. `moments` are Adam's two means for each weight, side by side. */
function emptyLayer(below, above, strict) {
  const countSeen = (degree) => below.filter((from) => (strict ? from < degree : from <= degree)).length;
  const weights = new Float64Array(above.length * below.length);
  const biases = new Float64Array(above.length);
  const [moments, biasMoments] = [weights, biases].map(({ length }) => new Float64Array(2 * length));
  return { inputs: below.length, reach: Int32Array.from(above, countSeen), weights, biases, moments, biasMoments };
}

/** Initialise weights uniformly in ±1/√n as PyTorch does, where n counts only the inputs that the unit sees. */
function initialise({ inputs, reach, weights }, random) {
  reach.forEach((count, unit) => {
    for (let k = 0; k < count; k++) weights[unit * inputs + k] = (2 * random() - 1) / Math.sqrt(count);
  });
}

/** Copy the weights that both masks allow. */
function carryOver(layer, old) {
  layer.reach.forEach((count, unit) => {
    const from = unit * layer.inputs;
    layer.weights.set(old.weights.subarray(from, from + count), from);
    layer.moments.set(old.moments.subarray(2 * from, 2 * (from + count)), 2 * from);
  });
  layer.biases.set(old.biases);
  layer.biasMoments.set(old.biasMoments);
}

// ---- forward: values[layer][unit][row], from the inputs (1 and -1) to the logits ----

function forward(net, rows) {
  const buffers = buffersFor(net, rows.length);
  const { values } = buffers;
  net.positions.forEach((variable, position) => {
    rows.forEach((row, b) => (values[0][position][b] = row[variable] ? 1 : -1));
  });
  net.layers.forEach((layer, k) => {
    values[k + 1].forEach((sums, unit) => sums.fill(layer.biases[unit]));
    addInputs(layer, values[k], values[k + 1]);
    if (k < net.layers.length - 1) values[k + 1].forEach((sums) => scaleNegative(sums, sums));
  });
  if (net.direct) addInputs(net.direct, values[0], values.at(-1));
  return buffers;
}

/** Return arrays for the values and slopes of `count` rows, which are reused in the next step. */
function buffersFor(net, count) {
  if (!net.buffers.has(count)) {
    const sizes = [net.positions.length, ...net.layers.map(({ reach }) => reach.length)];
    const units = (size) => Array.from({ length: size }, () => new Float64Array(count));
    net.buffers.set(count, { values: sizes.map(units), slopes: sizes.map(units) });
  }
  return net.buffers.get(count);
}

/** Add the weighted inputs of each unit to `above`. */
function addInputs({ inputs, reach, weights }, below, above) {
  for (let unit = 0; unit < reach.length; unit++) {
    const sums = above[unit];
    for (let k = 0; k < reach[unit]; k++) {
      const w = weights[unit * inputs + k], x = below[k];
      for (let b = 0; b < sums.length; b++) sums[b] += w * x[b];
    }
  }
}

/** Multiply by LEAKY where a unit's value is negative: the leaky ReLU, or its slope for gradients. */
function scaleNegative(numbers, values) {
  for (let b = 0; b < values.length; b++) if (values[b] < 0) numbers[b] *= LEAKY;
}

/** Return the mean cost of an output in nats, and write its gradient with respect to the logits into `slopes`. */
function costOf(logits, values, weights, slopes) {
  let nats = 0;
  for (let b = 0; b < logits.length; b++) {
    const against = -values[b] * logits[b];
    const small = Math.exp(-Math.abs(against));
    nats += weights[b] * (Math.max(against, 0) + Math.log1p(small));
    slopes[b] = (-values[b] * weights[b] * (against > 0 ? 1 : small)) / (1 + small);
  }
  return nats;
}

/** Return the mean cost of each output in nats, by position. */
function costsByPosition(net, rows, weights) {
  const { values, slopes } = forward(net, rows);
  return values.at(-1).map((logits, position) => costOf(logits, values[0][position], weights, slopes.at(-1)[position]));
}

// ---- one step ----

/** Take a step of Adam on all rows, each with its weight, and return the mean nats before the step. */
export function trainStep(net, rows, weights) {
  const nats = addedUp(costsByPosition(net, rows, weights));
  const { values, slopes } = buffersFor(net, rows.length);
  const adam = adamAt(net);
  if (net.direct) learn(net.direct, values[0], slopes.at(-1), slopes[0], adam);
  for (let k = net.layers.length - 1; k >= 0; k--) {
    slopes[k].forEach((back) => back.fill(0));
    learn(net.layers[k], values[k], slopes[k + 1], slopes[k], adam);
    if (k > 0) slopes[k].forEach((back, unit) => scaleNegative(back, values[k][unit]));
  }
  net.steps++;
  return nats;
}

/** Return the learning rate of the next step, which warms up and then falls, with Adam's bias corrections. */
function adamAt({ steps, turned }) {
  const rate = 0.002 + 0.008 * Math.exp(-(steps - turned) / 300);
  const warm = Math.min(1, (steps - turned + 1) / WARM_UP);
  return {
    rate: (warm * rate) / (1 - MEMORY ** (steps + 1)),
    root: 1 / Math.sqrt(1 - LONG_MEMORY ** (steps + 1)),
  };
}

/** Add the gradients of a layer's inputs to `back`, and update its weights. */
function learn({ inputs, reach, weights, moments, biases, biasMoments }, below, slopes, back, adam) {
  for (let unit = 0; unit < reach.length; unit++) {
    const s = slopes[unit];
    for (let k = 0; k < reach[unit]; k++) {
      const x = below[k], toX = back[k], weight = weights[unit * inputs + k];
      let gradient = 0;
      for (let b = 0; b < s.length; b++) {
        gradient += s[b] * x[b];
        toX[b] += s[b] * weight;
      }
      adjust(weights, moments, unit * inputs + k, gradient, adam);
    }
    if (biases.length) adjust(biases, biasMoments, unit, addedUp(s), adam);
  }
}

export function addedUp(numbers) {
  let sum = 0;
  for (let k = 0; k < numbers.length; k++) sum += numbers[k];
  return sum;
}

function adjust(weights, moments, at, gradient, { rate, root }) {
  const mean = MEMORY * moments[2 * at] + (1 - MEMORY) * gradient;
  const square = LONG_MEMORY * moments[2 * at + 1] + (1 - LONG_MEMORY) * gradient * gradient;
  moments[2 * at] = mean;
  moments[2 * at + 1] = square;
  weights[at] -= (rate * mean) / (Math.sqrt(square) * root + TINY);
}

// ---- probabilities and samples ----

const byVariable = ({ positions }, ofPositions) => positions.map((_, variable) => ofPositions[positions.indexOf(variable)]);

/** Return the mean cost of each output in nats, by variable. */
export const costsOf = (net, rows, weights) => Float64Array.from(byVariable(net, costsByPosition(net, rows, weights)));

/** Return the probability of each row. */
export const probabilitiesOf = (net, rows) =>
  Float64Array.from(rows, (row) => Math.exp(-addedUp(costsByPosition(net, [row], [1]))));

/** Draw rows group by group in this ordering, whether or not the masks fit it: 1 where noise <= p. */
export function sampleRows(net, ordering, noise) {
  const rows = noise.map(() => new Uint8Array(net.positions.length));
  for (const group of ordering) {
    const logits = byVariable(net, forward(net, rows).values.at(-1));
    for (const variable of group) {
      rows.forEach((row, b) => {
        row[variable] = Number(noise[b][variable] <= 1 / (1 + Math.exp(-logits[variable][b])));
      });
    }
  }
  return rows;
}
