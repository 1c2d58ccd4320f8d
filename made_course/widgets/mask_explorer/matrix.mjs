import { shape } from "../shared/frame.mjs";

/**
 * A table of small squares: rows are listeners, columns those that they may listen to.
 *
 * `draw(cells, rows, columns)`: cells[row][column] is the name of a kind of square, rows and columns
 * are words at the margins. `light(row, column)` frames one of each; either may be null. `onpoint` and `onselect` get [row, column].
 */
export function matrixOf(title, kinds, { onpoint, onselect }) {
  const paths = Object.fromEntries(kinds.map((kind) => [kind, shape("path", { class: kind })]));
  const marks = shape("path", { class: "lit" });
  const margins = shape("g");
  const heading = shape("text", { x: 0, y: 14, class: "heading" }, title);
  const picture = shape("svg", { class: "matrix", role: "img" }, heading, margins, ...Object.values(paths), marks);
  let layout = {};

  const cellAt = (event) => {
    const box = picture.getBoundingClientRect();
    const scale = layout.wide / box.width;
    const column = Math.floor(((event.clientX - box.left) * scale - layout.left) / layout.side);
    const row = Math.floor(((event.clientY - box.top) * scale - layout.top) / layout.side);
    const isInside = row >= 0 && column >= 0 && row < layout.rows && column < layout.columns;
    return isInside ? [row, column] : null;
  };
  picture.addEventListener("pointermove", (event) => onpoint(cellAt(event)));
  picture.addEventListener("pointerleave", () => onpoint(null));
  picture.addEventListener("click", (event) => cellAt(event) && onselect(cellAt(event)));

  function draw(cells, rows, columns) {
    layout = placed(rows, columns);
    const { side, wide, high } = layout;
    picture.setAttribute("viewBox", `0 0 ${wide} ${high}`);
    picture.setAttribute("width", wide);
    picture.setAttribute("aria-label", `${title}: ${rows.length} rows of ${columns.length}`);
    for (const kind of kinds) paths[kind].setAttribute("d", squares(cells, kind, layout));
    margins.replaceChildren(...(side >= 14 ? words(rows, columns, layout) : []));
  }

  function light(row, column) {
    const { left, top, side, rows, columns } = layout;
    let frames = row === null ? "" : rectangle(left, top + row * side, columns * side, side);
    if (column !== null) frames += rectangle(left + column * side, top, side, rows * side);
    marks.setAttribute("d", frames);
  }
  return { picture, draw, light };
}

/** Where everything stands: the largest squares that fit, with room for words where they are read. */
function placed(rows, columns) {
  const side = Math.min(24, Math.max(260 / Math.max(rows.length, columns.length), 0.5));
  const longest = (words) => Math.max(...words.map((word) => [...word].length));
  const left = side >= 14 ? 12 + 8 * longest(rows) : 4;
  const top = side >= 14 ? 44 : 26;
  const wide = Math.max(left + columns.length * side + 4, 190);
  return { side, left, top, wide, high: top + rows.length * side + 4, rows: rows.length, columns: columns.length };
}

function words(rows, columns, { left, top, side }) {
  const middle = { "dominant-baseline": "central" };
  return [
    ...rows.map((word, k) =>
      shape("text", { x: left - 6, y: top + (k + 0.5) * side, "text-anchor": "end", ...middle }, word),
    ),
    ...columns.map((word, k) =>
      shape("text", { x: left + (k + 0.5) * side, y: top - 10, "text-anchor": "middle", ...middle }, word),
    ),
  ];
}

/** All squares of one kind as one path; small ones touch, and rows of them are drawn in one. */
function squares(cells, kind, { left, top, side }) {
  const gap = side >= 8 ? 1.5 : 0;
  const made = [];
  cells.forEach((row, k) => {
    for (let from = 0; from < row.length; from++) {
      if (row[from] !== kind) continue;
      let to = from + 1;
      while (!gap && row[to] === kind) to++;
      const [x, y] = [left + from * side + gap, top + k * side + gap];
      made.push(rectangle(x, y, (to - from) * side - 2 * gap, side - 2 * gap));
      if (kind === "leak" && gap) made.push(crossed(x, y, side - 2 * gap));
      from = to - 1;
    }
  });
  return made.join("");
}

const rectangle = (x, y, wide, high) => `M${x} ${y}h${wide}v${high}h${-wide}z`;

const crossed = (x, y, side) => `M${x} ${y}l${side} ${side}M${x + side} ${y}l${-side} ${side}`;
