import { arrowKeys, button, change, element, frame } from "../shared/frame.mjs";
import { typeset } from "./formula.mjs";

function row(choice, k, onclick) {
  const mark = element("span", { class: "made-mark", "aria-hidden": "true" }, `${k + 1}`);
  const press = button(mark, onclick);
  press.append(element("span", {}, ...typeset(choice.text)));
  const why = element("div", { role: "status", class: "made-why" });
  return { mark, press, why, all: element("li", {}, press, why) };
}

export default {
  render({ model, el }) {
    const choices = model.get("choices");
    const rows = choices.map((choice, k) => row(choice, k, () => {
      const chosen = model.get("chosen");
      if (!chosen.includes(k)) change(model, { chosen: [...chosen, k] });
    }));
    const question = element("p", {}, ...typeset(model.get("question")));
    if (choices.filter((choice) => choice.right).length > 1) {
      question.append(" ", element("em", {}, "(Choose all that are right.)"));
    }
    const list = element("ol", { class: "made-choices" }, ...rows.map((one) => one.all));
    const presses = rows.map((one) => one.press);
    arrowKeys(list, () => presses);
    el.classList.add("made-quiz");
    el.append(question, list);

    return frame(el, model, "Quiz", () => {
      const chosen = model.get("chosen");
      const left = choices.filter(({ right }, k) => right && !chosen.includes(k)).length;
      rows.forEach(({ mark, press, why, all }, k) => {
        const { right } = choices[k];
        const looks = !chosen.includes(k) ? "open" : right ? "right" : "wrong";
        const more = looks === "right" && left ? ` ${left} more to find.` : "";
        if (all.dataset.verdict === looks && why.lastChild?.textContent === more) return;
        all.dataset.verdict = looks;
        mark.textContent = { right: "✓", wrong: "✗", open: k + 1 }[looks];
        press.setAttribute("aria-expanded", looks !== "open");
        why.replaceChildren();
        if (looks === "open") return;
        why.append(element("b", {}, right ? "Right." : "Not yet."), " ", ...typeset(choices[k].why), more);
      });
    });
  },
};
