import { squaresOfRow } from "./network.mjs";
import { useArrows } from "../shared/arrows.mjs";
import { html, useRef, useState } from "../shared/preact.mjs";

const MOST_BOARDS = 32;
const BLANK = new Array(16).fill(0);

/** Rows as small pictures. Those that are not among the `known` ones are paler, in a dashed frame. */
export const Pictures = ({ network, rows, known, words }) => html`<div class="kept" role="img" aria-label=${words}>
  ${rows.map((row) => html`<${Pixels} row=${squaresOfRow(network, row)} isNew=${known && !known.has(String(row))} />`)}</div>`;

function Pixels({ row, isNew }) {
  const side = row.length === 16 ? 4 : row.length;
  return html`<span class="pixels ${isNew ? "new" : ""}" style=${{ "--side": side }}>${Array.from(row, (value) => html`<i class=${value ? "ink" : ""} />`)}</span>`;
}

/** A place to paint the reader's own boards, and to remove them. */
export function Painter({ yours, onChange }) {
  const isNew = (board) => yours.length < MOST_BOARDS && !yours.some((other) => String(other) === String(board));
  return html`<p class="about">Paint a board and keep it. Press a board to remove it.</p>
    <${Brush} onKeep=${(board) => isNew(board) && onChange([...yours, board])} />
    <div class="kept">${yours.map((row, k) => html`<button type="button" class="small" aria-label="Remove board ${k + 1}"
      onClick=${() => onChange(yours.filter((_, other) => other !== k))}><${Pixels} row=${row} /></button>`)}</div>`;
}

/** A board to paint on, by pointer or by keys. */
function Brush({ onKeep }) {
  const [board, setBoard] = useState(BLANK);
  const grid = useRef();
  const ink = useRef(null); // value that the stroke paints; null if there is no stroke
  const cells = () => [...grid.current.children];
  const arrows = useArrows(grid);
  const paint = (i, value) => i >= 0 && setBoard((now) => now.map((old, k) => (k === i ? value : old)));
  const at = (target) => cells().indexOf(target);
  const lift = () => (ink.current = null);
  function press(event) {
    const i = at(event.target);
    if (i < 0) return;
    paint(i, (ink.current = 1 - board[i]));
    grid.current.setPointerCapture(event.pointerId);
  }
  const move = ({ clientX, clientY }) => ink.current !== null && paint(at(document.elementFromPoint(clientX, clientY)), ink.current);
  const click = ({ target, detail }) => !detail && paint(at(target), 1 - board[at(target)]); // by a key, not by a pointer
  function keep() {
    onKeep(board);
    setBoard(BLANK);
  }
  return html`<div class="own">
    <div class="painter" role="group" aria-label="Your board" ref=${grid} onClick=${click} ...${arrows}
      onPointerDown=${press} onPointerMove=${move} onPointerUp=${lift} onPointerCancel=${lift}>
      ${board.map((value, i) => html`<button type="button" data-layer=${i & 3} aria-pressed=${String(value === 1)} aria-label="row ${(i >> 2) + 1}, column ${(i & 3) + 1}" />`)}
    </div>
    <button type="button" onClick=${keep}>Keep it</button>
  </div>`;
}
