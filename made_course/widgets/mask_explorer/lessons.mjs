// The data that the network learns from, the first state, and the lowest possible costs in nats.
import { drawDegrees } from "./masks.mjs";

/** Name of each lesson, and text of its button. */
export const LESSONS = [["boards", "30 boards"], ["yours", "Yours"], ["diary", "Diary"]];

const CYCLE = [[1], [2], [0]];
const oneByOne = Array.from({ length: 16 }, (_, i) => [i]);

/** Return the state in which a lesson begins. */
export function startOf(lesson) {
  const [ordering, widths] = lesson === "diary" ? [CYCLE, [4, 4]] : [oneByOne, [64, 64]];
  return { ordering, hidden_degrees: drawDegrees(ordering, widths, "even"), draw: "even", fault: "none", selected: [3, lesson === "diary" ? 0 : 8] };
}

const grouped = (of) => {
  const groups = [];
  for (let i = 0; i < 16; i++) (groups[of(i)] ??= []).push(i);
  return groups.filter(Boolean);
};

/** Orderings of 16 pixels to choose from, by name; the first is the default. */
export const GROUPINGS = {
  "one by one": () => oneByOne,
  "in groups": null,
  "neighbouring pairs": () => grouped((i) => i >> 1),
  "far pairs": () => grouped((i) => Math.min(i, 15 - i)),
  "a row at once": () => grouped((i) => i >> 2),
  "a random ordering": (ordering) => ordering.map((group) => [Math.random(), group]).sort(([a], [b]) => a - b).map(([, group]) => group),
};

/** Return the 30 bars and stripes of 4 × 4 pixels, in the order of `bars_and_stripes`. */
export function boards() {
  const cells = Array.from({ length: 16 }, (_, cell) => cell);
  const all = new Set();
  for (let code = 0; code < 16; code++) {
    const colour = (line) => (code >> (3 - line)) & 1;
    all.add(cells.map((cell) => colour(cell >> 2)).join("")).add(cells.map((cell) => colour(cell & 3)).join(""));
  }
  return [...all].sort().map((text) => Uint8Array.from(text));
}

/** Return the diary of notebook 1: eight kinds of days (wet grass, rain, sprinkler), the share of each, and all days. */
export function diaryRows() {
  const days = [5, 1, 1, 1, 1, 5, 4, 2];
  const rows = days.map((_, code) => Uint8Array.of(code >> 2, (code >> 1) & 1, code & 1));
  const all = rows.flatMap((row, k) => new Array(days[k]).fill(row));
  return { rows, weights: Float64Array.from(days, (count) => count / all.length), all };
}

/** Return the entropy of the data, which no distribution can go below. */
export const entropyOf = (rows, weights) => entropy(shares(rows, weights));

/** Return the entropy of each variable i given the set of variables sets[i]. No network that sees only these costs less. */
export function floorsOf(rows, weights, sets) {
  const entropyGiven = (set) => entropy(shares(rows.map((row) => row.filter((_, i) => (set >> i) & 1)), weights));
  return Float64Array.from(sets, (set, i) => entropyGiven(set | (1 << i)) - entropyGiven(set));
}

/** Return the total weight of each group of equal rows. */
function shares(rows, weights) {
  const found = new Map();
  rows.forEach((row, k) => found.set(row.join(), (found.get(row.join()) ?? 0) + weights[k]));
  return [...found.values()];
}

const entropy = (parts) => parts.reduce((sum, share) => sum - share * Math.log(share), 0);
