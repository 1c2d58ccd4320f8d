// Σp over all 2^D rows, exactly, here or in a worker, which gets the text of the one function.

/**
 * Return the sum of the probabilities of all rows, by a tree: its branches are the values of one
 * variable after another, and a unit is computed once per setting of the variables that it may see.
 */
export function sumOfProbabilities({ design, places, layers, direct }) {
  const order = places.map((variable) => design.degrees[variable]);
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
  // for each place, which units of each layer are known as soon as its variable is: from, to
  const newAt = order.map((degree, place) => [below(degree), below(order[place + 1] ?? Infinity)]);
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
    for (let place = from; place < to; place++) {
      logits[place] = output.biases[place] + inputSum(output, place, values.at(-1));
      if (direct) logits[place] += inputSum(direct, place, values[0]);
    }
  }
  const chance = (place) => 1 / (1 + Math.exp(-values[0][place] * logits[place]));

  function branches(place, p) {
    if (place === size) return p;
    if (design.strict && place === starts[place]) setLogits(place, ends[place]);
    let sum = 0;
    for (let value = -1; value < 2; value += 2) {
      values[0][place] = value;
      let here = design.strict ? p * chance(place) : p;
      if (place + 1 === ends[place]) {
        setUnits(...newAt[place]);
        if (!design.strict) {
          setLogits(starts[place], ends[place]);
          for (let member = starts[place]; member <= place; member++) here *= chance(member);
        }
      }
      sum += branches(place + 1, here);
    }
    return sum;
  }
  setUnits(below(-Infinity), below(order[0]));
  return branches(0, 1);
}

/** Σp beside the page: ask(net) promises it. Where no worker may start, the page computes it. */
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
      worker.postMessage({ ...net, rooms: null });
    });
  return { ask, close };
}
