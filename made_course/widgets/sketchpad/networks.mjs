/**
 * The networks of page_network.py, without PyTorch.
 *
 * weights[l][j * width + k] is the weight from unit j to unit k of the layer above. A variable that is
 * 1 adds its weights. Every variable also adds its conditioning to each unit that may see it.
 *
 * No mask is needed, because each unit is computed once: a unit of degree d is added to the layer
 * above when d variables are known, and later variables do not change it.
 */

/** Unpack the networks from the bytes of page_network.py. */
export function networksOf(hidden, pixels, bytes) {
  const whole = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const [below, above] = hidden.map((degrees) => degrees.length);
  const units = 32; // of the digit classifier
  const [first, direct] = [[pixels, below], [pixels, pixels]];
  const shapes = [first, first, [below, above], [above, pixels], direct, direct, [pixels, units], [units, 10]];
  const widths = [...shapes.map(([, to]) => to), below, above, pixels, units, 10, pixels, pixels];
  const numbers = new Float32Array(whole, 0, widths.reduce((total, width) => total + width));
  const integers = new Int8Array(whole, numbers.byteLength);
  let [at, next] = [0, 0];
  const take = (count) => numbers.subarray(at, (at += count));
  const scales = shapes.map(([, to]) => take(to));
  const biases = widths.slice(shapes.length).map(take);
  const matrices = shapes.map(([from, to], m) => {
    const isCut = (j, k) => m === 2 && hidden[0][j] > hidden[1][k]; // the only mask that no ordering changes
    const matrix = new Float32Array(from * to);
    for (let j = 0; j < from; j++) for (let k = 0; k < to; k++) if (!isCut(j, k)) matrix[j * to + k] = integers[next++] * scales[m][k];
    return matrix;
  });
  const [ink, seen, second, last, directInk, directSeen, ...reader] = matrices;
  const [shifts, wires] = biases.splice(5);
  const made = { hidden, weights: [ink, second, last], biases: biases.slice(0, 3), direct: directInk, conditioning: [seen, directSeen] };
  const shifted = made.biases[2].map((bias, i) => bias + shifts[i]);
  return {
    made,
    peeking: { ...made, biases: [...made.biases.slice(0, 2), shifted], wires },
    reader: { weights: reader, biases: biases.slice(3) },
  };
}

/** Return the pixels in the order in which they are drawn: known ones first, each part row by row. */
export function orderingOf(known) {
  const all = known.map((_, i) => i);
  return [...all.filter((i) => known[i]), ...all.filter((i) => !known[i])];
}

/** Return the state in which no variable is known: each unit has its bias and the conditioning of the variables that it may see. */
export function initialState({ hidden, biases, conditioning }, ordering) {
  const n = ordering.length;
  const order = new Array(n);
  ordering.forEach((i, t) => (order[i] = t + 1));
  const timetable = [order, ...hidden].map((degrees) => byDegree(degrees, n));
  const sums = biases.map((bias) => Float64Array.from(bias));
  for (let i = 0; i < n; i++) {
    timetable[1].after(order[i]).forEach((k) => (sums[0][k] += conditioning[0][i * sums[0].length + k]));
    timetable[0].after(order[i] + 1).forEach((k) => (sums.at(-1)[k] += conditioning[1][i * n + k]));
  }
  return { known: 0, timetable, sums, row: new Uint8Array(n), logits: new Float64Array(n) };
}

/** Sort units by degree: at(d) returns those of degree d, and after(d) those of degree d or more. */
function byDegree(degrees, most) {
  const units = Int32Array.from(degrees.keys()).sort((a, b) => degrees[a] - degrees[b]);
  const from = new Int32Array(most + 2).fill(units.length);
  for (let k = units.length - 1; k >= 0; k--) from[degrees[units[k]]] = k;
  for (let degree = most; degree >= 0; degree--) from[degree] = Math.min(from[degree], from[degree + 1]);
  return { at: (degree) => units.subarray(from[degree], from[degree + 1]), after: (degree) => units.subarray(from[degree]) };
}

/**
 * Continue from a state, variable by variable, until `until` variables are known.
 *
 * decide(i, p) returns whether variable i is 1; p is its probability given the variables before it.
 */
export function follow({ weights, direct }, decide, until, state) {
  const { timetable } = state;
  const [variables, ...hidden] = timetable;
  const [row, logits, ...sums] = [state.row, state.logits, ...state.sums].map((numbers) => numbers.slice());
  for (let { known } = state; known < until; known++) {
    hidden.forEach(({ at }, layer) => {
      const sees = hidden[layer + 1]?.after(known) ?? variables.after(known + 1);
      for (const unit of at(known)) addWeighted(weights[layer + 1], unit, Math.max(sums[layer][unit], 0), sums[layer + 1], sees);
    });
    const [i] = variables.at(known + 1);
    logits[i] = sums.at(-1)[i];
    if (!decide(i, sigmoid(logits[i]))) continue;
    row[i] = 1;
    addWeighted(weights[0], i, 1, sums[0], hidden[0].after(known + 1));
    addWeighted(direct, i, 1, sums.at(-1), variables.after(known + 2));
  }
  return { known: until, timetable, sums, row, logits };
}

function addWeighted(weights, unit, value, sums, units) {
  if (value === 0) return;
  const first = unit * sums.length;
  for (let k = 0; k < units.length; k++) sums[units[k]] += weights[first + units[k]] * value;
}

export const sigmoid = (z) => 1 / (1 + Math.exp(-z));

/** Return the digit that the classifier sees in an image. */
export function nameOf({ weights, biases }, row) {
  const sums = biases.map((bias) => Float64Array.from(bias));
  const all = sums.map((sum) => Array.from(sum, (_, k) => k));
  row.forEach((value, i) => addWeighted(weights[0], i, value, sums[0], all[0]));
  sums[0].forEach((sum, unit) => addWeighted(weights[1], unit, Math.max(sum, 0), sums[1], all[1]));
  return sums[1].indexOf(Math.max(...sums[1]));
}
