import { blend, css } from "../shared/canvas.mjs";
import { gifOf } from "./gif.mjs";
import { pixelsOf } from "./picture.mjs";
import { SIDE } from "./strokes.mjs";

const [WIDTH, HEIGHT, STEPS] = [496, 236, 16];

/** Save an animated picture: the digit, its endings as they are drawn, and lines of text below. */
export function saveEndings(digitLook, lookAt, count, lines, { paper, ink, drawn, font }) {
  const palette = [
    ...Array.from({ length: 6 }, (_, k) => blend(paper, ink, k / 5)),
    ...Array.from({ length: 10 }, (_, k) => blend(paper, drawn, 0.1 + k / 10)),
  ].map((colour) => colour.map(Math.round));
  const pen = new OffscreenCanvas(WIDTH, HEIGHT).getContext("2d", { willReadFrequently: true });
  const frames = Array.from({ length: STEPS + 1 }, (_, k) => {
    pen.fillStyle = css(paper);
    pen.fillRect(0, 0, WIDTH, HEIGHT);
    put(pen, digitLook, 8, 8, 112);
    lookAt(Math.round((count * k) / STEPS)).forEach((look, e) => put(pen, look, 132 + 90 * (e % 4), 8 + 90 * Math.floor(e / 4), 84));
    pen.fillStyle = css(ink);
    lines.forEach((line, row) => {
      pen.font = `${row ? "" : "bold"} 15px ${font}`;
      pen.fillText(line, 8, 206 + 20 * row, WIDTH - 16);
    });
    return indexed(pen.getImageData(0, 0, WIDTH, HEIGHT).data, palette);
  });
  const seconds = frames.map((_, k) => (k < STEPS ? 0.1 : 3));
  const href = URL.createObjectURL(new Blob([gifOf(frames, seconds, palette, WIDTH, HEIGHT)], { type: "image/gif" }));
  Object.assign(document.createElement("a"), { href, download: "finished.gif" }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

function put(pen, look, x, y, side) {
  const small = new OffscreenCanvas(SIDE, SIDE);
  small.getContext("2d").putImageData(pixelsOf(look), 0, 0);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(small, x, y, side, side);
}

/** Return the index of the nearest colour of the palette for each pixel. */
function indexed(data, palette) {
  const nearest = new Map();
  return Array.from({ length: data.length / 4 }, (_, i) => {
    const [r, g, b] = data.subarray(4 * i, 4 * i + 3);
    const key = (r << 16) | (g << 8) | b;
    if (!nearest.has(key)) {
      const apart = palette.map((colour) => Math.hypot(r - colour[0], g - colour[1], b - colour[2]));
      nearest.set(key, apart.indexOf(Math.min(...apart)));
    }
    return nearest.get(key);
  });
}
