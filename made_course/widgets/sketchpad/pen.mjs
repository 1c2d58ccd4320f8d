import { ARROWS } from "../shared/arrows.mjs";
import { useEffect, useRef, useState } from "../shared/preact.mjs";
import { SIDE, centred, inkOf } from "./strokes.mjs";

const RUBBER = 2.2; // radius in pixels
const PAUSE = 700; // milliseconds without a new stroke, after which the digit is centred

const textOf = (pixels) => Array.from(pixels, Number).join("");

/**
 * A pen that draws a digit, or a rubber that hides pixels, with a pointer or with keys.
 *
 * `shown` has the digit and its hidden pixels, also during a stroke. `put` receives the changed one when
 * the stroke ends. `handlers` are for the canvas. `brush` is the position of the brush that keys move,
 * or null without the keyboard.
 */
export function usePen(digit, hidden, isRubber, put) {
  const strokes = useRef([]); // drawn by the reader, unlike a digit from the list
  const stroke = useRef(null);
  const timer = useRef();
  const latest = useRef(null);
  const [draft, setDraft] = useState(null);
  const [brush, setBrush] = useState(null);
  useEffect(() => () => clearTimeout(timer.current), []);
  const forget = () => {
    clearTimeout(timer.current);
    strokes.current = [];
    setDraft(null);
  };
  const show = (values) => setDraft((latest.current = { digit, hidden, ...values }));
  const move = (point) => {
    clearTimeout(timer.current);
    stroke.current = [...(stroke.current ?? []), point];
    if (!isRubber) return show({ digit: textOf(inkOf([...strokes.current, stroke.current])) });
    const rubbed = inkOf([stroke.current], RUBBER);
    show({ hidden: textOf(rubbed.map((value, i) => value || Number(hidden[i]))) });
  };
  const lift = () => {
    if (!stroke.current) return;
    if (!isRubber) strokes.current.push(stroke.current);
    stroke.current = null;
    timer.current = setTimeout(finish, isRubber ? 0 : PAUSE);
  };
  const finish = () => {
    if (!isRubber) strokes.current = centred(strokes.current);
    put(isRubber ? { hidden: latest.current.hidden } : { digit: textOf(inkOf(strokes.current)) });
    setDraft(null);
  };
  const handlers = { ...pointer(stroke, move, lift), ...keys(brush, setBrush, stroke, move, lift) };
  return { shown: draft ?? { digit, hidden }, brush, handlers, forget };
}

function pointer(stroke, move, lift) {
  const at = ({ clientX, clientY, currentTarget }) => {
    const { left, top, width, height } = currentTarget.getBoundingClientRect();
    return [((clientX - left) / width) * SIDE, ((clientY - top) / height) * SIDE];
  };
  return {
    onPointerDown(event) {
      event.currentTarget.setPointerCapture(event.pointerId);
      move(at(event));
    },
    onPointerMove: (event) => stroke.current && event.buttons && move(at(event)),
    onPointerUp: lift,
    onPointerCancel: lift,
  };
}

/** Return handlers of keys: arrows move the brush, and draw while Shift is held; Space makes a dot. */
function keys(brush, setBrush, stroke, move, lift) {
  const [x, y] = brush ?? [SIDE / 2, SIDE / 4];
  return {
    onFocus: ({ currentTarget }) => currentTarget.matches(":focus-visible") && setBrush([x, y]),
    onBlur: () => setBrush(null),
    onKeyUp: ({ key }) => key === "Shift" && lift(),
    onKeyDown(event) {
      const by = ARROWS[event.key];
      if (!by && event.key !== " ") return;
      event.preventDefault();
      const to = [x, y].map((value, axis) => Math.min(Math.max(value + (by?.[axis] ?? 0), 1), SIDE - 1));
      setBrush(to);
      if (!by) {
        move(to);
        lift();
      } else if (event.shiftKey) {
        if (!stroke.current) move([x, y]);
        move(to);
      }
    },
  };
}
