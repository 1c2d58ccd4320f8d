/** Side of an image, and width of the border in which the network does not draw, in pixels. */
export const SIDE = 28;
export const BORDER = 3;
const PEN = 1.5; // half the width of a stroke, as in MNIST, in pixels
const BOX = 20; // side of the square into which MNIST scales a digit, in pixels

/** Return an image (0, 1) with ink within `pen` pixels of the strokes, lists of points [x, y], but not in the border. */
export function inkOf(strokes, pen = PEN) {
  const lines = strokes.flatMap((points) => points.map((end, k) => [points[Math.max(k - 1, 0)], end]));
  return Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
    const centre = [(i % SIDE) + 0.5, Math.floor(i / SIDE) + 0.5];
    return isInner(i) && lines.some((line) => distance(centre, line) < pen);
  });
}

function distance([x, y], [[fromX, fromY], [toX, toY]]) {
  const [across, down] = [toX - fromX, toY - fromY];
  const along = ((x - fromX) * across + (y - fromY) * down) / (across * across + down * down || 1);
  const share = Math.min(Math.max(along, 0), 1);
  return Math.hypot(x - fromX - share * across, y - fromY - share * down);
}

/** Scale strokes to 20 × 20 and move their centre of mass to the middle, as in MNIST. */
export function centred(strokes) {
  const ends = [0, 1].map((axis) => {
    const values = strokes.flat().map((point) => point[axis]);
    return [Math.min(...values), Math.max(...values)];
  });
  const scale = (BOX - 2 * PEN) / Math.max(...ends.map(([least, most]) => most - least), 1);
  const moved = moveTo(strokes, scale, ends.map(([least, most]) => (least + most) / 2));
  const ink = inkOf(moved);
  const count = ink.reduce((total, value) => total + value, 0);
  const mean = (place) => ink.reduce((total, value, i) => total + value * (place(i) + 0.5), 0) / count;
  return moveTo(moved, 1, [mean((i) => i % SIDE), mean((i) => Math.floor(i / SIDE))]);
}

/** Scale strokes, and move the point `middle` to the middle of the image. */
const moveTo = (strokes, scale, middle) =>
  strokes.map((points) => points.map((point) => point.map((value, axis) => (value - middle[axis]) * scale + SIDE / 2)));

/** Return the pixels of an image that the network draws: all but the border. */
export const innerOf = (pixels) => Array.from(pixels).filter((_, i) => isInner(i));

export const isInner = (i) =>
  [i % SIDE, Math.floor(i / SIDE)].every((at) => at >= BORDER && at < SIDE - BORDER);
