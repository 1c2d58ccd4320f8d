import { button, change, choice, element, frame, saveAsSvg, stepper, tick } from "../shared/frame.mjs";
import { hiddenDegrees, inputDegrees, pathsThrough } from "./masks.mjs";
import { MIXED_UP, MOST_SUMMED, NOT_STRICT, factors, finding, leakingOutput, nameOf, networkOf, sentence, totalProbability } from "./network.mjs";
import { matrixOf } from "./matrix.mjs";
import { networkGraph } from "./network_graph.mjs";
import { chips } from "../shared/chips.mjs";
import { hat, variableNames } from "../shared/words.mjs";

const MOST_CHIPS = 32;
const STATE = ["names", "ordering", "hidden_degrees", "draw", "direct", "fault", "selected"];
const FAULTS = [
  ["none", "nothing broken"],
  [NOT_STRICT, "output mask with >= in place of >"],
  [MIXED_UP, "degrees = ordering + 1, not its inverse"],
];

const HINT = "Point at a unit, a square or a factor of the formula. Press a unit to keep it.";
const LEGEND = "Blue: paths to the pressed unit, dashed beyond it. Pale: cut by a mask. Orange with ×: leaks.";

/** What lies on paths through one unit or, where `through` is given, through both. */
function coneOf({ masks, direct }, to, through = null) {
  let units = pathsThrough(masks, ...to, direct);
  if (through) {
    const other = pathsThrough(masks, ...through, direct);
    units = units.map((layer, k) => layer.map((is, unit) => is && other[k][unit]));
  }
  const [layer] = to;
  /** "before" the unit, "after" it, or "" if the connection is on no such path. */
  const holds = (below, from, above, end, skips) => {
    if (!units[below][from] || !units[above][end]) return "";
    if (skips && layer !== 0 && layer !== masks.length) return "";
    return above <= layer ? "before" : "after";
  };
  return { units, holds };
}

/** What one square of a mask asks, and the answer. */
function rule(network, mask, [below, above], [to, from]) {
  const { degrees, masks, fault } = network;
  const sign = above === masks.length && fault !== NOT_STRICT ? ">" : "≥";
  const question = `${degrees[above][to]} ${sign} ${degrees[below][from]}?`;
  const [listener, heard] = [nameOf(network, [above, to]), nameOf(network, [below, from])];
  return `May ${listener} listen to ${heard}? Degrees: ${question} ${mask[to][from] ? "Yes: connected." : "No: cut."}`;
}

/** What one square of "who sees whom" means. */
function verdict({ names, allowed, reached }, [i, j]) {
  const [may, does] = [allowed[i][j], reached[i][j]];
  if (may) return `${hat(names[i])} may see ${names[j]}${does ? ", and does." : ", but no path leads there."}`;
  return `${hat(names[i])} must not see ${names[j]}${does ? ", and does: a leak." : ", and does not."}`;
}

