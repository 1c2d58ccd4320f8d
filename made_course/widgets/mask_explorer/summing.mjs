// The exact sum of p over all 2^D rows. A worker gets the text of `sumOfProbabilities`, so it must not use other names.

/**
 * Return the sum of the probabilities of all rows. The rows form a tree that branches at each variable,
 * and a unit is computed once for all rows that agree in the variables that it sees.
 */
export function sumOfProbabilities({ design, positions, layers, direct }) {
  const order = positions.map((variable) => design.degrees[variable]);
  const size = order.length;
  const values = [order, ...design.hidden].map((degrees) => new Float64Array(degrees.length));
  const output = layers.at(-1);
  const logits = new Float64Array(size);

  const inputSum = ({ inputs, reach, weights }, unit, inputValues) => {
    let sum = 0;
    for (let k = 0, at = unit * inputs; k < reach[unit]; k++, at++) sum += weights[at] * inputValues[k];
    return sum;
  };
  const below = (degree) => design.hidden.map((degrees) => degrees.filter((of) => of < degree).length);
  // for each position, the range [from, to] of units in each layer that are known as soon as its variable is
  const newAt = order.map((degree, position) => [below(degree), below(order[position + 1] ?? Infinity)]);
  const starts = order.map((degree) => order.indexOf(degree));
  const ends = order.map((degree) => order.lastIndexOf(degree) + 1);

  function setUnits(from, to) {
    for (let k = 0; k < to.length; k++) {
      for (let unit = from[k]; unit < to[k]; unit++) {
        const z = layers[k].biases[unit] + inputSum(layers[k], unit, values[k]);
        values[k + 1][unit] = z < 0 ? 0.1 * z : z;
      }
    }
  }
  function setLogits(from, to) {
    for (let position = from; position < to; position++) {
      logits[position] = output.biases[position] + inputSum(output, position, values.at(-1));
      if (direct) logits[position] += inputSum(direct, position, values[0]);
    }
  }
  const chance = (position) => 1 / (1 + Math.exp(-values[0][position] * logits[position]));

  function branches(position, p) {
    if (position === size) return p;
    if (design.strict && position === starts[position]) setLogits(position, ends[position]);
    let sum = 0;
    for (let value = -1; value < 2; value += 2) {
      values[0][position] = value;
      let here = design.strict ? p * chance(position) : p;
      if (position + 1 === ends[position]) {
        setUnits(...newAt[position]);
        if (!design.strict) {
          setLogits(starts[position], ends[position]);
          for (let member = starts[position]; member <= position; member++) here *= chance(member);
        }
      }
      sum += branches(position + 1, here);
    }
    return sum;
  }
  setUnits(below(-Infinity), below(order[0]));
  return branches(0, 1);
}

/** Return {ask, close}: ask(net) promises the sum, computed by a worker, or by the page if none can start. */
export function summer() {
  const text = `${sumOfProbabilities}; onmessage = ({ data }) => postMessage(sumOfProbabilities(data));`;
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const waiting = [];
  let worker = null;
  const close = () => {
    worker?.terminate();
    worker = null;
    URL.revokeObjectURL(url);
  };
  try {
    worker = new Worker(url);
    worker.onmessage = ({ data }) => waiting.shift().answer(data);
    worker.onerror = () => {
      close();
      for (const { net, answer } of waiting.splice(0)) answer(sumOfProbabilities(net));
    };
  } catch {
    close();
  }
  const ask = (net) =>
    new Promise((answer) => {
      if (!worker) return answer(sumOfProbabilities(net));
      waiting.push({ net, answer });
      worker.postMessage({ ...net, buffers: null });
    });
  return { ask, close };
}
