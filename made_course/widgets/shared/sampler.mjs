/**
 * MADE over binary variables, without PyTorch and without a page.
 *
 * A network is {order, degrees, weights, biases, direct, conditioning, activation}: degrees of the
 * variables and of each hidden layer; weights[l][j * width + k] is what unit j gives to unit k of
 * the layer above, weights.at(-1) what the last hidden layer gives to the outputs, and direct what
 * the variables give to them, if anything. conditioning, if any, is {first, direct}: what a variable
 * gives as soon as it is known, whatever its value.
 *
 * No mask is needed where each unit is computed once, at its time: a unit of degree d hands on what
 * it has when d variables are known, and what reaches it later changes nothing.
 */
const ACTIVATIONS = {
  relu: (z) => (z > 0 ? z : 0),
  tanh: Math.tanh,
  silu: (z) => z / (1 + Math.exp(-z)),
};

/** The network that Python describes, from its numbers in the order of sampler.py. */
export function networkOf(described, bytes) {
  const numbers = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  let at = 0;
  const take = (count) => numbers.subarray(at, (at += count));
  const n = described.order.length;
  const widths = [n, ...described.degrees.map((layer) => layer.length), n];
  const [weights, biases] = [[], []];
  for (let above = 1; above < widths.length; above++) {
    weights.push(take(widths[above - 1] * widths[above]));
    biases.push(take(widths[above]));
  }
  const direct = described.direct && take(n * n);
  const conditioning = described.conditioning && { first: take(n * widths[1]), direct: direct && take(n * n) };
  return { ...described, weights, biases, direct, conditioning };
}

export const sigmoid = (z) => 1 / (1 + Math.exp(-z));

/** Before the first variable: no value is known, and each unit has its bias. */
export function start(network) {
  const { order, degrees, biases, conditioning } = network;
  const n = order.length;
  const sums = biases.map((bias) => Float64Array.from(bias));
  const timetable = [order, ...degrees].map((of) => byDegree(of, n));
  if (conditioning) {
    const before = order.map((degree) => degree - 1);
    if (degrees.length) addSeen(conditioning.first, order, degrees[0], timetable[1].from, sums[0]);
    else addSeen(conditioning.first, order, before, timetable[0].from, sums[0]);
    if (conditioning.direct) addSeen(conditioning.direct, order, before, timetable[0].from, sums.at(-1));
  }
  return { known: 0, sums, timetable, row: new Uint8Array(n), logits: new Float64Array(n) };
}

/** To each unit what it gets from the variables that it sees, for their being known. */
function addSeen(weights, order, upTo, from, sums) {
  order.forEach((degree, i) => {
    const row = i * sums.length;
    for (let k = from[degree]; k < sums.length; k++) if (degree <= upTo[k]) sums[k] += weights[row + k];
  });
}

/** For each degree: the units that have it, and the first that has it or a larger one. */
function byDegree(degrees, most) {
  const units = Array.from({ length: most + 1 }, () => []);
  degrees.forEach((degree, unit) => units[degree].push(unit));
  const from = units.map(([unit]) => unit ?? degrees.length);
  for (let degree = most - 1; degree >= 0; degree--) {
    from[degree] = Math.min(from[degree], from[degree + 1]);
  }
  return { units, from };
}

/**
 * Go on from a state, variable by variable, until so many are known.
 *
 * decide(i, p) says whether variable i is 1, where p is its probability given those before it.
 */
export function follow(network, decide, until = network.order.length, state = start(network)) {
  const { weights, direct, activation } = network;
  const { timetable } = state;
  const [row, logits, ...sums] = [state.row, state.logits, ...state.sums].map((numbers) => numbers.slice());
  const [variables, ...hidden] = timetable;
  for (let { known } = state; known < until; known++) {
    hidden.forEach(({ units }, layer) => {
      const to = layer + 1;
      for (const unit of units[known]) {
        const value = ACTIVATIONS[activation](sums[layer][unit]);
        give(weights[to], unit, value, sums[to], (hidden[to] ?? variables).from[known]);
      }
    });
    const [i] = variables.units[known + 1];
    logits[i] = sums.at(-1)[i];
    if (!decide(i, sigmoid(logits[i]))) continue;
    row[i] = 1;
    give(weights[0], i, 1, sums[0], (hidden[0] ?? variables).from[known + 1]);
    if (direct) give(direct, i, 1, sums.at(-1), variables.from[known + 1]);
  }
  return { known: until, sums, timetable, row, logits };
}

function give(weights, unit, value, sums, from) {
  if (value === 0) return;
  const row = unit * sums.length;
  for (let k = from; k < sums.length; k++) sums[k] += weights[row + k] * value;
}

/** One sample; a state from `start` serves any number of them. */
export const sample = (network, noise, state) => follow(network, (i, p) => noise[i] <= p, undefined, state);

export const score = (network, row) => follow(network, (i) => row[i]);

/** Log-probability in nats of each variable's value, given those before it. */
export function logConditionals({ row, logits }) {
  return Float64Array.from(logits, (z, i) => {
    const against = row[i] ? -z : z;
    return -Math.max(against, 0) - Math.log1p(Math.exp(-Math.abs(against)));
  });
}

export const sum = (numbers) => numbers.reduce((total, value) => total + value, 0);

/**
 * Rows whose unknown variables are drawn given the known ones, one for each array of noise.
 *
 * sets are stored {order, degrees}, the one in use first; whenAny, for a model of any ordering, its
 * hidden degrees. `shares` of the weight are null where the known come first, and all count alike;
 * `first` is the state before the first unknown variable.
 */
export function complete(network, { sets, whenAny }, x, known, noises) {
  const chosen = orderingFor(known, sets, whenAny);
  const under = { ...network, ...chosen };
  const first = follow(under, (i) => x[i], firstUnknown(known, chosen.order));
  const rows = noises.map((noise) =>
    follow(under, (i, p) => (known[i] ? x[i] : noise[i] <= p), undefined, first),
  );
  if (chosen.exact) return { ...chosen, first, rows, shares: null, worth: rows.length };
  const logWeights = rows.map((row) => sum(logConditionals(row).filter((_, i) => known[i])));
  const most = Math.max(...logWeights);
  const weights = logWeights.map((weight) => Math.exp(weight - most));
  const shares = weights.map((weight) => weight / sum(weights));
  return { ...chosen, first, rows, shares, worth: 1 / sum(shares.map((share) => share * share)) };
}

/** An ordering with all known variables first, if the model has one: whose it is, and its degrees. */
export function orderingFor(known, sets, whenAny) {
  const count = known.reduce((total, is) => total + Number(is), 0);
  const number = sets.findIndex(({ order }) => firstUnknown(known, order) === count);
  if (number >= 0) return { ...sets[number], exact: true, number };
  if (!whenAny) return { ...sets[0], exact: false, number: 0 };
  const index = Array.from(known, (_, i) => i);
  const mean = (indices) => sum(indices) / indices.length;
  const [first, last] = [true, false].map((is) => index.filter((i) => Boolean(known[i]) === is));
  const ordering = [...first, ...last];
  if (mean(first) > mean(last)) ordering.splice(0, index.length, ...first.reverse(), ...last.reverse());
  const order = new Array(index.length);
  ordering.forEach((i, t) => (order[i] = t + 1));
  return { order, degrees: whenAny, exact: true, number: null };
}

/** How many variables come before the first unknown one. */
const firstUnknown = (known, order) =>
  order.reduce((least, degree, i) => (known[i] ? least : Math.min(least, degree - 1)), order.length);
