import { button, choice, element, stepper, tick } from "../shared/frame.mjs";
import { GROUPINGS, LESSONS } from "./lessons.mjs";
import { MIXED_UP, NOT_STRICT } from "./network.mjs";

/**
 * Everything that is pressed beside the graph; `on` says what each does.
 *
 * Returns the bar, the switch between the degrees, and what shows a state on them.
 */
export function controlsOf(on) {
  const train = button("", () => on.train(), { class: "train" });
  const step = button("Step", () => on.step(), { class: "step" });
  const again = button("↺", () => on.again(), { "aria-label": "Start again", title: "Start again" });
  const lessons = LESSONS.map(([name, words]) => button(words, () => on.learn(name), { "data-lesson": name }));
  const drawer = drawerOf(on);
  const more = button("⋯", () => {
    drawer.part.hidden = !drawer.part.hidden;
    more.ariaExpanded = String(!drawer.part.hidden);
  }, { class: "more", "aria-label": "More", "aria-expanded": "false" });
  more.append(element("span", {}, " More"));
  const bar = element("div", { class: "bar" }, train, step, again, element("span", { class: "lessons", role: "group", "aria-label": "What it learns" }, ...lessons), more, drawer.part);

  const sign = button("", () => on.break(sign.ariaChecked === "true" ? "none" : NOT_STRICT), { class: "sign", role: "switch", "aria-label": "≥ instead of > in the mask of the output" });
  sign.append(element("span", {}, ">"), element("span", {}, "≥"));
  const rule = element("div", { class: "rule" }, element("span", {}, "degree of x̂"), sign, element("span", {}, "degree of unit"));

  function show(state, isTraining, canTrain) {
    train.textContent = isTraining ? "❚❚ Pause" : "▶ Train";
    train.setAttribute("aria-label", isTraining ? "Pause" : "Train");
    for (const each of [train, step]) each.ariaDisabled = String(!canTrain);
    lessons.forEach((each) => (each.ariaPressed = String(each.dataset.lesson === state.lesson)));
    sign.ariaChecked = String(state.fault === NOT_STRICT);
    drawer.show(state);
  }
  return { bar, rule, show };
}

/** Controls that are needed less often. */
function drawerOf(on) {
  const layers = stepper("Hidden layers", (count) => on.redraw({ widths: (now) => Array.from({ length: count }, (_, k) => now[k] ?? now.at(-1) ?? 4) }));
  const width = stepper("Units in each", (count) => on.redraw({ widths: (now) => now.map(() => count) }));
  const kind = choice("Degrees", ["even", "uniform", "paper"].map((draw) => [draw, draw]), (draw) => on.redraw({ draw }));
  const names = Object.keys(GROUPINGS);
  const grouping = choice("Steps", names.map((name) => [name, name]), (name) => on.regroup(GROUPINGS[name]));
  const direct = tick("Direct connections", (is) => on.put({ direct: is }));
  const mixedUp = tick("Degrees = ordering + 1", (is) => on.break(is ? MIXED_UP : "none"));
  const part = element("div", { class: "drawer", hidden: true }, layers.group, width.group, kind.label,
    button("Draw degrees again", () => on.redraw({})), grouping.label, direct.label, mixedUp.label,
    button("Save picture", () => on.save()), button("All as at first", () => on.restart()));

  function show({ ordering, hidden_degrees, draw, direct: isDirect, fault }) {
    const isGrouped = ordering.some(({ length }) => length > 1);
    layers.set(hidden_degrees.length, 0, 4);
    width.set(hidden_degrees[0]?.length ?? 0, 1, 64);
    kind.list.value = draw;
    grouping.label.hidden = ordering.flat().length !== 16;
    grouping.list.value = names[Number(isGrouped)];
    direct.box.checked = isDirect;
    mixedUp.box.checked = fault === MIXED_UP;
    mixedUp.box.disabled = isGrouped;
  }
  return { part, show };
}
