// A MADE of a few binary variables that trains in the page.
//
// The variables, and the units of each layer, stand in order of their degrees. A mask is then one
// number a unit: `reach`, how many of those below it hears. What lies beyond is zero and stays so.

const LEAKY = 0.1;
const WARM_UP = 20;
const [MEMORY, LONG_MEMORY, TINY] = [0.9, 0.999, 1e-8];

/** A new network for a design {degrees, hidden, direct, strict}; random() gives numbers in [0, 1). */
export function networkFor(design, random) {
  const net = emptyNetwork(design);
  for (const layer of layersOf(net)) initialise(layer, random);
  return net;
}

/**
 * The network under another design, with the weights and Adam's state of all layers of equal size.
 *
 * Columns and rows follow their variables and hidden units keep their places; wires that open
 * start at zero, and after a change of `strict` the rate warms up.
 */
export function redesigned(old, design, random) {
  const net = emptyNetwork(design);
  net.steps = old.steps;
  net.warmFrom = design.strict === old.design.strict ? old.warmFrom : old.steps;
  const moves = net.places.map((variable) => old.places.indexOf(variable));
  const [last, oldLast] = [net.layers.length - 1, old.layers.length - 1];
  net.layers.forEach((layer, k) => {
    const before = k === last ? old.layers[oldLast] : k < oldLast ? old.layers[k] : null;
    if (before && sizesAgree(layer, before)) {
      carryOver(before, layer, k === last ? moves : null, k === 0 ? moves : null);
    } else initialise(layer, random);
  });
  if (net.direct) {
    if (old.direct && sizesAgree(net.direct, old.direct)) carryOver(old.direct, net.direct, moves, moves);
    else if (old.places.length !== net.places.length) initialise(net.direct, random);
  }
  return net;
}

function emptyNetwork(design) {
  const places = Array.from(design.degrees.keys());
  places.sort((i, j) => design.degrees[i] - design.degrees[j] || i - j);
  const order = places.map((i) => design.degrees[i]);
  const all = [order, ...design.hidden, order];
  const last = all.length - 2;
  const layers = all.slice(1).map((above, k) => emptyLayer(all[k], above, k === last && design.strict));
  const direct = design.direct ? emptyLayer(order, order, design.strict) : null;
  if (direct) direct.biases = new Float64Array(0);
  return { design, places, layers, direct, steps: 0, warmFrom: -WARM_UP, room: null };
}

/** Moments are Adam's two means of each weight, side by side. */
function emptyLayer(below, above, strict) {
  const may = (from, to) => (strict ? from < to : from <= to);
  return {
    inputs: below.length,
    reach: Int32Array.from(above, (degree) => below.filter((from) => may(from, degree)).length),
    weights: new Float64Array(above.length * below.length),
    biases: new Float64Array(above.length),
    moments: new Float64Array(2 * above.length * below.length),
    biasMoments: new Float64Array(2 * above.length),
  };
}

const layersOf = (net) => (net.direct ? [...net.layers, net.direct] : net.layers);

const sizesAgree = (a, b) => a.inputs === b.inputs && a.reach.length === b.reach.length;

/** Uniform, with a variance that leaky units keep, by what the mask lets a unit hear. */
function initialise({ inputs, reach, weights }, random) {
  reach.forEach((count, unit) => {
    const most = Math.sqrt(6 / (1 + LEAKY ** 2) / count);
    for (let k = 0; k < count; k++) weights[unit * inputs + k] = most * (2 * random() - 1);
  });
}

/** Copy what both masks let through; rows and columns say where each was, null that it stays. */
function carryOver(old, layer, rows, columns) {
  layer.reach.forEach((count, unit) => {
    const from = rows ? rows[unit] : unit;
    for (let k = 0; k < count; k++) {
      const here = unit * layer.inputs + k;
      const there = from * layer.inputs + (columns ? columns[k] : k);
      layer.weights[here] = old.weights[there];
      layer.moments.set(old.moments.subarray(2 * there, 2 * there + 2), 2 * here);
    }
    if (!layer.biases.length) return;
    layer.biases[unit] = old.biases[from];
    layer.biasMoments.set(old.biasMoments.subarray(2 * from, 2 * from + 2), 2 * unit);
  });
}

// ---- forward: values[k][unit * count + row], of the inputs first and of the logits last ----

function roomFor(net, count) {
  if (net.room?.count !== count) {
    const sizes = [net.places.length, ...net.layers.map(({ reach }) => reach.length)];
    const made = () => sizes.map((size) => new Float64Array(size * count));
    net.room = { count, values: made(), slopes: made() };
  }
  return net.room;
}

function forward(net, rows) {
  const { count, values } = roomFor(net, rows.length);
  net.places.forEach((variable, place) => {
    rows.forEach((row, b) => (values[0][place * count + b] = row[variable]));
  });
  net.layers.forEach((layer, k) => {
    const above = values[k + 1];
    layer.biases.forEach((bias, unit) => above.fill(bias, unit * count, (unit + 1) * count));
    hear(layer, values[k], above, count);
    if (k === net.layers.length - 1) return;
    for (let i = 0; i < above.length; i++) if (above[i] < 0) above[i] *= LEAKY;
  });
  if (net.direct) hear(net.direct, values[0], values.at(-1), count);
  return values;
}

