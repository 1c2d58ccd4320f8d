import { arrowKeys, button, element } from "../shared/frame.mjs";

const MOST_BOARDS = 32;

/** Under what it draws: the boards that it learns; those of the reader's own are painted and taken away here. */
export function painterOf(place, onchange) {
  let [yours, isInk] = [[], null];
  const cells = Array.from({ length: 16 }, (_, i) => button("", () => {}, { "aria-pressed": "false", "aria-label": `row ${(i >> 2) + 1}, column ${(i & 3) + 1}` }));
  const grid = element("div", { class: "painter", role: "group", "aria-label": "Your board" }, ...cells);
  const keep = button("Keep it", () => {
    const board = cells.map((cell) => Number(cell.ariaPressed === "true"));
    cells.forEach((cell) => (cell.ariaPressed = "false"));
    if (yours.length < MOST_BOARDS && !yours.some((other) => String(other) === String(board))) onchange([...yours, board]);
  });
  const list = element("div", { class: "kept" });
  const text = element("span", { class: "said" });
  const paint = (cell, is) => (cell.ariaPressed = String(is));
  arrowKeys(grid, () => cells);
  grid.addEventListener("keydown", (event) => {
    if (![" ", "Enter"].includes(event.key)) return;
    event.preventDefault();
    paint(event.target, event.target.ariaPressed !== "true");
  });
  grid.addEventListener("pointerdown", (event) => {
    if (!cells.includes(event.target)) return;
    isInk = event.target.ariaPressed !== "true";
    paint(event.target, isInk);
    grid.setPointerCapture(event.pointerId);
  });
  grid.addEventListener("pointermove", ({ clientX, clientY }) => {
    const cell = isInk !== null && cells.find((each) => each === document.elementFromPoint(clientX, clientY));
    if (cell) paint(cell, isInk);
  });
  for (const end of ["pointerup", "pointercancel"]) grid.addEventListener(end, () => (isInk = null));
  place.append(text, element("div", { class: "own" }, grid, keep), list);

  let onPage = "";
  function draw(lesson, rows) {
    place.hidden = lesson === "diary";
    place.classList.toggle("painting", lesson === "yours");
    const next = lesson + rows.map(String).join(" ");
    if (next === onPage) return;
    onPage = next;
    yours = lesson === "yours" ? rows.map((row) => [...row]) : [];
    text.textContent = lesson === "yours" ? "Paint a board and keep it; press one to take it away." : `It learns these ${rows.length}:`;
    list.replaceChildren(...rows.map((row, k) => lesson === "yours"
      ? element("button", { type: "button", class: "small", "aria-label": `Take board ${k + 1} away`, onclick: () => onchange(yours.filter((_, other) => other !== k)) }, pixels(row))
      : pixels(row)));
  }
  return { draw };
}

/** A board in small. */
function pixels(row) {
  const squares = Array.from(row, (value) => element("i", { class: value ? "ink" : "" }));
  return element("span", { class: "pixels", "aria-hidden": "true" }, ...squares);
}