export default {
  render({ model, el }) {
    const state = () => Object.fromEntries(STATE.map((name) => [name, model.get(name)]));
    let network = null;
    let pointed = null; // {to, through, words}
    let adding = 0;
    const put = (values) => change(model, values);
    const select = (unit) => put({ selected: unit });
    const point = (next) => {
      if (JSON.stringify(next) === JSON.stringify(pointed)) return;
      pointed = next;
      drawPaths();
    };
    const unitPointed = (unit) => point(unit && { to: unit, words: sentence(network, unit) });

    // ---- what the controls do ----

    const drawn = (ordering, widths, draw) => {
      let below = inputDegrees(ordering);
      return widths.map((width) => (below = hiddenDegrees(below, width, ordering.length, draw)));
    };
    const redraw = ({ names, ordering, hidden_degrees, draw, selected }, widths) => {
      const last = hidden_degrees.length + 1;
      const layer = selected[0] === last ? widths.length + 1 : Math.min(selected[0], widths.length + 1);
      const size = [names.length, ...widths, names.length][layer];
      put({ names, ordering, draw, hidden_degrees: drawn(ordering, widths, draw), selected: [layer, Math.min(selected[1], size - 1)] });
    };
    const widths = () => model.get("hidden_degrees").map((layer) => layer.length);
    const setVariables = (count) => {
      const now = state();
      const names = variableNames(count).map((name, i) => now.names[i] ?? name);
      const ordering = [...now.ordering, ...names.keys()].filter((i, t, all) => i < count && all.indexOf(i) === t);
      redraw({ ...now, names, ordering }, widths());
    };
    const setDegree = (degree) => {
      const [layer, unit] = model.get("selected");
      const hidden = model.get("hidden_degrees").map((degrees) => [...degrees]);
      hidden[layer - 1][unit] = degree;
      put({ hidden_degrees: hidden });
    };
    const breakIt = (fault) => {
      const broken = networkOf({ ...state(), fault });
      const telling = leakingOutput(broken);
      const selected = telling === undefined ? model.get("selected") : [broken.masks.length, telling];
      put({ fault, selected });
    };
    const shuffle = () => {
      const lots = model.get("ordering").map((i) => [Math.random(), i]);
      put({ ordering: lots.sort(([a], [b]) => a - b).map(([, i]) => i) });
    };

    // ---- what is on the page ----

    const ordered = chips((ordering) => put({ ordering }));
    ordered.part.addEventListener("pointerover", ({ target }) => {
      const t = [...ordered.part.querySelectorAll("button")].indexOf(target);
      unitPointed(t < 0 ? null : [0, network.ordering[t]]);
    });
    ordered.part.addEventListener("pointerleave", () => unitPointed(null));
    const kind = choice("Degrees", ["even", "uniform", "paper"].map((draw) => [draw, draw]), (draw) => redraw({ ...state(), draw }, widths()));
    const direct = tick("Direct connections", (is) => put({ direct: is }));
    const fault = choice("Break it", FAULTS, breakIt);
    const degree = stepper("Its degree", setDegree);
    const said = element("div", { role: "status", class: "said" });
    const told = element("div", { class: "told", "aria-hidden": "true" });
    const formula = element("div", { class: "formula" });
    const sum = element("div", { role: "status", class: "sum" });
    const graph = networkGraph({ onselect: select, onpoint: unitPointed });
    const variables = stepper("Variables", setVariables);
    const more = button("Add a layer", () => redraw(state(), [...widths(), widths().at(-1) ?? 4]));
    const less = button("Remove a layer", () => redraw(state(), widths().slice(0, -1)));
    let steppers = [];
    const sizes = element("div", { class: "made-controls sizes" }, variables.group, more, less);
    const matrices = element("div", { class: "matrices" });
    let masks = [];
    const seen = matrixOf("who sees whom", ["off", "on", "missing", "leak"], {
      onpoint: (cell) => point(cell && { to: [network.masks.length, cell[0]], through: [0, cell[1]], words: verdict(network, cell) }),
      onselect: ([i]) => select([network.masks.length, i]),
    });
    const pictures = () =>
      [graph.picture, ...masks.map(({ picture }) => picture), seen.picture].filter(({ style }) => !style.display);
    el.append(
      element("div", { class: "made-controls" }, ordered.part, button("Random", shuffle)),
      element("div", { class: "made-controls" }, kind.label, button("Draw again", () => redraw(state(), widths())), direct.label),
      element("div", { class: "made-controls" }, fault.label, button("Start again", () => put({ ...model.get("start") })), button("Save picture", () => saveAsSvg(pictures(), "masks.svg"))),
      element("div", { class: "results" }, formula, sum, element("div", { class: "made-controls" }, said, degree.group), told),
      element("div", { class: "made-body" }, element("div", {}, graph.picture, element("div", { class: "legend" }, LEGEND), sizes), matrices),
    );

    function buildSizes(count) {
      for (const { group } of steppers) group.remove();
      steppers = Array.from({ length: count }, (_, k) =>
        stepper(`Hidden ${k + 1}`, (width) => redraw(state(), widths().with(k, width))),
      );
      variables.group.after(...steppers.map(({ group }) => group));
      more.ariaDisabled = count >= 6;
      less.ariaDisabled = count === 0;
    }

    function buildMasks(count) {
      const layers = ["inputs", ...Array.from({ length: count - 1 }, (_, k) => `hidden ${k + 1}`), "outputs"];
      const table = (sign, below, above, words) =>
        matrixOf(`${sign}  ${layers[below]} → ${layers[above]}`, ["off", "on", "leak"], {
          onpoint: (cell) => point(cell && { to: [above, cell[0]], through: [below, cell[1]], words: words(cell) }),
          onselect: ([to]) => select([above, to]),
        });
      masks = Array.from({ length: count }, (_, k) =>
        table(k + 1 < count ? `Mᵂ${"¹²³⁴⁵⁶⁷⁸⁹"[k] ?? ""}` : "Mⱽ", k, k + 1, (cell) => rule(network, network.masks[k], [k, k + 1], cell)),
      );
      masks.push(table("Mᴬ", 0, count, (cell) => rule(network, network.direct, [0, count], cell)));
      matrices.replaceChildren(...masks.map(({ picture }) => picture), seen.picture);
    }

    let onPage = "";
    function draw() {
      const { selected, ...now } = state();
      const next = JSON.stringify(now);
      if (next !== onPage) drawNetwork(now);
      onPage = next;
      pointed = null;
      const [layer, unit] = selected;
      const isHidden = layer > 0 && layer < network.masks.length;
      degree.group.hidden = !isHidden;
      if (isHidden) degree.set(network.degrees[layer][unit], 1, Math.max(now.names.length - 1, 1));
      said.textContent = sentence(network, selected);
      drawPaths();
    }

    function drawNetwork(now) {
      network = networkOf(now);
      if (masks.length !== network.masks.length + 1) {
        buildMasks(network.masks.length);
        buildSizes(network.masks.length - 1);
      }
      ordered.part.hidden = now.names.length > MOST_CHIPS;
      if (!ordered.part.hidden) ordered.show(now.names, now.ordering);
      kind.list.value = now.draw;
      direct.box.checked = now.direct;
      fault.list.value = now.fault;
      variables.set(now.names.length, 1, 64);
      steppers.forEach((one, k) => one.set(widths()[k], 1, 64));
      graph.draw(network);
      drawFormula();
      drawMasks();
      addUp();
    }

    function drawFormula() {
      const isWish = network.leaks.flat().some(Boolean);
      const parts = factors(network).flatMap(([words, variable], t) => {
        const output = [network.masks.length, variable];
        const part = element("span", variable === null ? {} : {
          class: "factor",
          onpointerenter: () => unitPointed(output),
          onpointerleave: () => unitPointed(null),
          onclick: () => select(output),
        }, words);
        return t ? [" · ", part] : [part];
      });
      formula.replaceChildren(isWish ? "wanted: p(x) = " : "p(x) = ", ...parts);
    }

    /** Σp of few variables takes a while, and follows the picture. */
    function addUp() {
      clearTimeout(adding);
      const shown = network;
      const tell = () => {
        const isSmall = shown.names.length <= MOST_SUMMED;
        const words = finding(shown, isSmall ? totalProbability(shown) : null);
        sum.textContent = isSmall ? `${words} (By example weights, large enough for a leak to show.)` : words;
      };
      if (shown.names.length <= 6) tell();
      else adding = setTimeout(tell, 50);
    }

    function drawMasks() {
      const { names, degrees, masks: tables, leaking, allowed, reached, leaks } = network;
      const margin = (k) => {
        if (k === 0) return names;
        return k === tables.length ? names.map(hat) : degrees[k].map(String);
      };
      [...tables, network.direct].forEach((table, k) => {
        masks[k].picture.style.display = table ? "" : "none";
        if (!table) return;
        const [below, above] = k < tables.length ? [k, k + 1] : [0, k];
        const cells = table.map((row, i) => row.map((may, j) => (leaking[k][i][j] ? "leak" : may ? "on" : "off")));
        masks[k].draw(cells, margin(above), margin(below));
      });
      const cells = allowed.map((row, i) => row.map((may, j) => (leaks[i][j] ? "leak" : reached[i][j] ? "on" : may ? "missing" : "off")));
      seen.draw(cells, names.map(hat), names);
    }

    /** The paths of what is pointed at or, if nothing is, of what is selected. */
    function drawPaths() {
      const selected = model.get("selected");
      const to = pointed?.to ?? selected;
      told.textContent = pointed?.words ?? HINT;
      graph.light(network, selected, coneOf(network, to, pointed?.through));
      const lit = (k) => [to, pointed?.through].find((unit) => unit?.[0] === k)?.[1] ?? null;
      const last = network.masks.length;
      network.masks.forEach((_, k) => masks[k].light(lit(k + 1), lit(k)));
      if (network.direct) masks[last].light(lit(last), lit(0));
      seen.light(lit(last), lit(0));
    }

    return frame(el, model, "MaskExplorer", draw);
  },
};
