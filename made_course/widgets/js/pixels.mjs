import { element } from "./frame.mjs";

const BLUE = [0, 114, 178];
/** Variables up to which each is drawn with its name and value. */
const MOST_NAMED = 20;

export const inCells = ({ names }) => names.length <= MOST_NAMED;
export const isImage = ({ rows, columns }) => Math.min(rows, columns) > 1;
export const things = (board) => (isImage(board) ? "pixels" : "variables");
export const whole = (board) => (isImage(board) ? "image" : "row");
export const valueOf = (board, one) => (one ? "1" : "0") + (isImage(board) ? (one ? " (ink)" : " (paper)") : "");

/** A titled canvas for a picture of all variables. */
export function picture(title, properties = {}) {
  const canvas = element("canvas", { role: "img", ...properties });
  const caption = element("figcaption", {}, title);
  return { canvas, caption, box: element("figure", { class: "made-picture" }, caption, canvas) };
}

/**
 * Paint all variables. look(i) says of each: value, 0 (paper) to 1 (ink); drawn, if it is blue;
 * hatched, if it is no value yet; and where variables are few, what is written below the name.
 *
 * side is how long the longer side is; framed is a variable to point at, or null.
 */
export function paint(canvas, board, side, look, framed = null) {
  const { rows, columns, names } = board;
  const fine = Math.ceil(window.devicePixelRatio);
  const cell = Math.max(1, Math.floor(side / Math.max(rows, columns))) * fine;
  const [wide, high] = [columns, rows].map((count) => (count === 1 ? Math.max(cell, 32 * fine) : cell));
  if (canvas.width !== wide * columns || canvas.height !== high * rows) {
    [canvas.width, canvas.height] = [wide * columns, high * rows];
    canvas.style.width = `${canvas.width / fine}px`;
  }
  const at = (i) => [(i % columns) * wide, Math.floor(i / columns) * high];
  const looks = names.map((_, i) => look(i));
  const colours = coloursOf(canvas);
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(small(rows, columns, looks, colours), 0, 0, canvas.width, canvas.height);
  const hatched = new Path2D();
  looks.forEach((one, i) => one.hatched && hatched.rect(...at(i), wide, high));
  context.fillStyle = hatching(context, colours);
  context.fill(hatched);
  if (Math.max(rows, columns) <= MOST_NAMED) {
    context.strokeStyle = css(mix(colours.paper, colours.ink, 0.5));
    looks.forEach((_, i) => context.strokeRect(...at(i), wide, high));
  }
  if (cell / fine >= 36) {
    looks.forEach((one, i) => one.words && write(context, at(i), [wide, high], fine, [names[i], one.words], one, colours));
  }
  if (framed === null) return;
  for (const [colour, width] of [[colours.paper, 7], [BLUE, 4]]) {
    Object.assign(context, { strokeStyle: css(colour), lineWidth: width * fine });
    context.strokeRect(...at(framed), wide, high);
  }
  context.lineWidth = 1;
}

/** One pixel for each variable. */
function small(rows, columns, looks, { paper, ink }) {
  const pixels = new ImageData(columns, rows);
  looks.forEach(({ value, drawn, hatched }, i) => {
    const none = drawn ? mix(paper, BLUE, 0.16) : paper;
    const full = hatched ? mix(paper, BLUE, 0.35) : drawn ? BLUE : ink;
    pixels.data.set([...mix(none, full, value), 255], 4 * i);
  });
  const canvas = new OffscreenCanvas(columns, rows);
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

function hatching(context, { paper }) {
  const tile = new OffscreenCanvas(6, 6);
  const lines = tile.getContext("2d");
  lines.strokeStyle = css(mix(paper, BLUE, 0.55));
  for (const x of [-6, 0, 6]) {
    lines.moveTo(x, 6);
    lines.lineTo(x + 6, 0);
  }
  lines.stroke();
  return context.createPattern(tile, "repeat");
}

function write(context, [x, y], [wide, high], fine, lines, { value, hatched }, { paper, ink }) {
  const [inside, around] = value > 0.54 && !hatched ? [paper, ink] : [ink, paper];
  Object.assign(context, { textAlign: "center", textBaseline: "middle", lineWidth: 4 * fine, lineJoin: "round" });
  context.font = `${14 * fine}px sans-serif`;
  lines.forEach((words, k) => {
    const place = [x + wide / 2, y + high * (0.3 + 0.4 * k), wide - 6 * fine];
    context.strokeStyle = css(around);
    if (hatched) context.strokeText(words, ...place);
    context.fillStyle = css(inside);
    context.fillText(words, ...place);
  });
  context.lineWidth = 1;
}

/** Paper and ink as the page has them now: dark where its theme is dark. */
function coloursOf(canvas) {
  const { color, backgroundColor } = getComputedStyle(canvas.closest(".made-widget"));
  const [paper, ink] = [backgroundColor, color].map((said) => said.match(/[\d.]+/g).map(Number));
  return { paper: paper.slice(0, 3), ink: mix(paper, ink, ink[3] ?? 1) };
}

const mix = (from, to, share) => [0, 1, 2].map((k) => Math.round(from[k] + (to[k] - from[k]) * share));
const css = (colour) => `rgb(${colour.join(" ")})`;
