import { button, change, element, frame, oneTabStop } from "./frame.mjs";
import { coloursOf, inCells, isImage, paint, picture, things, whenSeen, whole } from "./pixels.mjs";
import { complete, follow, logConditionals, networkOf, uniforms } from "./sampler.mjs";
import { distances, explanation, headline, percent, tooLate, verdict } from "./completion_words.mjs";

const COUNT = 8;

/** Eight completions of x; what is needed to say how they were drawn. */
export function completed(network, x, known, seed) {
  const n = x.length;
  const noise = uniforms(seed, COUNT * n);
  const noises = Array.from({ length: COUNT }, (_, k) => noise.subarray(k * n, (k + 1) * n));
  return { ...complete(network, network, x, known, noises), sets: network.sets };
}

/** Nats of what is hidden: given the rest, where the ordering has it last, and of independent variables. */
export function price(network, { order, degrees, exact, first }, x, known, ink) {
  const over = (log_p) => -log_p.reduce((total, value, i) => (known[i] ? total : total + value), 0);
  const original = () => follow({ ...network, order, degrees }, (i) => x[i], undefined, first);
  const given = exact ? over(logConditionals(original())) : null;
  return [given, over(ink.map((p, i) => Math.log(x[i] ? p : 1 - p)))];
}

// ---- picture ----

/** A canvas on which the pointer hides, or uncovers where it starts on what is hidden. */
function drawable(canvas, board, hidden, show, done) {
  const { rows, columns } = board;
  const reach = Math.min(rows, columns) > 11 ? 1 : 0;
  let stroke = null;
  const cell = ({ clientX, clientY }) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [((clientX - left) / width) * columns, ((clientY - top) / height) * rows].map(Math.floor);
  };
  const dab = ([x, y]) => {
    for (let row = y - reach; row <= y + reach; row++) {
      for (let column = x - reach; column <= x + reach; column++) {
        const inside = row >= 0 && row < rows && column >= 0 && column < columns;
        if (inside) stroke.mask[row * columns + column] = stroke.hides;
      }
    }
  };
  const go = (event) => {
    const to = cell(event);
    const [from, steps] = [stroke.at, Math.max(...to.map((value, k) => Math.abs(value - stroke.at[k])), 1)];
    for (let k = 0; k <= steps; k++) dab(from.map((value, axis) => Math.round(value + ((to[axis] - value) * k) / steps)));
    stroke.at = to;
    show(stroke.mask);
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    const at = cell(event);
    const mask = [...hidden()];
    stroke = { at, mask, hides: mask[at[1] * columns + at[0]] === "1" ? "0" : "1" };
    go(event);
  });
  canvas.addEventListener("pointermove", (event) => stroke && go(event));
  canvas.addEventListener("lostpointercapture", () => {
    const { mask } = stroke;
    stroke = null;
    done(mask.join(""));
  });
}

/** A row of pictures to choose from by click or key. */
function gallery(count, name, board, side, onchoose) {
  const buttons = Array.from({ length: count }, (_, k) => {
    const { canvas, caption } = picture("", { "aria-hidden": "true" });
    const choose = button("", () => onchoose(k), { class: "made-choose", "aria-label": `${name} ${k + 1}` });
    choose.append(caption, canvas);
    return { choose, canvas, caption };
  });
  const box = element("div", { role: "group", "aria-label": `${name}s` }, ...buttons.map(({ choose }) => choose));
  oneTabStop(box, () => buttons.map(({ choose }) => choose), (next) => stop(next));
  const stop = (next) => buttons.forEach(({ choose }) => (choose.tabIndex = choose === next ? 0 : -1));
  stop(buttons[0].choose);
  return { box, buttons, draw: (k, colours, look) => paint(buttons[k].canvas, board, side, colours, look) };
}

function bars() {
  const rows = [0, 1].map(() => {
    const [words, bar] = [element("span"), element("span", { class: "made-bar" })];
    return { words, bar, row: element("div", { class: "made-price" }, words, bar) };
  });
  const draw = (board, [given, alone]) => {
    const said = [
      given === null ? "given the rest: not known" : `given the rest: ${given.toFixed(1)} nats`,
      `independent ${things(board)}: ${alone.toFixed(1)} nats`,
    ];
    rows.forEach(({ words, bar }, k) => {
      words.textContent = said[k];
      bar.style.width = `${(100 * ([given, alone][k] ?? 0)) / Math.max(given ?? 0, alone, 1e-9)}%`;
    });
  };
  return { box: element("div", { class: "made-prices" }, element("b", {}, "What is hidden of the original costs"), ...rows.map(({ row }) => row)), draw };
}

