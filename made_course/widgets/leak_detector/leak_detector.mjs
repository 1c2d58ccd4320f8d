import { ask, button, change, element, frame } from "../shared/frame.mjs";
import { hat, shortened } from "../shared/words.mjs";
import { chips } from "../shared/chips.mjs";
import { FLIP, SLOPE, HEADS, MOST_CELLS, agreement, colours, findingsOf, kindOf, pairWords, rowWords, verdict } from "./leaks.mjs";

const SIDE = 280;
const HELP = "Rows are outputs, columns are inputs. Press a row to see what its output depends on; point at a cell, or move by the arrow keys, for a single pair.";
const FEW = " Drag a variable, or press ← or → on it, to try another ordering.";
const MANY = " Both stand in the ordering's sequence, so that nothing is allowed on the diagonal and above it. A leak is drawn larger than it is.";

/** A matrix of a few variables: a table of cells. */
function cells(names, title) {
  const long = Math.max(...names.map((name) => shortened(name).length)) > 3;
  const heads = names.map((name) => element("th", { scope: "col", class: long ? "long" : null }, element("span", {}, shortened(name))));
  const rows = names.map((name, i) => {
    const boxes = names.map((_, j) => element("td", { "data-row": i, "data-column": j, tabindex: -1 }));
    return { boxes, row: element("tr", {}, element("th", { scope: "row", "data-row": i }, hat(shortened(name))), ...boxes) };
  });
  const size = names.length <= 8 ? "large" : names.length <= 12 ? "middle" : "small";
  const table = element(
    "table",
    { role: "grid", "aria-label": title, class: size },
    element("thead", {}, element("tr", {}, element("td"), ...heads)),
    element("tbody", {}, ...rows.map(({ row }) => row)),
  );
  let [last, at] = [[], [0, 0]];
  return {
    part: table,
    draw(f, way) {
      rows.forEach(({ boxes }, i) => boxes.forEach((box, j) => {
        const kind = kindOf(f, i, j, way);
        if (box.dataset.kind === kind) return;
        box.dataset.kind = kind;
        box.setAttribute("aria-label", `${hat(names[i])}, ${names[j]}: ${HEADS[kind]}`);
      }));
    },
    mark(f, i, j) {
      last.forEach((part) => part.classList.remove("at"));
      rows[at[0]].boxes[at[1]].tabIndex = -1;
      at = [i, j];
      last = [rows[i].row, heads[j], rows[i].boxes[j]];
      last.forEach((part) => part.classList.add("at"));
      rows[i].boxes[j].tabIndex = 0;
    },
    focus: () => rows[at[0]].boxes[at[1]].focus(),
    pairAt(f, { target }) {
      const box = target.closest("[data-row]");
      return box && [Number(box.dataset.row), Number(box.dataset.column ?? at[1])];
    },
  };
}

/** A matrix of many variables, in the ordering's sequence: a pixel for each pair, or for a block. */
function pixels(names, title) {
  const canvas = element("canvas", { tabindex: 0, role: "application", "aria-label": `${title}: arrow keys go from pair to pair` });
  const lines = [element("div", { class: "across" }), element("div", { class: "down" })];
  return {
    part: element("div", { class: "pixels" }, canvas, ...lines),
    draw(f, way) {
      const block = Math.ceil(f.count / SIDE);
      canvas.width = canvas.height = Math.ceil(f.count / block);
      const picture = new ImageData(colours(f, way, block, canvas.width), canvas.width);
      canvas.getContext("2d").putImageData(picture, 0, 0);
    },
    mark(f, i, j) {
      lines[0].style.top = `${(100 * (f.step[i] + 0.5)) / f.count}%`;
      lines[1].style.left = `${(100 * (f.step[j] + 0.5)) / f.count}%`;
    },
    focus: () => canvas.focus(),
    pairAt(f, event) {
      const box = canvas.getBoundingClientRect();
      const [y, x] = [(event.clientY - box.y) / box.height, (event.clientX - box.x) / box.width];
      if (Math.min(x, y) < 0 || Math.max(x, y) >= 1) return null;
      return [y, x].map((share) => f.ordering[Math.floor(share * f.count)]);
    },
  };
}

const bytes = (view) => new Uint8Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

