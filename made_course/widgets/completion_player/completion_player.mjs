import { arrowKeys, button, change, element, frame } from "../shared/frame.mjs";
import { coloursOf, isImage, paint, picture, things, whenSeen, whole } from "../shared/pixels.mjs";
import { complete, follow, logConditionals, networkOf } from "../shared/sampler.mjs";
import { uniforms } from "../shared/uniforms.mjs";
import { distances, explanation, headline, percent, tooLate, verdict } from "./completion_words.mjs";

const COUNT = 8;

/** Eight completions of x, with everything that the words need. */
export function completed(network, x, known, seed) {
  const n = x.length;
  const noise = uniforms(seed, COUNT * n);
  const noises = Array.from({ length: COUNT }, (_, k) => noise.subarray(k * n, (k + 1) * n));
  return { ...complete(network, network, x, known, noises), sets: network.sets };
}

/** Nats of the hidden variables: given the rest, if the ordering has them last, and as independent ones. */
export function price(network, { order, degrees, exact, first }, x, known, ink) {
  const over = (log_p) => -log_p.reduce((total, value, i) => (known[i] ? total : total + value), 0);
  const original = () => follow({ ...network, order, degrees }, (i) => x[i], undefined, first);
  const given = exact ? over(logConditionals(original())) : null;
  return [given, over(ink.map((p, i) => Math.log(x[i] ? p : 1 - p)))];
}

// ---- picture ----

/** A canvas on which the pointer hides pixels, or uncovers them if it starts on a hidden one. */
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
  arrowKeys(box, () => buttons.map(({ choose }) => choose));
  return { box, buttons, draw: (k, colours, look) => paint(buttons[k].canvas, board, side, colours, look) };
}

function bars() {
  const rows = [0, 1].map(() => [element("span"), element("span", { class: "made-bar" })]);
  const draw = (board, [given, alone]) => {
    const text = [
      given === null ? "given the rest: not known" : `given the rest: ${given.toFixed(1)} nats`,
      `independent ${things(board)}: ${alone.toFixed(1)} nats`,
    ];
    rows.forEach(([words, bar], k) => {
      words.textContent = text[k];
      bar.style.width = `${(100 * ([given, alone][k] ?? 0)) / Math.max(given ?? 0, alone, 1e-9)}%`;
    });
  };
  const box = element("div", { class: "made-prices" }, element("b", {}, "The hidden part of the original costs"), ...rows.flat());
  return { box, draw };
}

/** The controls, which change the question. */
function controlsFor(model, ask, set) {
  const parts = Object.entries(model.get("parts"));
  const hides = parts.map(([part, hidden]) => button(part === "random" ? "random half" : part, () => ask({ hidden })));
  const other = button("Other completions", () => ask({ seed: (model.get("asked").seed + 1) % 1_000_000 }));
  const reveal = button("Show the original", () => (model.get("asked").revealed ? ask({}) : set({ revealed: true })));
  const box = element("div", { class: "made-controls" },
    element("span", { class: "made-parts", role: "group", "aria-label": "Hide" }, "Hide ", ...hides), other, reveal);
  const draw = ({ hidden, revealed }) => {
    parts.forEach(([, mask], k) => hides[k].setAttribute("aria-pressed", mask === hidden));
    reveal.textContent = revealed ? "Hide the original" : "Show the original";
  };
  return { box, draw };
}

/** The image as far as it is known, to be drawn over, and the others to choose from. */
function question(model, board, ask) {
  const images = model.get("images");
  const known = picture("", { class: "made-drawable" });
  const thumbs = gallery(images.length, whole(board), board, isImage(board) ? 56 : 100, (k) => ask({ image_index: k }));
  thumbs.box.className = "made-thumbs";
  const note = element("div", { class: "made-note" }, `Drag over it to hide other ${things(board)}, or to uncover some.`);
  const box = element("div", { class: "made-left" }, known.box, note, ...(images.length > 1 ? [thumbs.box] : []));
  const draw = ({ image_index, hidden, revealed }, colours) => {
    const x = images[image_index];
    known.caption.textContent = revealed ? "Original" : "Known";
    const side = box.closest(".made-widget").clientWidth > 900 || !isImage(board) ? 280 : 224;
    paint(known.canvas, board, side, colours, (i) => {
      const drawn = hidden[i] === "1";
      const hatched = drawn && !revealed;
      return { value: hatched ? 0 : x[i], hatched, drawn, words: hatched ? "?" : String(x[i]) };
    });
    images.forEach((image, k) => {
      thumbs.buttons[k].choose.setAttribute("aria-pressed", k === image_index);
      thumbs.draw(k, colours, (i) => ({ value: hidden[i] === "1" ? 0 : image[i], hatched: hidden[i] === "1" }));
    });
  };
  const show = (mask) => draw({ ...model.get("asked"), hidden: mask, revealed: false }, coloursOf(known.canvas.closest(".made-widget")));
  drawable(known.canvas, board, () => model.get("asked").hidden, show, (hidden) => ask({ hidden }));
  return { box, draw };
}

