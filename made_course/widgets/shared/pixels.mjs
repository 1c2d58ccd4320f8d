import { element } from "./frame.mjs";

const [BLUE, WHITE] = [[0, 114, 178], [255, 255, 255]];
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
 * Paint all variables. look(i) returns for each: value, 0 (paper) to 1 (ink); drawn, if it is blue;
 * hatched, if it has no value yet; and, for few variables, words to write below the name.
 *
 * side is the length of the longer side; framed is a variable to point at, or null. A screen
 * reader reads each variable if they are few, else how many are hatched.
 */
export function paint(canvas, board, side, colours, look, framed = null) {
  const { rows, columns, names } = board;
  const fine = Math.ceil(window.devicePixelRatio);
  const cell = Math.max(1, Math.floor(side / Math.max(rows, columns))) * fine;
  const [wide, high] = [columns, rows].map((count) => (count === 1 ? Math.max(cell, 32 * fine) : cell));
  if (canvas.width !== wide * columns || canvas.height !== high * rows) {
    [canvas.width, canvas.height] = [wide * columns, high * rows];
    canvas.style.width = `${canvas.width / fine}px`;
  }
  const looks = names.map((_, i) => look(i));
  const hatched = looks.filter((one) => one.hatched).length;
  const each = names.map((name, i) => `${name} ${looks[i].words}${looks[i].hatched ? ", hatched" : ""}`);
  canvas.setAttribute("aria-label", inCells(board) ? each.join("; ") : `${hatched} of ${names.length} hatched`);
  const at = (i) => [(i % columns) * wide, Math.floor(i / columns) * high];
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(small(board, looks, colours), 0, 0, canvas.width, canvas.height);
  context.fillStyle = context.createPattern(colours.hatching, "repeat");
  for (const [first, count] of runs(looks, columns)) context.fillRect(...at(first), count * wide, high);
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

/** Runs of hatched variables beside each other: the first, and how many. */
function runs(looks, columns) {
  const found = [];
  looks.forEach(({ hatched }, i) => {
    if (!hatched) return;
    if (i % columns && looks[i - 1].hatched) found.at(-1)[1] += 1;
    else found.push([i, 1]);
  });
  return found;
}

const canvases = new Map();

/** One pixel for each variable. */
function small({ rows, columns }, looks, { levels }) {
  const key = `${rows} ${columns}`;
  if (!canvases.has(key)) canvases.set(key, new OffscreenCanvas(columns, rows));
  const context = canvases.get(key).getContext("2d");
  const pixels = new ImageData(columns, rows);
  const colours = new Uint32Array(pixels.data.buffer);
  looks.forEach(({ value, drawn, hatched }, i) => {
    colours[i] = levels[hatched ? "hatched" : drawn ? "drawn" : "known"][Math.round(255 * value)];
  });
  context.putImageData(pixels, 0, 0);
  return context.canvas;
}

function write(context, [x, y], [wide, high], fine, lines, { value, hatched, drawn }, { paper, ink }) {
  const onInk = value > 0.54 && !hatched;
  const [inside, around] = onInk ? [drawn ? WHITE : paper, ink] : [ink, paper];
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

/** Draw when the element comes into the page, which has its colours only then, and when they change. */
export function whenSeen(el, draw) {
  new ResizeObserver(draw).observe(el);
  el.addEventListener("transitionend", ({ target }) => target === el && draw());
}

const known = new Map();

/** Paper and ink as the page has them now, dark where its theme is dark, and all that follows. */
export function coloursOf(el) {
  const { color, backgroundColor } = getComputedStyle(el);
  const key = `${color} ${backgroundColor}`;
  if (!known.has(key)) {
    const [paper, over] = [backgroundColor, color].map((text) => text.match(/[\d.]+/g).map(Number));
    const ink = mix(paper, over, over[3] ?? 1);
    const levels = {
      known: scale(paper, ink),
      drawn: scale(mix(paper, BLUE, 0.16), BLUE),
      hatched: scale(paper, mix(paper, BLUE, 0.35)),
    };
    known.set(key, { paper, ink, levels, hatching: hatching(mix(paper, BLUE, 0.55)) });
  }
  return known.get(key);
}

/** 256 colours from one to another, as four bytes each. */
function scale(from, to) {
  const bytes = Array.from({ length: 256 }, (_, level) => [...mix(from, to, level / 255), 255]);
  return new Uint32Array(Uint8Array.from(bytes.flat()).buffer);
}

function hatching(colour) {
  const tile = new OffscreenCanvas(6, 6);
  const lines = tile.getContext("2d");
  lines.strokeStyle = css(colour);
  for (const x of [-6, 0, 6]) {
    lines.moveTo(x, 6);
    lines.lineTo(x + 6, 0);
  }
  lines.stroke();
  return tile;
}

const mix = (from, to, share) => [0, 1, 2].map((k) => Math.round(from[k] + (to[k] - from[k]) * share));
const css = (colour) => `rgb(${colour.slice(0, 3).join(" ")})`;
