import { button, change, choice, element, frame } from "../shared/frame.mjs";
import { shortened } from "../shared/words.mjs";
import { chips } from "../shared/chips.mjs";

const MODEL = "The model: each conditional is a logistic regression on the variables before it (a MADE without hidden layers), the best there is. What it costs: how many nats its NLL is above the entropy, which is the distance from the truth that is called KL.";
const ASK = "Drag the variables, or press ← or → on one, until the ordering is your guess.";

const bar = (share, name = "") => element("span", { class: `bar ${name}` }, element("span", { style: `width:${100 * share}%` }));
const percent = (share) => (share < 0.001 ? "<0.1%" : `${Number((100 * share).toPrecision(3))}%`);

/** The step, counted from 1, that costs most; of equal ones the last, which knows most. */
export const costliest = (steps) => steps.lastIndexOf(Math.max(...steps)) + 1;

/** What has become of a guess: an ordering, "same", or null. */
export function answer({ names, groups, verdict }, guess) {
  if (guess === null) return verdict;
  const isSame = groups.length === 1;
  if (guess === "same") return `You guessed that all cost the same: ${isSame ? "✓ they do" : "they do not"}. ${verdict}`;
  const [best, worst] = [groups[0], groups.at(-1)].map(({ members }) => members.includes(String(guess)));
  const said = isSame ? "it is as good as any other" : best ? "✓ none is better" : worst ? "it is one of the worst" : "others cost less";
  return `You guessed ${guess.map((i) => names[i]).join(", ")}: ${said}. ${verdict}`;
}