function hear({ inputs, reach, weights }, below, above, count) {
  for (let unit = 0; unit < reach.length; unit++) {
    const to = unit * count;
    for (let k = 0; k < reach[unit]; k++) {
      const [weight, from] = [weights[unit * inputs + k], k * count];
      for (let b = 0; b < count; b++) above[to + b] += weight * below[from + b];
    }
  }
}

/** Nats that a value costs whose logit is z. */
const cost = (z, value) => Math.max(value ? -z : z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

// ---- one step ----

/** A step of Adam on all rows, weighted; returns the mean nats before it. */
export function trainStep(net, rows, weights) {
  const values = forward(net, rows);
  const { count, slopes } = net.room;
  const [logits, errors] = [values.at(-1), slopes.at(-1)];
  let nats = 0;
  for (let place = 0; place < net.places.length; place++) {
    for (let b = 0; b < count; b++) {
      const [z, value] = [logits[place * count + b], values[0][place * count + b]];
      nats += weights[b] * cost(z, value);
      errors[place * count + b] = weights[b] * (1 / (1 + Math.exp(-z)) - value);
    }
  }
  const adam = adamAt(net);
  if (net.direct) learn(net.direct, values[0], errors, slopes[0], count, adam);
  for (let k = net.layers.length - 1; k >= 0; k--) {
    if (k < net.layers.length - 1) {
      const [value, slope] = [values[k + 1], slopes[k + 1]];
      for (let i = 0; i < value.length; i++) if (value[i] < 0) slope[i] *= LEAKY;
    }
    learn(net.layers[k], values[k], slopes[k + 1], slopes[k].fill(0), count, adam);
  }
  net.steps++;
  return nats;
}

/** Rate and corrections of the coming step. */
function adamAt({ steps, warmFrom }) {
  const rate = 0.002 + 0.008 * Math.exp(-steps / 300);
  const warm = Math.min(1, (steps - warmFrom + 1) / WARM_UP);
  return {
    rate: (warm * rate) / (1 - MEMORY ** (steps + 1)),
    root: 1 / Math.sqrt(1 - LONG_MEMORY ** (steps + 1)),
  };
}

/** Hand the slopes at a layer's units down to `back`, and move each of its weights. */
function learn(layer, below, slopes, back, count, adam) {
  const { inputs, reach, weights, moments, biases, biasMoments } = layer;
  for (let unit = 0; unit < reach.length; unit++) {
    const to = unit * count;
    for (let k = 0; k < reach[unit]; k++) {
      const [from, at] = [k * count, unit * inputs + k];
      const weight = weights[at];
      let gradient = 0;
      for (let b = 0; b < count; b++) {
        const slope = slopes[to + b];
        gradient += slope * below[from + b];
        back[from + b] += slope * weight;
      }
      moveBy(weights, moments, at, gradient, adam);
    }
  }
  for (let unit = 0; unit < biases.length; unit++) {
    let gradient = 0;
    for (let b = 0; b < count; b++) gradient += slopes[unit * count + b];
    moveBy(biases, biasMoments, unit, gradient, adam);
  }
}

function moveBy(weights, moments, at, gradient, { rate, root }) {
  const mean = (moments[2 * at] = MEMORY * moments[2 * at] + (1 - MEMORY) * gradient);
  const square = LONG_MEMORY * moments[2 * at + 1] + (1 - LONG_MEMORY) * gradient * gradient;
  moments[2 * at + 1] = square;
  weights[at] -= (rate * mean) / (Math.sqrt(square) * root + TINY);
}

// ---- what a network says ----

/** Mean nats that each output pays, by variable. */
export function paysOf(net, rows, weights) {
  const logits = forward(net, rows).at(-1);
  const pays = new Float64Array(net.places.length);
  net.places.forEach((variable, place) => {
    rows.forEach((row, b) => {
      pays[variable] += weights[b] * cost(logits[place * rows.length + b], row[variable]);
    });
  });
  return pays;
}

/** p of each row. */
export const probabilitiesOf = (net, rows) =>
  Float64Array.from(rows, (row) => Math.exp(-paysOf(net, [row], [1]).reduce((all, nats) => all + nats)));

/** Logit of each output, by variable. */
export function logitsOf(net, row) {
  const logits = forward(net, [row]).at(-1);
  const byVariable = new Float64Array(logits.length);
  net.places.forEach((variable, place) => (byVariable[variable] = logits[place]));
  return byVariable;
}

/** Rows drawn group by group in this ordering, whatever the masks do; 1 where noise <= p. */
export function drawnRows(net, ordering, noise) {
  const rows = noise.map(() => new Uint8Array(net.places.length));
  for (const group of ordering) {
    const logits = forward(net, rows).at(-1);
    for (const variable of group) {
      const place = net.places.indexOf(variable) * rows.length;
      rows.forEach((row, b) => {
        row[variable] = Number(noise[b][variable] <= 1 / (1 + Math.exp(-logits[place + b])));
      });
    }
  }
  return rows;
}
