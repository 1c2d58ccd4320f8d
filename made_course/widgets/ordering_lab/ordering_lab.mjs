import { arrowKeys, button, change, choice, element, frame, shape } from "../shared/frame.mjs";
import { shortened } from "../shared/words.mjs";
import { chips } from "../shared/chips.mjs";
import { answer, casesOf, costliest, ending, groupsOf, nats, sentence, stepsOf } from "./orderings.mjs";

const MODEL = "The model: for each variable the best logistic regression on those before it. It costs as many nats as its NLL is above the entropy.";
const [LEFT, RIGHT, FLOOR] = [34, 366, 136];
const [IN_COLUMN, PITCH, COIN, MOST] = [5, 24, Math.log(2), 0.75];

const words = (x, y, said, looks = {}) => shape("text", { x, y, "text-anchor": "middle", ...looks }, said);
const onAxis = (cost) => LEFT + (cost / MOST) * (RIGHT - LEFT);

/** Orderings as dots on an axis of nats; a heap in the middle until there is a guess. */
function dotsOn(onselect) {
  const [labels, group] = [shape("g"), shape("g", { role: "radiogroup", "aria-label": "Orderings" })];
  const part = shape("svg", { viewBox: "0 12 400 164", class: "dots", role: "group", "aria-label": "Orderings by their nats" }, shape("path", { class: "axis", d: `M${LEFT - 20} ${FLOOR}H${RIGHT + 20}` }), labels, group);
  const orderingOf = (dot) => dot.dataset.ordering.split(",").map(Number);
  group.addEventListener("click", ({ target }) => target.dataset.ordering && onselect(orderingOf(target)));
  arrowKeys(group, () => [...group.children], (dot) => onselect(orderingOf(dot)));
  const fill = (groups) => {
    group.replaceChildren(...groups.flatMap(({ members }) => members).map((ordering) =>
      shape("circle", { r: 9, role: "radio", tabindex: -1, "data-ordering": ordering })));
    group.firstChild.setAttribute("tabindex", 0);
  };
  const draw = (truth, groups, selected, shown) => {
    const heaps = shown ? groups : [{ members: groups.flatMap(({ members }) => members), cost: MOST / 2 }];
    const dots = [...group.children];
    heaps.forEach(({ members, cost }) => {
      const columns = Math.ceil(members.length / IN_COLUMN);
      const first = Math.max(onAxis(cost) - ((columns - 1) * PITCH) / 2, LEFT);
      dots.splice(0, members.length).forEach((dot, k) => {
        const [x, y] = [first + Math.floor(k / IN_COLUMN) * PITCH, FLOOR - 16 - (k % IN_COLUMN) * PITCH];
        dot.style.transform = `translate(${x}px, ${y}px)`;
        dot.setAttribute("aria-checked", dot.dataset.ordering === String(selected));
        const said = orderingOf(dot).map((i) => truth.names[i]).join(", ");
        dot.setAttribute("aria-label", shown ? `${said}: ${nats(cost)}` : said);
      });
    });
    const ticks = { 0: "0", [COIN]: "ln 2, a coin" };
    labels.replaceChildren(
      ...Object.entries(ticks).flatMap(([cost, said]) => [shape("path", { class: "axis", d: `M${onAxis(cost)} ${FLOOR}v6` }), words(onAxis(cost), FLOOR + 20, said)]),
      words((LEFT + RIGHT) / 2, FLOOR + 36, "nats"),
      ...(shown ? groups.flatMap((one) => captions(truth, one, groups)) : [words((LEFT + RIGHT) / 2 - 100, FLOOR - 60, "where?", { class: "big" })]),
    );
  };
  return { part, fill, draw };
}

function captions(truth, group, groups) {
  const { cost, members } = group;
  const columns = Math.ceil(members.length / IN_COLUMN);
  const isRight = cost > MOST / 2;
  const x = isRight ? onAxis(cost) - (columns * PITCH) / 2 - 8 : Math.max(onAxis(cost) - ((columns - 1) * PITCH) / 2, LEFT) + (columns - 0.5) * PITCH + 8;
  const said = [nats(cost), `${members.length} orderings`, ending(truth, group, groups).replace("all that ", "")];
  return said.map((line, k) => words(x, FLOOR - 60 + 18 * k, line, { "text-anchor": isRight ? "end" : "start", class: k ? null : "strong" }));
}

