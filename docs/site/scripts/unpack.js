const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** The network for sampler.mjs of what packed.py has packed. */
function unpack({ described, integers, numbers }) {
  const whole = new Int8Array(bytesOf(integers).buffer);
  const scales = new Float32Array(bytesOf(numbers).buffer);
  const { order, degrees } = described;
  const layers = [order, ...degrees, order];
  let [at, of] = [0, 0];
  const take = (count) => scales.subarray(of, (of += count));
  const matrix = (below, above, strict) => {
    const scale = take(above.length);
    const weights = new Float32Array(below.length * above.length);
    below.forEach((from, j) =>
      above.forEach((to, k) => {
        if (to > from || (to === from && !strict)) weights[j * above.length + k] = whole[at++] * scale[k];
      }),
    );
    return weights;
  };
  const [weights, biases] = [[], []];
  for (let l = 1; l < layers.length; l++) {
    weights.push(matrix(layers[l - 1], layers[l], l === layers.length - 1));
    biases.push(take(layers[l].length));
  }
  const direct = described.direct ? matrix(order, order, true) : false;
  return { ...described, weights, biases, direct };
}
