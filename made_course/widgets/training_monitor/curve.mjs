import { shape } from "../shared/frame.mjs";
import { shortened } from "../shared/words.mjs";

export const [WIDE, HIGH] = [440, 300];
const [LEFT, RIGHT, TOP, BOTTOM] = [48, 388, 8, 258];
const MOST_POINTS = 200; // of a line, so that drawing it takes no longer after a thousand epochs

export const shortNats = (nats) => (Math.abs(nats) >= 20 ? nats.toFixed(1) : `${+nats.toPrecision(4)}`);

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

/** What lies above or below the picture, in words. */
export function beyond({ curves, levels, range: [low, high] }) {
  const peaks = Object.entries(curves).map(([name, nll]) => [`${name} up to`, Math.max(...nll)]);
  const said = (pairs) => pairs.map(([name, nats]) => `${name} ${shortNats(nats)}`).join(", ");
  const above = said([...Object.entries(levels), ...peaks].filter(([, nats]) => nats > high));
  const below = said(Object.entries(levels).filter(([, nats]) => nats < low));
  return [above && `Above the picture: ${above}`, below && `Below the picture: ${below}`].filter(Boolean).join("; ");
}

/** The learning curve as parts of an SVG picture. */
export function curveParts({ curves, levels, planned, range: [low, high] }) {
  const last = Math.max(planned ?? 0, curves.train.length, 5);
  const x = (epoch) => LEFT + 10 + ((epoch - 1) / (last - 1)) * (RIGHT - LEFT - 10);
  const y = (nats) => BOTTOM - 24 - ((nats - low) / (high - low)) * (BOTTOM - TOP - 40);
  const lines = Object.entries(curves);
  const labels = spreadOut(lines.map(([, nll]) => Math.max(y(nll.at(-1)), TOP)), 18);
  const inside = Object.entries(levels).filter(([, nats]) => low <= nats && nats <= high);
  const heights = spreadOut(inside.map(([, nats]) => y(nats) - 5), 17);
  const inner = { x: LEFT, y: TOP, width: RIGHT - LEFT + 10, height: BOTTOM - TOP };
  return [
    ...roundNumbers(low, high, 6).flatMap((nats) => [
      shape("path", { d: `M${LEFT} ${y(nats)}H${RIGHT}`, class: "made-grid" }),
      words(LEFT - 7, y(nats) + 5, `${nats}`, "end"),
    ]),
    shape("path", { d: `M${LEFT} ${TOP}V${BOTTOM}H${RIGHT}`, class: "made-axis" }),
    ...roundNumbers(1, last, 7).map((epoch) => words(x(epoch), BOTTOM + 18, `${epoch}`, "middle")),
    words((LEFT + RIGHT) / 2, BOTTOM + 36, "epoch", "middle"),
    ...inside.flatMap(([name, nats], k) => [
      shape("path", { d: `M${LEFT} ${y(nats)}H${RIGHT}`, class: "made-level" }),
      words(RIGHT, heights[k], `${shortened(name, 32)} ${shortNats(nats)}`, "end"),
    ]),
    // an inner picture cuts off what lies outside of it
    shape("svg", { ...inner, viewBox: Object.values(inner).join(" ") }, ...lines.map(([name, nll]) => line(name, nll, x, y))),
    ...lines.map(([, nll], k) => words(x(nll.length) + 9, labels[k] + 5, shortNats(nll.at(-1)), "start")),
  ];
}

const words = (x, y, said, anchor) => shape("text", { x, y, "text-anchor": anchor }, said);

function line(name, nll, x, y) {
  const stride = Math.ceil(nll.length / MOST_POINTS);
  const epochs = nll.map((_, k) => k).filter((k) => k === 0 || (nll.length - 1 - k) % stride === 0);
  const points = epochs.map((k) => `${x(k + 1).toFixed(1)},${y(nll[k]).toFixed(1)}`).join(" ");
  const [endX, endY, best] = [x(nll.length), y(nll.at(-1)), nll.indexOf(Math.min(...nll))];
  const marks = name === "train"
    ? [shape("circle", { cx: endX, cy: endY, r: 4 })]
    : [shape("rect", { x: endX - 4, y: endY - 4, width: 8, height: 8 }),
       shape("circle", { cx: x(best + 1), cy: y(nll[best]), r: 8, "data-best": best + 1 })];
  return shape("g", { "data-curve": name }, shape("polyline", { points }), ...marks);
}