/** The cases of a step: the truth, which may bend, beside the model, which cannot turn back. */
function drawCases(picture, cases, shown) {
  const x = (k) => LEFT + 14 + ((k + 0.5) / cases.length) * (RIGHT - LEFT);
  const y = (p) => FLOOR - 12 - p * (FLOOR - 24);
  const line = (name) => shape("polyline", { class: name, points: cases.map((one, k) => `${x(k)},${y(one[name])}`).join(" ") });
  picture.replaceChildren(
    ...[0, 0.5, 1].flatMap((p) => [shape("path", { class: "grid", d: `M${LEFT} ${y(p)}H${RIGHT + 20}` }), words(LEFT - 14, y(p) + 5, p === 0.5 ? "½" : p)]),
    line("truth"),
    ...cases.map(({ share, truth }, k) => shape("circle", { class: "truth", cx: x(k), cy: y(truth), r: 3 + 9 * Math.sqrt(share) })),
    ...(shown ? [line("model"), ...cases.map(({ model }, k) => shape("path", { class: "model", d: `M${x(k) - 6} ${y(model) - 6}l12 12m0 -12l-12 12` }))] : []),
    ...cases.map(({ values }, k) => words(x(k), FLOOR + 18, values)),
  );
  const said = cases.map(({ values, truth, model }) => `${values || "always"}: true ${truth.toFixed(3)}${shown ? `, model ${model.toFixed(3)}` : ""}`);
  picture.setAttribute("aria-label", said.join("; "));
}

function render({ model, el }) {
  const examples = model.get("examples");
  const truth = () => examples[model.get("example")];
  const select = (selected) => change(model, { selected, step: null });
  const guess = (what) => change(model, { guess: what, step: null });
  const start = (example) => change(model, { example, selected: examples[example].names.map((_, i) => i), step: null, guess: null });

  const chooser = choice("Example", Object.keys(examples).map((name) => [name, name]), start);
  const order = chips(select);
  const best = button("This one is cheapest", () => guess(model.get("selected")));
  const same = button("All cost the same", () => guess("same"));
  const again = button("Guess again", () => guess(null));
  const [story, head, told] = ["p", "b", "p"].map((tag) => element(tag));
  const [question, said] = ["b", "div"].map((tag) => element(tag, { role: "status" }));
  const dots = dotsOn(select);
  const steps = element("div", { class: "steps", role: "group", "aria-label": "Steps of the ordering" });
  const picture = shape("svg", { viewBox: "0 4 400 156", role: "img" });
  let [groups, drawn] = [[], ""];

  function drawSteps(selected, step, shown) {
    const costs = stepsOf(truth(), selected);
    while (steps.children.length > costs.length) steps.lastChild.remove();
    while (steps.children.length < costs.length) {
      const t = steps.children.length + 1;
      steps.append(button("", () => change(model, { step: t })));
    }
    costs.forEach((cost, t) => {
      const one = steps.children[t];
      one.replaceChildren(`${t + 1} ${shortened(truth().names[selected[t]])}`, shown ? element("span", {}, cost.toFixed(3)) : "");
      one.style.setProperty("--share", `${shown ? (100 * cost) / MOST : 0}%`);
      one.setAttribute("aria-pressed", t + 1 === step);
    });
  }

  function draw() {
    const [example, selected, guessed] = ["example", "selected", "guess"].map((name) => model.get(name));
    const shown = guessed !== null;
    const step = model.get("step") ?? (shown ? costliest(stepsOf(truth(), selected)) : selected.length);
    if (drawn !== example) {
      drawn = example;
      groups = groupsOf(truth());
      dots.fill(groups);
      chooser.list.value = example;
      story.textContent = `${truth().story} ${MODEL}`;
    }
    order.show(truth().names, selected);
    dots.draw(truth(), groups, selected, shown);
    const count = groups.reduce((sum, { members }) => sum + members.length, 0);
    question.textContent = shown
      ? answer(truth(), groups, guessed)
      : `Predict: which of the ${count} orderings is cheapest? Drag the variables, or use ← and →.`;
    said.textContent = shown ? sentence(truth(), selected) : "";
    [best.hidden, same.hidden, story.hidden, again.hidden] = [shown, shown, shown, !shown];
    drawSteps(selected, step, shown);
    const name = truth().names[selected[step - 1]];
    const before = selected.slice(0, step - 1).sort((a, b) => a - b).map((i) => shortened(truth().names[i]));
    head.textContent = `p(${name} = 1${before.length ? ` | ${before.join(", ")}` : ""})`;
    drawCases(picture, casesOf(truth(), selected, step), shown);
    const sigmoid = "The truth may turn; a weighted sum under a sigmoid rises or falls, or stays.";
    told.textContent = `● true, the larger the more often${shown ? `; ✕ the model. ${truth().reason}` : `. ${sigmoid}`}`;
  }

  el.classList.add("made-orderings");
  el.append(
    element("div", { class: "made-controls" }, chooser.label, order.part, best, same, again),
    question,
    element("div", { class: "made-body" }, element("div", {}, dots.part, said), element("div", {}, steps, head, picture, told)),
    story,
  );
  return frame(el, model, "OrderingLab", draw);
}

export default { render };
