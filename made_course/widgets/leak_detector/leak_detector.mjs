import { button, change, element, frame } from "../shared/frame.mjs";
import { hat, shortened } from "../shared/words.mjs";
import { chips } from "../shared/chips.mjs";
import { FLIP, SLOPE, HEADS, MOST_CELLS, agreement, colours, findingsOf, kindOf, pairWords, rowWords, scaleWords, shade, verdict } from "./leaks.mjs";

const SIDE = 280;
const HELP = "Rows are outputs, columns inputs. Press or point at a cell, or move by the arrow keys.";
const FEW = " Drag a variable, or press ← or → on it, to try another ordering.";
const MANY = " Both stand in the ordering's sequence: nothing is allowed on the diagonal and above it. A leak is drawn larger than it is.";

/** A matrix of a few variables: a table of cells. */
function cells(names) {
  const long = Math.max(...names.map((name) => shortened(name).length)) > 3;
  const heads = names.map((name) => element("th", { scope: "col", class: long ? "long" : null }, element("span", {}, shortened(name))));
  const rows = names.map((name, i) => {
    const boxes = names.map((_, j) => element("td", { "data-row": i, "data-column": j, tabindex: -1 }));
    return { boxes, row: element("tr", {}, element("th", { scope: "row", "data-row": i }, hat(shortened(name))), ...boxes) };
  });
  const table = element(
    "table",
    { role: "grid", "aria-label": "Outputs and inputs", class: names.length > 12 ? "small" : null, style: `--count: ${names.length}` },
    element("thead", {}, element("tr", {}, element("td"), ...heads)),
    element("tbody", {}, ...rows.map(({ row }) => row)),
  );
  let [last, at] = [[], [0, 0]];
  return {
    part: table,
    draw(f, way) {
      rows.forEach(({ boxes }, i) => boxes.forEach((box, j) => {
        const kind = kindOf(f, i, j, way);
        const k = i * f.count + j;
        const ringed = f.disputed.includes(k);
        box.dataset.kind = kind;
        box.classList.toggle("ringed", ringed);
        box.style.setProperty("--dark", `${100 * shade(f, k, way)}%`);
        box.setAttribute("aria-label", `${hat(names[i])}, ${names[j]}: ${HEADS[kind]}${ringed ? "; flips and slopes disagree" : ""}`);
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
function pixels() {
  const canvas = element("canvas", { tabindex: 0, role: "application", "aria-label": "Outputs and inputs: arrow keys go from pair to pair" });
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
  const [names, tried, first] = ["names", "tried", "first_ordering"].map((name) => model.get(name));
  const [found, moves] = [bytes(model.get("found")), new Float32Array(bytes(model.get("moves")).buffer)];
  const many = names.length > MOST_CELLS;
  let [f, way, drawn] = [null, FLIP, ""];
  const press = (i, j) => change(model, { selected: i, pointed: j });
  const matrix = many ? pixels() : cells(names);
  const title = element("figcaption");
  const figure = element("figure", {}, title, matrix.part);
  figure.addEventListener("pointermove", (event) => explain(matrix.pairAt(f, event)));
  figure.addEventListener("pointerleave", () => explain(null));
  figure.addEventListener("click", (event) => {
    const pair = matrix.pairAt(f, event);
    if (pair) press(...pair);
  });
  figure.addEventListener("keydown", (event) => {
    const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [0, 0];
    if (!down && !right) return;
    event.preventDefault();
    const go = (i, by) => f.rows[Math.min(Math.max(f.rows.indexOf(i) + by, 0), f.count - 1)];
    press(go(model.get("selected"), down), go(model.get("pointed"), right));
    explain(null);
    matrix.focus();
  });
  const order = chips((ordering) => change(model, { ordering }));
  const own = button("The first ordering", () => change(model, { ordering: first }));
  const slopes = button("What slopes find", () => {
    way = way === FLIP ? SLOPE : FLIP;
    draw();
  });
  const [result, where, who, head, why, row, both] = ["b", "span", "div", "b", "div", "p", "span"].map((tag) => element(tag));
  const next = button("Show one", () => {
    const at = model.get("selected") * f.count + model.get("pointed");
    const k = f.disputed.find((pair) => pair > at) ?? f.disputed[0];
    press(Math.floor(k / f.count), k % f.count);
  });
  const keys = { seen: "allowed and seen", allowed: "allowed, not seen", leak: "seen, not allowed: a leak" };
  const legend = Object.entries(keys).map(([kind, said]) => element("span", {}, element("i", { "data-kind": kind }), ` ${said}`));
  const dark = element("span");

  function explain(pair) {
    const [i, j] = pair ?? [model.get("selected"), model.get("pointed")];
    const kind = kindOf(f, i, j);
    who.textContent = `Output ${hat(names[i])}, input ${names[j]}`;
    head.textContent = HEADS[kind];
    head.dataset.kind = kind;
    why.replaceChildren(...pairWords(f, i, j).map((said) => element("div", {}, said)));
    row.textContent = rowWords(f, i);
    matrix.mark(f, i, j);
  }

  function draw() {
    const ordering = model.get("ordering");
    if (drawn !== `${ordering} ${way}`) {
      drawn = `${ordering} ${way}`;
      f = findingsOf(names, ordering, found, moves, tried);
      if (!many) order.show(names, ordering);
      matrix.draw(f, way);
      title.textContent = way === FLIP ? "What flipping finds" : "What slopes find";
      slopes.setAttribute("aria-pressed", way === SLOPE);
      dark.textContent = way === FLIP ? scaleWords(f) : "";
      [result.textContent, where.textContent] = verdict(f);
      both.textContent = agreement(f);
      next.hidden = !f.disputed.length;
    }
    own.hidden = String(first) === String(ordering);
    explain(null);
  }

  slopes.hidden = !tried.slopes;
  el.classList.add("made-leaks");
  el.append(
    element("div", { class: "made-controls" }, many ? "" : order.part, own),
    element("div", { role: "status" }, result, " ", where),
    element(
      "div",
      { class: "made-body" },
      figure,
      element("div", { class: "pair" }, element("div", { role: "status" }, who, head, why, row), element("div", { class: "both" }, both, " ", next, " ", slopes)),
    ),
    element("div", { class: many ? "legend many" : "legend" }, ...legend, dark),
    element("div", { class: "made-help" }, HELP + (many ? MANY : FEW)),
  );
  return frame(el, model, "LeakDetector", draw);
}

export default { render };
