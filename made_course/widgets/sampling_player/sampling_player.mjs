import { button, change, choice, element, frame, shape, tick } from "../shared/frame.mjs";
import { coloursOf, inCells, isImage, paint, picture, things, valueOf, whenSeen, whole } from "../shared/pixels.mjs";
import { follow, logConditionals, networkOf, score, sigmoid } from "../shared/sampler.mjs";
import { uniforms } from "../shared/uniforms.mjs";

/** A row and what the network says of it: probabilities, and log p after 0, 1, ..., D variables. */
export function played(network, decide) {
  const { row, logits } = follow(network, decide);
  const steps = logConditionals({ row, logits });
  const ordering = Array.from(row, (_, i) => i).sort((a, b) => network.order[a] - network.order[b]);
  const soFar = [0];
  ordering.forEach((i, t) => soFar.push(soFar[t] + steps[i]));
  return { row, p: logits.map(sigmoid), soFar, ordering };
}

// ---- words ----

/** How the variable of this step got its value; without u it took the likelier one. */
export function sayDecision(board, { row, p, ordering }, step, u) {
  const here = `Step ${step} of ${row.length}`;
  const first = board.names[ordering[0]];
  if (step === 0) return `${here}: nothing is decided yet. First in the ordering is ${first}: p ${number(p[ordering[0]])}.`;
  const i = ordering[step - 1];
  const [saidP, saidU] = sayBoth(p[i], u ?? 0.5);
  const value = valueOf(board, row[i]);
  if (u === null) {
    return `${here}: ${board.names[i]}. p ${saidP} ${row[i] ? "≥" : "<"} 1/2: the likelier value is ${value}.`;
  }
  return `${here}: ${board.names[i]}. p ${saidP}, u ${saidU} ${row[i] ? "≤" : ">"} p, so it is ${value}.`;
}

/** Two numbers; with more digits where only these tell which is larger. */
function sayBoth(p, u) {
  const label = [number(p), number(u)];
  return label[0] === label[1] && p !== u ? [p, u].map((one) => `= ${one.toFixed(7)}`) : label;
}

/** A probability in a sentence, never rounded to 0 or 1. */
export function number(p) {
  for (const digits of [2, 3, 4]) {
    const label = p.toFixed(digits);
    if (Number(label) > 0 && Number(label) < 1) return `= ${label}`;
  }
  return p < 0.5 ? "< 0.0001" : "> 0.9999";
}

/** A log-probability in a sentence. */
export function nats(value) {
  const label = Math.abs(value).toFixed(Math.abs(value) >= 10 ? 1 : 2);
  return Number(label) === 0 ? label : `−${label}`;
}

export function sayLikelihood(board, { soFar }, step) {
  const total = nats(soFar.at(-1));
  if (step === soFar.length - 1) return `The whole ${whole(board)} has log p = ${total} nats.`;
  return `log p so far: ${nats(soFar[step])} nats, of ${total} in the end.`;
}

export function sayReal(board, { row, p, soFar, ordering }, step) {
  const inAll = `The real ${whole(board)} has log p = ${nats(soFar.at(-1))} nats in all.`;
  const i = ordering[step - 1];
  return step ? `${inAll} There ${board.names[i]} is ${valueOf(board, row[i])}, where p ${number(p[i])}.` : inAll;
}

function notes(board, { step, greedy, show_real }) {
  const label = [];
  const [all, one] = [things(board), things(board).slice(0, -1)];
  if (Math.max(step, 1) < board.names.length) {
    label.push(
      `Hatched ${all} are still to come. A hatched output is not a conditional yet: the network reads ` +
        `zeros for the missing ${all} before it. The others are final: no later ${one} changes them.`,
    );
  } else label.push("Every output is a conditional now.");
  if (greedy) {
    label.push(`Nothing is drawn. The result need be neither typical nor the most probable ${whole(board)}.`);
  }
  if (show_real) label.push(`Beside: the network's outputs for the real ${all}, each given the real ones before it.`);
  return label.join(" ");
}

// ---- picture ----

/** A row as far as it is decided, and beside it what the network puts out. */
function pair(board) {
  const [left, right] = [picture(""), picture("p(xᵢ = 1 | those before)")];
  const box = element("div", { class: "made-pair" }, left.box, right.box);
  const most = inCells(board) ? Math.min(288, 72 * Math.max(board.rows, board.columns)) : isImage(board) ? 252 : 480;
  const draw = (title, network, colours, { row, p, ordering }, step) => {
    const room = box.closest(".made-widget").clientWidth;
    const side = isImage(board) ? Math.min(most, Math.floor((room - (room < 600 ? 30 : 320)) / 2)) : most;
    const undecided = (i, upTo) => network.order[i] > upTo;
    const read = score(network, row.map((value, i) => (undecided(i, step - 1) ? 0 : value)));
    const output = (i) => (undecided(i, Math.max(step, 1)) ? sigmoid(read.logits[i]) : p[i]);
    const last = step ? ordering[step - 1] : null;
    left.caption.textContent = title;
    paint(left.canvas, board, side, colours, (i) => {
      const hatched = undecided(i, step);
      return { value: hatched ? 0 : row[i], hatched, words: hatched ? "?" : String(row[i]) };
    }, last);
    paint(right.canvas, board, side, colours, (i) => {
      return { value: output(i), hatched: undecided(i, Math.max(step, 1)), words: output(i).toFixed(2) };
    }, last);
  };
  return { box, draw };
}

