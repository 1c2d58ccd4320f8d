import { element } from "./frame.mjs";

/** The ordering as a row of names: drag one, or move it with the arrow keys. */
export function orderingChips({ onmove, onpoint }) {
  const row = element("div", {
    class: "made-chips",
    role: "group",
    "aria-label": "Ordering: drag a variable, or move it with the arrow keys",
  });
  let ordering = [];
  let dragged = null;

  const stepOf = (target) => {
    const chip = target?.closest?.(".made-chips > button");
    return chip?.parentElement === row ? [...row.children].indexOf(chip) : -1;
  };
  const move = (from, to) => {
    if (to < 0 || to >= ordering.length || to === from) return from;
    const moved = ordering.filter((_, t) => t !== from);
    moved.splice(to, 0, ordering[from]);
    ordering = moved;
    onmove(moved);
    return to;
  };
  row.addEventListener("pointerdown", (event) => {
    dragged = stepOf(event.target);
    if (dragged >= 0) row.setPointerCapture(event.pointerId);
  });
  row.addEventListener("pointermove", (event) => {
    const over = stepOf(document.elementFromPoint(event.clientX, event.clientY));
    if (dragged >= 0 && dragged !== null && over >= 0) {
      dragged = move(dragged, over);
      row.children[dragged].focus();
    }
    onpoint(over >= 0 ? ordering[over] : null);
  });
  row.addEventListener("pointerup", () => (dragged = null));
  row.addEventListener("pointercancel", () => (dragged = null));
  row.addEventListener("pointerleave", () => onpoint(null));
  row.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    const from = stepOf(event.target);
    if (!steps || from < 0) return;
    event.preventDefault();
    row.children[move(from, from + steps)].focus();
  });

  function draw(names, now) {
    ordering = now;
    while (row.children.length > now.length) row.lastChild.remove();
    while (row.children.length < now.length) row.append(element("button", { type: "button" }));
    now.forEach((variable, t) => {
      const chip = row.children[t];
      if (chip.textContent !== names[variable]) chip.textContent = names[variable];
      chip.setAttribute("aria-label", `${names[variable]}, step ${t + 1} of ${now.length}`);
    });
  }
  return { row, draw };
}