/** Eight completions to choose from, what the choice was worth, and what the original costs. */
function answer(model, board, network, set) {
  const eight = gallery(COUNT, "completion", board, isImage(board) ? 140 : 220, (k) => set({ guess: k, revealed: true }));
  const [say, costs] = [element("b"), bars()];
  const box = element("div", { class: "made-right" }, eight.box, element("div", { role: "status" }, say), costs.box);
  const draw = ({ rows, known }, colours) => rows.forEach(({ row }, k) =>
    eight.draw(k, colours, (i) => ({ value: row[i], drawn: !known[i], words: String(row[i]) })));
  const tell = ({ guess, revealed }, found) => {
    const apart = distances(found.rows, found.x);
    const count = found.known.filter((is) => !is).length;
    eight.buttons.forEach(({ choose, caption }, k) => {
      const weight = found.shares ? ` · weight ${percent(found.shares[k])}` : "";
      const mark = apart[k] === Math.min(...apart) ? "✓" : "·";
      caption.textContent = `${k + 1}${weight}${revealed ? ` ${mark} ${apart[k]} differ` : ""}`;
      choose.setAttribute("aria-label", `completion ${caption.textContent}`);
      choose.setAttribute("aria-pressed", guess === k);
    });
    eight.box.className = found.shares ? "made-eight made-weighted" : "made-eight";
    eight.box.style.visibility = count ? "visible" : "hidden";
    costs.box.hidden = !revealed || count === 0;
    if (revealed) costs.draw(board, price(network, found, found.x, found.known, model.get("ink")));
    if (!count) say.textContent = `Nothing is hidden: drag over the ${whole(board)} to hide what you like.`;
    else if (revealed) say.textContent = verdict(board, apart, count, guess);
    else say.textContent = "Which of the eight comes closest to the original? Click on it.";
  };
  return { box, draw, tell };
}

/** How the completions were drawn: in which ordering, and what that makes of them. */
function account(board) {
  const ordering = picture("Ordering");
  const [head, how] = [element("b"), element("span")];
  const box = element("div", { class: "made-how" }, ordering.box, element("div", { role: "status" }, head, " ", how));
  const draw = (found, colours) => {
    const { known, order } = found;
    box.hidden = !known.includes(false); // nothing was drawn
    const late = tooLate(known, order);
    paint(ordering.canvas, board, 112, colours, (i) => {
      return { value: (order[i] - 1) / (order.length - 1), hatched: late[i], words: String(order[i]) };
    });
    head.textContent = `${found.exact ? "✓" : "⚠"} ${headline(board, known, found)}`;
    how.textContent = explanation(board, known, found);
  };
  return { box, draw };
}

function render({ model, el }) {
  const board = model.get("board");
  const network = networkOf(model.get("network"), model.get("weights"));
  const set = (values) => change(model, { asked: { ...model.get("asked"), ...values } });
  const ask = (values) => set({ guess: null, revealed: false, ...values });
  const controls = controlsFor(model, ask, set);
  const [asks, answers, tells] = [question(model, board, ask), answer(model, board, network, set), account(board)];
  el.append(controls.box, element("div", { class: "made-question" }, asks.box, answers.box), tells.box);

  let [found, shownFor] = [null, ""];
  const complete = (wanted) => {
    if (wanted !== shownFor) return; // there is a newer question already
    if (!el.isConnected) return void (shownFor = "");
    const { image_index, hidden, seed } = model.get("asked");
    const [x, known] = [model.get("images")[image_index], Array.from(hidden, (one) => one === "0")];
    found = { ...completed(network, x, known, seed), x, known };
    for (const part of [answers, tells]) part.draw(found, coloursOf(el));
    answers.tell(model.get("asked"), found);
  };
  function draw() {
    if (!el.isConnected) return;
    const asked = model.get("asked");
    const colours = coloursOf(el);
    controls.draw(asked);
    asks.draw(asked, colours);
    const wanted = JSON.stringify([asked.image_index, asked.hidden, asked.seed, colours.paper, colours.ink]);
    if (wanted === shownFor) return found && answers.tell(asked, found);
    [found, shownFor] = [null, wanted];
    // the question is on the page at once, the completions in the frame that follows
    requestAnimationFrame(() => setTimeout(complete, 0, wanted));
  }
  whenSeen(el, draw);
  return frame(el, model, "Completion player", draw);
}

export default { render };