/** The line from 0 to 1, filled up to p, and the mark of the number that decided, if one has. */
function decisionLine() {
  const [filled, end, mark] = [0, 1, 2].map(() => element("span"));
  const box = element("div", { class: "made-line", "aria-hidden": "true" }, filled, end, mark);
  const draw = (p, u) => {
    filled.style.width = end.style.left = `${100 * p}%`;
    mark.hidden = u === undefined;
    mark.style.left = `${100 * (u ?? 0.5)}%`;
    end.textContent = `p ${number(p)}`;
    mark.textContent = u == null ? "1/2" : `u ${number(u)}`;
  };
  return { box, draw };
}

const [WIDE, HIGH] = [1000, 130];

/** log p after each step, bold as far as it has come, with the control that goes to another step. */
function curve(steps, go) {
  const steady = { fill: "none", "vector-effect": "non-scaling-stroke" };
  const lines = [["var(--blue)", "none"], ["var(--ink)", "7 5"]].map(([stroke, dashes]) =>
    [1.5, 4].map((width) => shape("polyline", { ...steady, stroke, "stroke-width": width, "stroke-dasharray": dashes })));
  const here = shape("path", { ...steady, stroke: "var(--ink)" });
  const plot = shape("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    shape("path", { ...steady, stroke: "var(--pale)", d: `M0 0H${WIDE}M0 ${HIGH / 2}H${WIDE}M0 ${HIGH}H${WIDE}` }),
    here, ...lines.flat());
  const scale = [0, 1, 2].map(() => element("span"));
  const slider = element("input", { type: "range", min: 0, max: steps, "aria-label": "Step", oninput: () => go(Number(slider.value)) });
  const drag = (event) => {
    if (event.buttons !== 1) return;
    const { left, width } = plot.getBoundingClientRect();
    go(Math.min(Math.max(Math.round(((event.clientX - left) / width) * steps), 0), steps));
  };
  for (const name of ["pointerdown", "pointermove"]) plot.addEventListener(name, drag);
  const keys = [0, 1].map(() => element("span", { class: "made-key" }));
  const box = element("div", { class: "made-curve" },
    element("div", { class: "made-keys" }, element("b", {}, "log p so far, in nats"), ...keys),
    element("div", { class: "made-scale" }, ...scale), plot, slider);
  let points = [];
  const draw = (named) => {
    const lowest = Math.min(-0.01, ...named.map(([, { soFar }]) => soFar.at(-1)));
    points = lines.map((_, k) => (named[k]?.[1].soFar ?? []).map((nat, t) => `${(WIDE * t) / steps},${(HIGH * nat) / lowest}`));
    lines.forEach(([thin], k) => thin.setAttribute("points", points[k].join(" ")));
    scale.forEach((text, k) => (text.textContent = nats((k * lowest) / 2)));
    keys.forEach((key, k) => (key.textContent = named[k]?.[0] ?? ""));
  };
  const move = (step) => {
    slider.value = step;
    lines.forEach(([, bold], k) => bold.setAttribute("points", points[k].slice(0, step + 1).join(" ")));
    here.setAttribute("d", `M${(WIDE * step) / steps} 0V${HIGH}`);
  };
  return { box, draw, move };
}

// ---- the widget ----

const SPEEDS = { slow: 40, steady: 15, fast: 5 };

/** Plays from a step on: show(step) at each frame, ended() when it stops by itself. */
function clock(el, steps, seconds, show, ended) {
  let [at, last, playing] = [0, null, false];
  const tickOn = (now) => {
    if (!playing || !el.isConnected) return;
    at = Math.min(steps, at + (steps * Math.min(now - (last ?? now), 100)) / 1000 / seconds());
    last = now;
    show(Math.floor(at));
    if (at < steps) requestAnimationFrame(tickOn);
    else ended();
  };
  return {
    isOn: () => playing,
    stop: () => (playing = false),
    start(step) {
      [at, last, playing] = [step % steps, null, true];
      requestAnimationFrame(tickOn);
    },
  };
}

