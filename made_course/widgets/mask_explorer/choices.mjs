import { drawDegrees } from "./masks.mjs";

/** What it can learn: name, words on the button. */
export const LESSONS = [["boards", "30 boards"], ["yours", "Yours"], ["diary", "Diary"]];

const CYCLE = [[1], [2], [0]];
const oneByOne = Array.from({ length: 16 }, (_, i) => [i]);

/** The state in which something else begins to be learned. */
export function startOf(lesson) {
  const [ordering, widths] = lesson === "diary" ? [CYCLE, [4, 4]] : [oneByOne, [64, 64]];
  return { ordering, hidden_degrees: drawDegrees(ordering, widths, "even"), draw: "even", fault: "none", selected: [3, lesson === "diary" ? 0 : 8] };
}

const grouped = (of) => {
  const groups = [];
  for (let i = 0; i < 16; i++) (groups[of(i)] ??= []).push(i);
  return groups.filter(Boolean);
};

/** Orderings of 16 pixels to choose from, by name; what stands first is what there is. */
export const GROUPINGS = {
  "one by one": () => oneByOne,
  "in groups": null,
  "neighbouring pairs": () => grouped((i) => i >> 1),
  "far pairs": () => grouped((i) => Math.min(i, 15 - i)),
  "a row at once": () => grouped((i) => i >> 2),
  "a random ordering": (ordering) => ordering.map((group) => [Math.random(), group]).sort(([a], [b]) => a - b).map(([, group]) => group),
};
