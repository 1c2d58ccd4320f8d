// What the network learns, and the fewest nats that it can cost, by counting.

/** The 30 bars and stripes of 4 × 4 pixels, in the order of `bars_and_stripes`. */
export function boards() {
  const cells = Array.from({ length: 16 }, (_, cell) => cell);
  const all = new Set();
  for (let code = 0; code < 16; code++) {
    const colour = (line) => (code >> (3 - line)) & 1;
    all.add(cells.map((cell) => colour(cell >> 2)).join("")).add(cells.map((cell) => colour(cell & 3)).join(""));
  }
  return [...all].sort().map((text) => Uint8Array.from(text));
}

/** The diary of notebook 1: eight kinds of days (wet, rain, sprinkler), and the share of each. */
export function diaryRows() {
  const days = [5, 1, 1, 1, 1, 5, 4, 2];
  const rows = days.map((_, code) => Uint8Array.of(code >> 2, (code >> 1) & 1, code & 1));
  return { rows, weights: Float64Array.from(days, (count) => count / 20) };
}

/** The entropy of the data: what no distribution can go below. */
export const entropyOf = (rows, weights) => entropy(shares(rows, weights));

/** Entropy of each variable given those of smaller degree: they add up to the floor of a grouping. */
export function floorsOf(rows, weights, degrees) {
  const knowing = (most, variable) =>
    entropy(shares(rows.map((row) => row.filter((_, i) => i === variable || degrees[i] < most)), weights));
  return Float64Array.from(degrees, (degree, i) => knowing(degree, i) - knowing(degree, -1));
}

/** How much weight equal rows have together. */
function shares(rows, weights) {
  const found = new Map();
  rows.forEach((row, k) => found.set(row.join(), (found.get(row.join()) ?? 0) + weights[k]));
  return [...found.values()];
}

const entropy = (parts) => parts.reduce((sum, share) => sum - share * Math.log(share), 0);