function controlsFor(model, board, steps, go, stop) {
  const playButton = button("", () => (time.isOn() ? stop() : start()));
  const [back, on] = [[-1, "‹", "One step back"], [1, "›", "One step on"]].map(([by, sign, name]) =>
    button(sign, () => go(model.get("step") + by), { "aria-label": name, title: name }));
  const fresh = button("New sample", () => {
    stop();
    change(model, { seed: model.get("seed") + 1, greedy: false });
  });
  const speed = choice("Speed", Object.keys(SPEEDS).map((name) => [name, name]), () => {});
  speed.list.value = "steady";
  const greedy = tick("likelier value", (on) => change(model, { greedy: on }));
  const beside = tick(`a real ${whole(board)} beside`, (on) => change(model, { show_real: on }));
  const box = element("div", { class: "made-controls" }, playButton, back, on, fresh, speed.label, greedy.label,
    ...(model.get("real").length ? [beside.label] : []));
  const seconds = () => SPEEDS[speed.list.value] * (inCells(board) ? steps / 20 : 1);
  // while it plays, only the page follows
  const time = clock(box, steps, seconds, (step) => step !== model.get("step") && model.set("step", step), stop);
  const start = () => {
    time.start(model.get("step"));
    draw();
  };
  const draw = () => {
    const step = model.get("step");
    playButton.textContent = time.isOn() ? "❚❚ Pause" : "▶ Play";
    [back.ariaDisabled, on.ariaDisabled] = [step === 0, step === steps];
    [greedy.box.checked, beside.box.checked] = [model.get("greedy"), model.get("show_real")];
  };
  return { box, time, draw };
}

/** Describe a step, in words and on the line from 0 to 1. */
function account(board) {
  const [decision, ...others] = ["made-decision", "", ""].map((name) => element("div", { class: name }));
  const status = element("div", { role: "status" }, decision, ...others);
  const [line, note] = [decisionLine(), element("p", { class: "made-note" })];
  const box = element("div", { class: "made-said" }, status, line.box, note);
  const draw = (state, [[, drawn], second], u, isPlaying) => {
    const { step } = state;
    status.setAttribute("aria-live", isPlaying ? "off" : "polite");
    decision.textContent = sayDecision(board, drawn, step, u);
    others[0].textContent = sayLikelihood(board, drawn, step);
    others[1].textContent = second ? sayReal(board, second[1], step) : "";
    line.draw(drawn.p[drawn.ordering[Math.max(step, 1) - 1]], step ? u : undefined);
    note.textContent = notes(board, state);
  };
  return { box, draw };
}

/** Rows to show, by name: the sample or the likelier values, and a real row if it is asked for. */
function rowsFor(network, board, { seed, greedy, show_real }, real, noise) {
  const drawn = played(network, (i, p) => (greedy ? 0.5 : noise[i]) <= p);
  const rows = [[greedy ? "the likelier values" : "this sample", drawn]];
  if (show_real) rows.push([`the real ${whole(board)}`, played(network, (i) => real[seed % real.length][i])]);
  return rows;
}

function render({ model, el }) {
  const board = model.get("board");
  const network = networkOf(model.get("network"), model.get("weights"));
  const steps = board.names.length;
  const stop = () => {
    if (!controls.time.isOn()) return;
    controls.time.stop();
    change(model, { step: model.get("step") });
    draw();
  };
  const go = (step) => {
    stop();
    change(model, { step });
  };
  const controls = controlsFor(model, board, steps, go, stop);
  const [pairs, label, graph] = [[pair(board), pair(board)], account(board), curve(steps, go)];
  el.append(controls.box, element("div", { class: "made-play" },
    element("div", {}, ...pairs.map(({ box }) => box)), graph.box, label.box));

  let [rows, noise, shownFor] = [[], [], ""];
  function draw() {
    if (!el.isConnected) return;
    const state = Object.fromEntries(["step", "seed", "greedy", "show_real"].map((name) => [name, model.get(name)]));
    const { step, ...wanted } = state;
    if (JSON.stringify(wanted) !== shownFor) {
      noise = uniforms(state.seed, steps);
      rows = rowsFor(network, board, state, model.get("real"), noise);
      graph.draw(rows);
      shownFor = JSON.stringify(wanted);
    }
    const colours = coloursOf(el);
    rows.forEach(([name, row], k) => pairs[k].draw(`${name[0].toUpperCase()}${name.slice(1)} so far`, network, colours, row, step));
    pairs[1].box.hidden = rows.length < 2;
    label.draw(state, rows, state.greedy || step === 0 ? null : noise[rows[0][1].ordering[step - 1]], controls.time.isOn());
    graph.move(step);
    controls.draw();
  }
  whenSeen(el, draw);
  return frame(el, model, "Sampling player", draw);
}

export default { render };
