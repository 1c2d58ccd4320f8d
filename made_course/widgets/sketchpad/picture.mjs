import { blend } from "../shared/canvas.mjs";
import { html, useLayoutEffect, useRef } from "../shared/preact.mjs";
import { SIDE } from "./strokes.mjs";

/** Return the colours of known, drawn and hidden pixels. */
export function shadesOf({ paper, ink, drawn }) {
  const [pale, hidden] = [blend(paper, drawn, 0.14), blend(paper, drawn, 0.34)];
  return {
    paper,
    ink,
    hidden,
    faint: blend(hidden, ink, 0.3), // hidden ink, which the reader still sees
    drawn: (value) => blend(pale, drawn, value),
  };
}

/** Return a function from a pixel to its colour, for an ending in which `step` pixels are drawn. */
export function lookOf({ shades, x, ranks, values, step, marked }) {
  return (i) => {
    const rank = ranks[i];
    if (rank === undefined) return x[i] ? shades.ink : shades.paper;
    if (rank >= step) return shades.hidden;
    return rank === step - 1 && marked ? shades.ink : shades.drawn(values[i]);
  };
}

/** Return an image in which pixel i has the colour look(i), as [red, green, blue]. */
export function pixelsOf(look) {
  const image = new ImageData(SIDE, SIDE);
  for (let i = 0; i < SIDE * SIDE; i++) {
    const [red, green, blue] = look(i);
    image.data.set([red, green, blue, 255], 4 * i);
  }
  return image;
}

/** A canvas with one pixel for each pixel of an image. */
export function Picture({ look, ...properties }) {
  const canvas = useRef();
  useLayoutEffect(() => canvas.current.getContext("2d").putImageData(pixelsOf(look), 0, 0));
  return html`<canvas ref=${canvas} width=${SIDE} height=${SIDE} ...${properties} />`;
}
