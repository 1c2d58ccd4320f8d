// A MADE of a few binary variables that trains in the page.
//
// Variables, and the units of each layer, are sorted by degree. A mask is then one number
// a unit: its `reach`, how many of the units below it sees. A weight beyond is 0 and stays 0.

const LEAKY = 0.1;
const WARM_UP = 20;
const [MEMORY, LONG_MEMORY, TINY] = [0.9, 0.999, 1e-8];

/** A new network for a design {degrees, hidden, direct, strict}; random() gives numbers in [0, 1). */
export function networkFor(design, random) {
  const net = emptyNetwork(design);
  for (const layer of [...net.layers, net.direct]) if (layer) initialise(layer, random);
  return net;
}

/**
 * Return the network under another design with these degrees of the variables. Layers of equal
 * size keep their weights and Adam's state, and new wires start at 0. The rate starts again.
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
  const places = [...design.degrees.keys()].sort((i, j) => design.degrees[i] - design.degrees[j] || i - j);
  const order = places.map((i) => design.degrees[i]);
  const all = [order, ...design.hidden, order];
  const isStrict = (k) => k === design.hidden.length && design.strict;
  const layers = all.slice(1).map((above, k) => emptyLayer(all[k], above, isStrict(k)));
  const direct = design.direct ? emptyLayer(order, order, design.strict) : null;
  if (direct) direct.biases = new Float64Array(0);
  return { design, places, layers, direct, steps: 0, turned: 0, rooms: new Map() };
}

/** Moments are Adam's two means for each weight, side by side. */
function emptyLayer(below, above, strict) {
  const hears = (degree) => below.filter((from) => (strict ? from < degree : from <= degree)).length;
  const weights = new Float64Array(above.length * below.length);
  const biases = new Float64Array(above.length);
  const [moments, biasMoments] = [weights, biases].map(({ length }) => new Float64Array(2 * length));
  return { inputs: below.length, reach: Int32Array.from(above, hears), weights, biases, moments, biasMoments };
}

/** Initialise as PyTorch does, but by the number of inputs that the mask lets a unit see. */
function initialise({ inputs, reach, weights }, random) {
  reach.forEach((count, unit) => {
    for (let k = 0; k < count; k++) weights[unit * inputs + k] = (2 * random() - 1) / Math.sqrt(count);
  });
}

/** Copy what both masks let through. */
function carryOver(layer, old) {
  layer.reach.forEach((count, unit) => {
    const from = unit * layer.inputs;
    layer.weights.set(old.weights.subarray(from, from + count), from);
    layer.moments.set(old.moments.subarray(2 * from, 2 * (from + count)), 2 * from);
  });
  layer.biases.set(old.biases);
  layer.biasMoments.set(old.biasMoments);
}

// ---- forward: values[layer][unit][row], of the inputs first (1 and -1) and of the logits last ----

function forward(net, rows) {
  const room = roomFor(net, rows.length);
  const { values } = room;
  net.places.forEach((variable, place) => {
    rows.forEach((row, b) => (values[0][place][b] = row[variable] ? 1 : -1));
  });
  net.layers.forEach((layer, k) => {
    values[k + 1].forEach((sums, unit) => sums.fill(layer.biases[unit]));
    addInputs(layer, values[k], values[k + 1]);
    if (k < net.layers.length - 1) values[k + 1].forEach((sums) => bend(sums, sums));
  });
  if (net.direct) addInputs(net.direct, values[0], values.at(-1));
  return room;
}

/** Arrays for values and slopes of so many rows, kept because the next step has as many. */
function roomFor(net, count) {
  if (!net.rooms.has(count)) {
    const sizes = [net.places.length, ...net.layers.map(({ reach }) => reach.length)];
    const units = (size) => Array.from({ length: size }, () => new Float64Array(count));
    net.rooms.set(count, { values: sizes.map(units), slopes: sizes.map(units) });
  }
  return net.rooms.get(count);
}

/** Add to `above` the input of each unit. */
function addInputs({ inputs, reach, weights }, below, above) {
  for (let unit = 0; unit < reach.length; unit++) {
    const sums = above[unit];
    for (let k = 0; k < reach[unit]; k++) {
      const w = weights[unit * inputs + k], x = below[k];
      for (let b = 0; b < sums.length; b++) sums[b] += w * x[b];
    }
  }
}

/** What passes a leaky unit, or comes back through it, by the sign of its value. */
function bend(numbers, values) {
  for (let b = 0; b < values.length; b++) if (values[b] < 0) numbers[b] *= LEAKY;
}

/** Mean nats that an output pays, and their slope at each of its logits. */
function pay(logits, values, weights, slopes) {
  let nats = 0;
  for (let b = 0; b < logits.length; b++) {
    const against = -values[b] * logits[b];
    const small = Math.exp(-Math.abs(against));
    nats += weights[b] * (Math.max(against, 0) + Math.log1p(small));
    slopes[b] = (-values[b] * weights[b] * (against > 0 ? 1 : small)) / (1 + small);
  }
  return nats;
}

/** Mean nats that each output pays, by place. */
function payAll(net, rows, weights) {
  const { values, slopes } = forward(net, rows);
  return values.at(-1).map((logits, place) => pay(logits, values[0][place], weights, slopes.at(-1)[place]));
}

// ---- one step ----

/** A step of Adam on all rows, each with its weight; returns the mean nats before it. */
export function trainStep(net, rows, weights) {
  const nats = addedUp(payAll(net, rows, weights));
  const { values, slopes } = roomFor(net, rows.length);
  const adam = adamAt(net);
  if (net.direct) learn(net.direct, values[0], slopes.at(-1), slopes[0], adam);
  for (let k = net.layers.length - 1; k >= 0; k--) {
    slopes[k].forEach((back) => back.fill(0));
    learn(net.layers[k], values[k], slopes[k + 1], slopes[k], adam);
    if (k > 0) slopes[k].forEach((back, unit) => bend(back, values[k][unit]));
  }
  net.steps++;
  return nats;
}

/** The rate of the coming step, which warms up and falls, and Adam's corrections. */
function adamAt({ steps, turned }) {
  const rate = 0.002 + 0.008 * Math.exp(-(steps - turned) / 300);
  const warm = Math.min(1, (steps - turned + 1) / WARM_UP);
  return {
    rate: (warm * rate) / (1 - MEMORY ** (steps + 1)),
    root: 1 / Math.sqrt(1 - LONG_MEMORY ** (steps + 1)),
  };
}

/** Hand the slopes of a layer down to `back`, and move its weights. */
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

function addedUp(numbers) {
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

// ---- what a network says ----

const byVariable = ({ places }, ofPlaces) => places.map((_, variable) => ofPlaces[places.indexOf(variable)]);

/** Mean nats that each output pays, by variable. */
export const paysOf = (net, rows, weights) => Float64Array.from(byVariable(net, payAll(net, rows, weights)));

/** p of each row. */
export const probabilitiesOf = (net, rows) =>
  Float64Array.from(rows, (row) => Math.exp(-addedUp(payAll(net, [row], [1]))));

/** Logit of each output, by variable. */
export const logitsOf = (net, row) => Float64Array.from(byVariable(net, forward(net, [row]).values.at(-1)), ([logit]) => logit);

/** Rows drawn group by group in this ordering, whatever the masks do; 1 where noise <= p. */
export function drawnRows(net, ordering, noise) {
  const rows = noise.map(() => new Uint8Array(net.places.length));
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
