import { shape } from "../shared/frame.mjs";
import { shortened } from "../shared/words.mjs";

const [LEFT, RIGHT, TOP, BOTTOM] = [48, 400, 8, 270];
const MOST_POINTS = 200; // of a line, so that drawing it takes no longer after a thousand epochs

export const shortNats = (nats) => (Math.abs(nats) >= 20 ? nats.toFixed(1) : `${+nats.toPrecision(4)}`);

/**
 * Lowest and highest value to show, so that later epochs can be told apart.
 *
 * What the second half of the epochs spans fills a quarter of the height or more; what lies above
 * is cut off. Levels are shown if they are not farther from the curves than these are high.
 */
export function valueRange(curves, levels) {
  const all = curves.flat();
  let [low, high] = [Math.min(...all), Math.max(...all)];
  const later = Math.max(...curves.flatMap((nll) => nll.slice(Math.floor(nll.length / 2))));
  if (later > low) high = Math.min(high, low + Math.max(4 * (later - low), 0.04 * (high - low)));
  const span = high - low || 0.02 * Math.abs(low) || 1;
  const near = levels.filter((nats) => low - span <= nats && nats <= high + span);
  [low, high] = [Math.min(low, ...near), Math.max(high, ...near)];
  return high > low ? [low, high] : [low - span / 2, high + span / 2];
}

/** Round numbers from low to high, at most about `most`. */
export function roundNumbers(low, high, most) {
  const power = 10 ** Math.floor(Math.log10((high - low) / most));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => (high - low) / s <= most);
  const [first, last] = [Math.ceil(low / step), Math.floor(high / step)];
  return Array.from({ length: last - first + 1 }, (_, k) => +((first + k) * step).toPrecision(12));
}

/** Heights at least `apart` from one another, each as near to its own as that allows. */
export function spreadOut(heights, apart) {
  const moved = [...heights];
  const order = heights.map((_, k) => k).sort((a, b) => heights[a] - heights[b]);
  for (let k = 1; k < order.length; k += 1) {
    const lack = apart - (moved[order[k]] - moved[order[k - 1]]);
    if (lack > 0) order.forEach((which, at) => (moved[which] += at < k ? -lack / 2 : lack / 2));
  }
  return moved;
}

/** Where the numbers stand: what is visible of them, and what lies above or below the picture. */
export function curveView({ curves, levels, planned }) {
  const lines = Object.values(curves);
  const last = Math.max(planned ?? 0, lines[0].length, 5);
  const [low, high] = valueRange(lines, Object.values(levels));
  const peaks = Object.entries(curves).map(([name, nll]) => [`${name} up to`, Math.max(...nll)]);
  const named = (pairs) => pairs.map(([name, nats]) => `${name} ${shortNats(nats)}`);
  return {
    low,
    high,
    last,
    x: (epoch) => LEFT + 10 + ((epoch - 1) / (last - 1)) * (RIGHT - LEFT - 10),
    y: (nats) => BOTTOM - 24 - ((nats - low) / (high - low)) * (BOTTOM - TOP - 40),
    inside: Object.entries(levels).filter(([, nats]) => low <= nats && nats <= high),
    above: named([...Object.entries(levels), ...peaks].filter(([, nats]) => nats > high)),
    below: named(Object.entries(levels).filter(([, nats]) => nats < low)),
  };
}

/** The learning curve as parts of an SVG picture of 560 by 310. */
export function curveParts(curves, view) {
  const names = Object.keys(curves);
  const ends = names.map((name) => Math.max(view.y(curves[name].at(-1)), TOP));
  const labels = spreadOut(ends, 19);
  const inner = { x: LEFT, y: TOP, width: RIGHT - LEFT + 10, height: BOTTOM - TOP };
  return [
    ...axes(view),
    ...levelParts(view, Math.min(...ends)),
    // an inner picture cuts off what lies outside of it
    shape("svg", { ...inner, viewBox: Object.values(inner).join(" ") }, ...names.map((name) => line(name, curves[name], view))),
    ...names.map((name, k) =>
      words(view.x(curves[name].length) + 12, labels[k] + 5, `${name} ${shortNats(curves[name].at(-1))}`, { "data-last": name })),
  ];
}

const words = (x, y, said, looks = {}) => shape("text", { x, y, ...looks }, said);

function axes({ x, y, low, high, last }) {
  return [
    ...roundNumbers(low, high, 6).flatMap((nats) => [
      shape("path", { d: `M${LEFT} ${y(nats)}H${RIGHT}`, class: "made-grid" }),
      words(LEFT - 7, y(nats) + 5, `${nats}`, { "text-anchor": "end" }),
    ]),
    shape("path", { d: `M${LEFT} ${TOP}V${BOTTOM}H${RIGHT}`, class: "made-axis" }),
    ...roundNumbers(1, last, 7).map((epoch) => words(x(epoch), BOTTOM + 18, `${epoch}`, { "text-anchor": "middle" })),
    words((LEFT + RIGHT) / 2, BOTTOM + 36, "epoch", { "text-anchor": "middle" }),
  ];
}

function line(name, nll, { x, y }) {
  const stride = Math.ceil(nll.length / MOST_POINTS);
  const epochs = nll.map((_, k) => k).filter((k) => k === 0 || (nll.length - 1 - k) % stride === 0);
  const points = epochs.map((k) => `${x(k + 1).toFixed(1)},${y(nll[k]).toFixed(1)}`).join(" ");
  const [endX, endY, best] = [x(nll.length), y(nll.at(-1)), nll.indexOf(Math.min(...nll))];
  const marks = name === "train"
    ? [shape("circle", { cx: endX, cy: endY, r: 4 })]
    : [shape("rect", { x: endX - 4, y: endY - 4, width: 8, height: 8 }),
       shape("path", { d: `M${x(best + 1)} ${y(nll[best]) - 9}l9 9l-9 9l-9 -9z`, "data-best": best + 1 })];
  return shape("g", { "data-curve": name }, shape("polyline", { points }), ...marks);
}

/** Curves fall: above their ends there is room for names at the right, below them at the left. */
function levelParts({ inside, y }, highestEnd) {
  const heights = spreadOut(inside.map(([, nats]) => y(nats) - 5), 17);
  return inside.flatMap(([name, nats], k) => [
    shape("path", { d: `M${LEFT} ${y(nats)}H${RIGHT}`, class: "made-level" }),
    y(nats) < highestEnd - 24
      ? words(RIGHT, heights[k], `${shortened(name, 32)} ${shortNats(nats)}`, { "text-anchor": "end" })
      : words(LEFT + 6, heights[k], `${shortened(name, 32)} ${shortNats(nats)}`),
  ]);
}
