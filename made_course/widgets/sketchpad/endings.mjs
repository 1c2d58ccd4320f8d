import { uniforms } from "../shared/uniforms.mjs";
import { follow, nameOf, orderingOf, sigmoid, start } from "./networks.mjs";

export const COUNT = 8;

/**
 * Eight endings of an image x, of which only some pixels are known.
 *
 * `drawn` are the unknown pixels in the order in which they are drawn; row, p and u of an ending are
 * the values of all pixels, their probabilities of ink, and the random numbers that decided.
 */
export function endingsOf({ made, reader }, x, known, seed) {
  const n = x.length;
  const ordering = orderingOf(known);
  const count = known.filter(Boolean).length;
  const before = follow(made, (i) => x[i], count, start(made, ordering));
  const noise = uniforms(seed, COUNT * n);
  const endings = Array.from({ length: COUNT }, (_, k) => {
    const u = noise.subarray(k * n, (k + 1) * n);
    const { row, logits } = follow(made, (i, p) => u[i] <= p, n, before);
    return { row, u, p: logits.map(sigmoid), name: nameOf(reader, row) };
  });
  return { drawn: ordering.slice(count), endings };
}

/** How many endings look like which digit, the commonest first. */
export function verdict(names) {
  const counts = new Map();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const [[name, count], ...others] = [...counts].sort(([, a], [, b]) => b - a);
  const digit = (which) => `${which === 8 ? "an" : "a"} ${which}`;
  const rest = others.map(([which, times]) => `, ${times} like ${digit(which)}`).join("");
  return `${count} of ${names.length} look${count === 1 ? "s" : ""} like ${digit(name)}${rest}.`;
}

/** How a pixel got its value: u against p, with more digits where only these tell which is larger. */
export function decision(p, u) {
  const digits = [2, 4, 7].find((many) => p.toFixed(many) !== u.toFixed(many)) ?? 9;
  const isInk = u <= p;
  return `p(ink) = ${p.toFixed(digits)}, u = ${u.toFixed(digits)} ${isInk ? "≤" : ">"} p: ${isInk ? "ink" : "no ink"}.`;
}
