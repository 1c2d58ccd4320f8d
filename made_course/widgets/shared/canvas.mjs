import { html, useEffect, useLayoutEffect, useRef, useState } from "./preact.mjs";

/**
 * A canvas as wide as its container and `high` pixels high.
 *
 * `draw(pen, wide, high)` draws on it, in CSS pixels, after each rendering. With a list `when`, it
 * draws only if one of these values or the size has changed.
 */
export function Canvas({ high, draw, when, ...properties }) {
  const canvas = useRef();
  const place = useRef();
  const wide = useWidth(place);
  useLayoutEffect(() => {
    if (!wide) return;
    const sizes = { width: Math.round(wide * devicePixelRatio), height: Math.round(high * devicePixelRatio) };
    for (const [name, size] of Object.entries(sizes)) if (canvas.current[name] !== size) canvas.current[name] = size;
    const pen = canvas.current.getContext("2d");
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    pen.clearRect(0, 0, wide, high);
    draw(pen, wide, high);
  }, when ? [...when, wide, high] : [{}]);
  return html`<div ref=${place}><canvas ref=${canvas} role="img" style=${{ height: `${high}px` }} ...${properties} /></div>`;
}

/** Return the width of an element in pixels, or 0 before it is on the page. */
export function useWidth(ref) {
  const [wide, setWide] = useState(0);
  useLayoutEffect(() => {
    const seen = new ResizeObserver(() => setWide(ref.current?.clientWidth ?? 0));
    seen.observe(ref.current);
    return () => seen.disconnect();
  }, []);
  return wide;
}

const LIGHT = [[158, 208, 245], [0, 114, 178], [6, 38, 60]];
const DARK = [[32, 82, 120], [62, 157, 222], [226, 243, 255]];

/** Return the colours of the page, and draw again when its theme changes, which starts a transition (component.css). */
export function useColours(el) {
  const colours = useRef(null);
  const [, redraw] = useState(0);
  useEffect(() => {
    const change = ({ target }) => target === el && redraw((count) => count + 1);
    el.addEventListener("transitionend", change);
    return () => el.removeEventListener("transitionend", change);
  }, []);
  return (colours.current = coloursOf(el, colours.current));
}

/** Return the colours of the page as [red, green, blue], and a function from a degree to its blue: a higher degree has more contrast. */
function coloursOf(el, before) {
  const style = getComputedStyle(el);
  const read = (name) => style.getPropertyValue(name).trim();
  const key = ["--ink", "--paper", "color", "background-color"].map(read).join();
  if (before?.key === key) return before;
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (name) => {
    probe.fillStyle = read(name);
    probe.fillRect(0, 0, 1, 1);
    return [...probe.getImageData(0, 0, 1, 1).data.subarray(0, 3)];
  };
  const isDark = brightness(rgb("--paper")) < 128;
  el.classList.toggle("dark", isDark);
  const [ink, paper, blue, orange, drawn] = ["--ink", "--paper", "--blue", "--orange", "--drawn"].map(rgb);
  const stops = isDark ? DARK : LIGHT;
  const ramp = (degree, top) => {
    const at = top > 1 ? (2 * (degree - 1)) / (top - 1) : 1;
    return at < 1 ? blend(stops[0], stops[1], at) : blend(stops[1], stops[2], at - 1);
  };
  return { key, ink, paper, blue, orange, drawn, ramp, font: read("font-family"), quiet: blend(paper, ink, 0.68), line: blend(paper, ink, 0.4), pale: blend(paper, ink, 0.09) };
}

export const blend = (a, b, share) => a.map((value, k) => value + (b[k] - value) * share);
const brightness = ([r, g, b]) => 0.3 * r + 0.59 * g + 0.11 * b;
export const textColourOn = (colour) => (brightness(colour) < 140 ? [255, 255, 255] : [16, 34, 46]);
export const css = (colour, alpha = 1) => `rgb(${colour.map(Math.round).join(" ")} / ${alpha})`;

/** Write words at a position. `align` is start, middle or end; a halo separates them from lines. */
export function write(pen, words, x, y, { colours, size = 13, colour = colours.ink, align = "start", weight = "", halo = null }) {
  pen.font = `${weight} ${size}px ${colours.font}`;
  pen.fillStyle = css(colour);
  pen.textAlign = align === "middle" ? "center" : align;
  pen.textBaseline = "middle";
  if (halo) {
    pen.strokeStyle = css(halo);
    pen.lineWidth = 4;
    pen.lineJoin = "round";
    pen.strokeText(words, x, y);
  }
  pen.fillText(words, x, y);
}

/** Draw a board, or a row of squares, with ink where a value is 1. */
export function drawBoard(pen, row, x, y, cell, { ink, pale }) {
  const side = row.length === 16 ? 4 : row.length;
  row.forEach((value, i) => {
    pen.fillStyle = css(value ? ink : pale);
    pen.fillRect(x + cell * (i % side), y + cell * Math.floor(i / side), cell - (cell > 4 ? 1 : 0.5), cell - (cell > 4 ? 1 : 0.5));
  });
}

/** Draw a cross, so that a leak is also recognised by its shape. */
export function drawCross(pen, x, y, arm) {
  pen.beginPath();
  pen.moveTo(x - arm, y - arm);
  pen.lineTo(x + arm, y + arm);
  pen.moveTo(x + arm, y - arm);
  pen.lineTo(x - arm, y + arm);
  pen.stroke();
}