function render({ model, el }) {
  const examples = model.get("examples");
  const shown = () => examples[model.get("example")];
  const count = () => Object.keys(shown().orderings).length;

  function select(selected) {
    change(model, { selected, step: null, guess: model.get("revealed") ? model.get("guess") : selected });
  }
  function start(example) {
    const selected = examples[example].names.map((_, i) => i);
    change(model, { example, selected, step: null, guess: null, revealed: false });
  }
  function turn() {
    const revealed = !model.get("revealed");
    change(model, { revealed, step: null, guess: revealed ? model.get("guess") : null });
  }

  const chooser = choice("Example", Object.keys(examples).map((name) => [name, name]), start);
  const order = chips(select);
  const best = button("This ordering is best", () => change(model, { guess: model.get("selected") }));
  const same = button("All cost the same", () => change(model, { guess: "same" }));
  const reveal = button("Reveal", turn);
  const [story, reason, head] = ["p", "p", "b"].map((tag) => element(tag));
  const question = element("p", { role: "status", class: "question" });
  const said = element("div", { role: "status" });
  const groups = buttons("Orderings that cost the same", (k) => select(shown().groups[k].members[0].split(",").map(Number)));
  const steps = buttons("Steps of the ordering", (t) => change(model, { step: t + 1 }));
  const grouped = element("div", { class: "groups" }, head, groups.part);
  const cases = element("div", { class: "cases" });
  const together = element("details", {}, element("summary"), element("div"));

  function drawGroups(selected) {
    head.textContent = `All ${count()} orderings, the cheapest first`;
    groups.show(shown().groups.map(({ said: words, cost, members }) => ({
      parts: [bar(cost / shown().most), element("span", { class: "what" }, words)],
      pressed: members.includes(String(selected)),
    })));
  }

  function drawSteps(selected, step, revealed) {
    const names = selected.map((i) => shortened(shown().names[i]));
    steps.show(shown().orderings[selected].steps.map((cost, t) => {
      const factor = `p(${names[t]}${t ? " | " : ""}${names.slice(0, t).join(", ")})`;
      const parts = [element("span", {}, `${t + 1}`), element("span", { class: "what" }, factor)];
      if (revealed) parts.push(bar(cost / Math.max(shown().most, 0.001)), element("span", {}, cost.toFixed(3)));
      return { parts, pressed: t + 1 === step };
    }));
  }

  function drawCases(selected, step, revealed) {
    const before = selected.slice(0, step - 1).sort((a, b) => a - b);
    const { rows, sum } = shown().cases[`${selected[step - 1]}|${before}`];
    const mark = (at, name, sign) => element("span", { class: name, style: `left:${100 * at}%` }, sign);
    const heads = [...before.map((i) => shortened(shown().names[i], 9)), "how often", "0", "1", "true"];
    const row = ([values, share, truth, fitted]) => element(
      "tr",
      {},
      ...values.map((value) => element("td", {}, value)),
      element("td", { class: "quiet" }, percent(share)),
      element("td", { colspan: 2 }, element("div", { class: "scale" }, mark(truth, "true", "●"), revealed ? mark(fitted, "model", "✕") : "")),
      element("td", {}, truth.toFixed(3)),
      revealed ? element("td", {}, fitted.toFixed(3)) : "",
    );
    const could = before.length ? " Could a weighted sum of the values at the left say that?" : "";
    cases.replaceChildren(
      element("b", {}, `Step ${step}: how probable is ${shown().names[selected[step - 1]]} = 1?`),
      element(
        "table",
        {},
        element("thead", {}, element("tr", {}, ...heads.map((name) => element("th", { scope: "col", style: { 0: "text-align:left", 1: "text-align:right" }[name] }, name)), revealed ? element("th", { scope: "col" }, "model") : "")),
        element("tbody", {}, ...rows.map(row)),
      ),
      element("div", {}, `● true${revealed ? `, ✕ the model: a sigmoid of the weighted sum ${sum}` : ""}.${revealed ? "" : could}`),
    );
  }

  function drawTogether() {
    const { probabilities, logits, mixture, claim } = shown().means;
    const scale = Math.max(1.25, logits);
    const mean = (name, total, words) => {
      const isOne = total.toFixed(3) === "1.000";
      const box = bar(total / scale, isOne ? "total" : "total leak");
      box.append(element("span", { class: "one", style: `left:${100 / scale}%` }));
      const sum = element("b", {}, `Σp = ${total.toFixed(3)} ${isOne ? "✓" : "✕ no distribution"}`);
      return element("div", {}, element("div", { class: "mean" }, element("span", {}, name), box, sum), element("p", {}, words));
    };
    together.open = false;
    together.firstChild.textContent = `All ${count()} orderings together: which mean of their models sums to 1, that of probabilities or that of logits? Guess, then open this line.`;
    together.lastChild.replaceChildren(mean("mean of probabilities", probabilities, mixture), mean("mean of logits", logits, claim));
  }

  let drawn = "";
  function draw() {
    const [example, selected, guess, revealed] = ["example", "selected", "guess", "revealed"].map((name) => model.get(name));
    const step = model.get("step") ?? (revealed ? costliest(shown().orderings[selected].steps) : selected.length);
    chooser.list.value = example;
    order.show(shown().names, selected);
    const predict = `Predict: in which of the ${count()} orderings does this model cost least, or do all cost the same? ${ASK}`;
    question.textContent = revealed ? answer(shown(), guess) : predict;
    const guessed = guess === "same" ? "all orderings cost the same" : `${(guess ?? []).map((i) => shown().names[i]).join(", ")} is the best`;
    said.textContent = revealed ? shown().orderings[selected].said : guess ? `Your guess: ${guessed}. Press Reveal.` : "No guess yet.";
    best.setAttribute("aria-pressed", String(guess) === String(selected));
    same.setAttribute("aria-pressed", guess === "same");
    if (revealed) drawGroups(selected);
    drawSteps(selected, step, revealed);
    drawCases(selected, step, revealed);
    if (drawn === `${example} ${revealed}`) return;
    drawn = `${example} ${revealed}`;
    story.textContent = `${shown().story} ${MODEL}`;
    reason.textContent = shown().reason;
    reveal.textContent = revealed ? "Hide, and guess again" : "Reveal";
    best.hidden = same.hidden = revealed;
    reason.hidden = !revealed;
    grouped.hidden = !revealed || shown().groups.length < 2;
    together.hidden = !revealed;
    drawTogether();
  }

  el.classList.add("made-orderings");
  el.append(
    chooser.label,
    story,
    question,
    reason,
    element("div", { class: "made-controls" }, order.part, best, same, reveal),
    said,
    element("div", { class: "made-body" }, grouped, element("div", {}, element("b", {}, "Its steps"), steps.part), cases),
    together,
  );
  return frame(el, model, "OrderingLab", draw);
}

/** Buttons below one another, made once and filled anew, so that the focus stays. */
function buttons(name, onpress) {
  const part = element("div", { class: "rows", role: "group", "aria-label": name });
  const show = (rows) => {
    while (part.children.length > rows.length) part.lastChild.remove();
    while (part.children.length < rows.length) {
      const k = part.children.length;
      part.append(button("", () => onpress(k)));
    }
    rows.forEach(({ parts, pressed }, k) => {
      part.children[k].replaceChildren(...parts);
      part.children[k].setAttribute("aria-pressed", pressed);
    });
  };
  return { part, show };
}

export default { render };