function render({ model, el }) {
  const board = model.get("board");
  const network = networkOf(model.get("network"), model.get("weights"));
  const [images, parts, ink] = ["images", "parts", "ink"].map((name) => model.get(name));
  const asked = () => model.get("asked");
  const set = (values) => change(model, { asked: { ...asked(), ...values } });
  const ask = (values) => set({ guess: null, revealed: false, ...values });

  const hides = Object.keys(parts).map((part) => button(part === "random" ? "random half" : part, () => ask({ hidden: parts[part] })));
  const other = button("Other completions", () => ask({ seed: (asked().seed + 1) % 1_000_000 }));
  const reveal = button("Show the original", () => (asked().revealed ? ask({}) : set({ revealed: true })));
  const controls = element("div", { class: "made-controls" },
    element("span", { class: "made-parts", role: "group", "aria-label": "Hide" }, "Hide ", ...hides), other, reveal);
  const known = picture("", { class: "made-drawable" });
  const original = () => images[asked().image_index];
  const thumbs = gallery(images.length, whole(board), board, isImage(board) ? 56 : 100, (k) => ask({ image_index: k }));
  const eight = gallery(COUNT, "completion", board, isImage(board) ? 140 : 220, (k) => set({ guess: k, revealed: true }));
  const [say, head, how] = ["b", "b", "span"].map((tag) => element(tag));
  const costs = bars();
  const ordering = picture("Ordering");
  el.append(
    controls,
    element("div", { class: "made-body" },
      element("div", { class: "made-left" }, known.box,
        element("div", { class: "made-note" }, `Drag over it to hide other ${things(board)}, or to uncover some.`),
        ...(images.length > 1 ? [thumbs.box] : []),
        ...(model.get("are_drawn") ? [element("div", { class: "made-note" }, "Drawn by the model itself.")] : [])),
      element("div", { class: "made-right" }, eight.box, element("div", { role: "status" }, say), costs.box)),
    element("div", { class: "made-how" }, ordering.box, element("div", { role: "status" }, head, " ", how)),
  );

  thumbs.box.className = "made-thumbs";
  eight.box.className = "made-eight";
  const size = isImage(board) ? 280 : 320;
  const showKnown = (hidden, revealed) => {
    const x = original();
    const covered = (i) => hidden[i] === "1";
    known.caption.textContent = revealed ? "Original" : "Known";
    const words = (i) => (covered(i) && !revealed ? "?" : String(x[i]));
    paint(known.canvas, board, size, coloursOf(el), (i) => ({
      value: covered(i) && !revealed ? 0 : x[i], hatched: covered(i) && !revealed, drawn: covered(i), words: words(i),
    }));
    known.canvas.setAttribute("aria-label", inCells(board)
      ? board.names.map((name, i) => `${name} ${words(i)}`).join(", ")
      : `${[...hidden].filter((one) => one === "0").length} of ${x.length} ${things(board)} are known`);
  };
  drawable(known.canvas, board, () => asked().hidden, (mask) => showKnown(mask, false), (hidden) => ask({ hidden }));

  let found = null;
  let shownFor = "";
  const anew = ({ image_index, hidden, seed }, colours) => {
    const givens = Array.from(hidden, (one) => one === "0");
    found = { ...completed(network, original(), givens, seed), known: givens };
    found.apart = distances(found.rows, original());
    found.rows.forEach(({ row }, k) => eight.draw(k, colours, (i) => ({ value: row[i], drawn: !givens[i], words: String(row[i]) })));
    images.forEach((image, k) => thumbs.draw(k, colours, (i) => ({ value: givens[i] ? image[i] : 0, hatched: !givens[i] })));
    const late = tooLate(givens, found.order);
    paint(ordering.canvas, board, 112, colours, (i) => ({ value: (found.order[i] - 1) / (givens.length - 1), hatched: late[i], words: String(found.order[i]) }));
    ordering.canvas.setAttribute("aria-label", `Pale comes first, dark last; ${late.filter(Boolean).length} known ${things(board)} that come too late are hatched`);
    head.textContent = `${found.exact ? "✓" : "⚠"} ${headline(board, givens, found)}`;
    how.textContent = explanation(board, givens, found);
    for (const [part, control] of Object.keys(parts).map((part, k) => [part, hides[k]])) {
      control.setAttribute("aria-pressed", parts[part] === hidden);
    }
    thumbs.buttons.forEach(({ choose }, k) => choose.setAttribute("aria-pressed", k === image_index));
  };
  function draw() {
    const { image_index, hidden, seed, guess, revealed } = asked();
    if (!el.isConnected) return;
    const colours = coloursOf(el);
    const wanted = JSON.stringify([image_index, hidden, seed, colours.ink]);
    if (wanted !== shownFor) anew(asked(), colours);
    shownFor = wanted;
    showKnown(hidden, revealed);
    const count = [...hidden].filter((one) => one === "1").length;
    eight.buttons.forEach(({ choose, caption }, k) => {
      const weight = found.shares ? ` · weight ${percent(found.shares[k])}` : "";
      const best = found.apart[k] === Math.min(...found.apart) ? "✓ " : "";
      caption.textContent = `${k + 1}${weight}${revealed ? ` · ${best}${found.apart[k]} differ` : ""}`;
      choose.setAttribute("aria-label", `completion ${caption.textContent}`);
      choose.setAttribute("aria-pressed", guess === k);
    });
    eight.box.classList.toggle("made-weighted", Boolean(found.shares));
    eight.box.style.visibility = count ? "visible" : "hidden";
    costs.box.hidden = !revealed || count === 0;
    if (revealed) costs.draw(board, price(network, found, original(), found.known, ink));
    reveal.textContent = revealed ? "Hide the original" : "Show the original";
    if (!count) say.textContent = `Nothing is hidden: drag over the ${whole(board)} to hide what you like.`;
    else if (revealed) say.textContent = verdict(board, found.apart, count, guess);
    else say.textContent = "Which of the eight comes closest to the original? Click on it.";
  }
  whenSeen(el, draw);
  return frame(el, model, "Completion player", draw);
}

export default { render };
