import { uniforms } from "../shared/uniforms.mjs";
import { listing } from "../shared/words.mjs";
import { follow, initialState, nameOf, orderingOf, sigmoid } from "./networks.mjs";

export const COUNT = 8;

/**
 * Draw eight endings of an image x, of which only some pixels are known.
 *
 * `drawn` lists the unknown pixels in the order in which they are drawn. An ending has the values of
 * all pixels, their probabilities p of ink, and the random numbers u that decided. `right` is the
 * number of unknown pixels of x that the network guesses right, each from the pixels before it. A
 * network that peeks also sees the pixel itself.
 */
export function endingsOf({ made, peeking, reader }, x, known, seed, peeks) {
  const n = x.length;
  const ordering = orderingOf(known);
  const count = known.filter(Boolean).length;
  const network = peeks ? peeking : made;
  const before = follow(network, (i) => x[i], count, initialState(network, ordering));
  const noise = uniforms(seed, COUNT * n);
  const endings = Array.from({ length: COUNT }, (_, k) => {
    const u = noise.subarray(k * n, (k + 1) * n);
    const { row, logits } = follow(network, (i, p) => u[i] <= p, n, before);
    return { row, u, p: logits.map(sigmoid), name: nameOf(reader, row) };
  });
  const drawn = ordering.slice(count);
  const { logits } = follow(network, (i) => x[i], n, before);
  const isRight = (i) => Number(logits[i] + (peeks ? network.wires[i] * x[i] : 0) > 0) === x[i];
  return { drawn, endings, right: drawn.filter(isRight).length };
}

/** Say how many endings the classifier reads as which digit, the most frequent first. */
export function verdict(names) {
  const counts = new Map();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  const parts = sorted.map(([name, count], k) => `${count}${k ? "" : ` of ${names.length}`} as ${withArticle(name)}`);
  return `a classifier reads ${listing(parts)}.`;
}

export const withArticle = (name) => `${name === 8 ? "an" : "a"} ${name}`;

/** Say how many endings have no ink in the pixels that were drawn. */
export function blanks({ drawn, endings }) {
  const count = endings.filter(({ row }) => drawn.every((i) => !row[i])).length;
  return `${count} of ${endings.length} are blank, because the network copies the blank paper.`;
}

/** Say how a pixel got its value, with so many digits that p and u differ. */
export function decision(p, u) {
  const digits = [2, 4, 7].find((many) => p.toFixed(many) !== u.toFixed(many)) ?? 9;
  const comparison = u <= p ? "not above p, so the pixel gets ink" : "above p, so the pixel stays blank";
  return `the probability of ink is p = ${p.toFixed(digits)}. The random number u = ${u.toFixed(digits)} is ${comparison}.`;
}
