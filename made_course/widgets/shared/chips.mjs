import { element, oneTabStop } from "./frame.mjs";
import { shortened } from "./words.mjs";

/** An ordering in which the variable at one place has moved to another. */
export function moved(ordering, from, to) {
  const others = ordering.filter((_, t) => t !== from);
  others.splice(to, 0, ordering[from]);
  return others;
}

/**
 * An ordering as a row of chips, first to last; `show(names, ordering)` says which.
 *
 * A chip is dragged, or moved by ← and →; ↑ and ↓ go to the one beside it. `onmove` gets the
 * ordering that results. A chip keeps its place and changes its name, so that focus is not lost.
 */
export function chips(onmove) {
  const row = element("span", { class: "made-chips", role: "group", "aria-label": "Ordering" });
  let ordering = [];
  let held = null;
  const go = (from, to) => {
    if (from === to || !row.children[to]) return;
    onmove(moved(ordering, from, to));
    row.children[to].focus();
  };
  oneTabStop(row, () => [...row.children]);
  row.addEventListener("keydown", (event) => {
    const at = [...row.children].indexOf(event.target);
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const beside = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (at < 0 || !(by || beside)) return;
    event.preventDefault();
    if (by) go(at, at + by);
    else row.children[at + beside]?.focus();
  });
  row.addEventListener("pointerdown", (event) => {
    const at = [...row.children].indexOf(event.target);
    if (at < 0 || event.button) return;
    held = at;
    row.setPointerCapture(event.pointerId);
  });
  row.addEventListener("pointermove", ({ clientX, clientY }) => {
    if (held === null) return;
    const to = [...row.children].indexOf(document.elementFromPoint(clientX, clientY));
    const box = row.children[to]?.getBoundingClientRect();
    if (!box || (to > held ? clientX < box.x + box.width / 2 : clientX > box.x + box.width / 2)) return;
    go(held, to);
    held = to;
  });
  for (const end of ["pointerup", "pointercancel"]) row.addEventListener(end, () => { held = null; });
  const show = (names, now) => {
    ordering = now;
    while (row.children.length > now.length) row.lastChild.remove();
    while (row.children.length < now.length) row.append(element("button", { type: "button", tabindex: -1 }));
    if (!row.querySelector('[tabindex="0"]')) row.children[0].tabIndex = 0;
    now.forEach((i, t) => {
      row.children[t].textContent = shortened(names[i]);
      row.children[t].setAttribute("aria-label", `${names[i]}, step ${t + 1}: ← and → move it`);
    });
  };
  const part = element("span", { class: "made-ordering" }, "First", row, "last");
  return { part, show };
}