function render({ model, el }) {
  const names = model.get("names");
  let [f, seenLast, measured] = [null, [], 0];
  const press = (k) => change(model, { selected: Math.floor(k / f.count), pointed: k % f.count });
  const ways = { "What flipping finds": FLIP, "What slopes find": SLOPE };
  const make = names.length > MOST_CELLS ? pixels : cells;
  const matrices = Object.entries(ways).map(([title, way]) => {
    const matrix = make(names, title);
    const figure = element("figure", {}, element("figcaption", {}, title), matrix.part);
    figure.addEventListener("pointermove", (event) => explain(matrix.pairAt(f, event)));
    figure.addEventListener("pointerleave", () => explain(null));
    figure.addEventListener("click", (event) => {
      const pair = matrix.pairAt(f, event);
      if (pair) press(pair[0] * f.count + pair[1]);
    });
    figure.addEventListener("keydown", (event) => {
      const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [0, 0];
      if (!down && !right) return;
      event.preventDefault();
      const go = (i, by) => f.rows[Math.min(Math.max(f.rows.indexOf(i) + by, 0), f.count - 1)];
      press(go(model.get("selected"), down) * f.count + go(model.get("pointed"), right));
      explain(null);
      matrix.focus();
    });
    return { ...matrix, figure, way, matrix };
  });
  const order = chips((ordering) => change(model, { ordering }));
  const own = button("The model's own", () => change(model, { ordering: model.get("own_ordering") }));
  const again = button("Measure again", () => {
    again.ariaDisabled = true;
    ask(model, "measure");
  });
  const [result, where, who, head, why, row, both] = ["b", "span", "div", "b", "div", "p", "span"].map((tag) => element(tag));
  const next = button("Show one", () => {
    const at = model.get("selected") * f.count + model.get("pointed");
    press(f.disputed.find((k) => k > at) ?? f.disputed[0]);
  });
  const legend = Object.entries({ seen: "allowed and seen", allowed: "allowed, not seen", leak: "seen, not allowed: a leak" });

  function explain(pair) {
    const [i, j] = pair ?? [model.get("selected"), model.get("pointed")];
    const kind = kindOf(f, i, j);
    who.textContent = `Output ${hat(names[i])}, input ${names[j]}`;
    head.textContent = HEADS[kind];
    head.dataset.kind = kind;
    why.replaceChildren(...pairWords(f, i, j).map((said) => element("div", {}, said)));
    row.textContent = rowWords(f, i);
    for (const { matrix } of matrices) matrix.mark(f, i, j);
  }

  function draw() {
    const parts = ["ordering", "found", "moves", "tried"].map((name) => model.get(name));
    if (parts.some((part, k) => part !== seenLast[k])) {
      seenLast = parts;
      const [ordering, found, moves, tried] = parts;
      f = findingsOf(names, ordering, bytes(found), new Float32Array(bytes(moves).buffer), tried);
      if (names.length <= MOST_CELLS) order.show(names, ordering);
      for (const { matrix, figure, way } of matrices) {
        figure.hidden = way === SLOPE && !tried.slopes;
        matrix.draw(f, way);
      }
      [result.textContent, where.textContent] = verdict(f);
      both.textContent = agreement(f);
      next.hidden = !f.disputed.length;
    }
    if (measured !== model.get("measured")) again.ariaDisabled = false;
    measured = model.get("measured");
    const owned = model.get("own_ordering");
    own.hidden = !owned || String(owned) === String(model.get("ordering"));
    explain(null);
  }

  again.hidden = !model.widget_manager;
  const many = names.length > MOST_CELLS;
  el.classList.add("made-leaks");
  el.append(
    element("div", { class: "made-controls" }, many ? "" : order.part, own, again),
    element("div", { role: "status" }, result, " ", where),
    element("div", { class: "made-help" }, HELP + (many ? MANY : FEW)),
    element("div", { class: many ? "legend many" : "legend" }, ...legend.map(([kind, said]) => element("span", {}, element("i", { "data-kind": kind }), ` ${said}`))),
    element(
      "div",
      { class: "made-body" },
      ...matrices.map(({ figure }) => figure),
      element("div", { class: "pair", role: "status" }, who, head, why, row),
    ),
    element("div", { class: "both" }, both, " ", next),
  );
  return frame(el, model, "LeakDetector", draw, "Measuring again needs it; all else goes on here");
}

export default { render };
