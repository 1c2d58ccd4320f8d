import { change, element, frame } from "../shared/frame.mjs";
import { html, render } from "../shared/preact.mjs";
import { canvasOf, coloursOf } from "../shared/canvas.mjs";
import { CHANGES } from "./changes.mjs";
import { controlsOf } from "./controls.mjs";
import { drawGraph, placesOf, wiresOf } from "./graph.mjs";
import { handlesOf } from "./handles.mjs";
import { drawMasks, paintSheets } from "./masks_picture.mjs";
import { conesOf, networkOf } from "./network.mjs";
import { Painter } from "./painter.mjs";
import { MARGIN, drawBars, drawBoards, drawProgress } from "./panels.mjs";
import { resultOf, selection, standing, sumInWords } from "./telling.mjs";
import { lessonOf, trainerOf } from "./trainer.mjs";

const STATE = ["lesson", "yours", "ordering", "hidden_degrees", "draw", "direct", "fault", "selected"];

export default {
  render({ model, el }) {
    const state = () => Object.fromEntries(STATE.map((name) => [name, model.get(name)]));
    const put = (values) => change(model, values);
    const does = (name) => (...given) => put(CHANGES[name](state(), ...given));
    const page = pageOf(el, {
      ...Object.fromEntries(Object.keys(CHANGES).map((name) => [name, does(name)])),
      put,
      paint: (yours) => put({ yours }),
      restart: () => {
        put({ ...model.get("start") });
        trainer.fresh();
      },
      train: () => run(!trainer.isTraining),
      step: () => {
        trainer.step();
        run(false);
      },
      again: () => {
        trainer.fresh();
        drawAll();
      },
      save: () => page.save(),
    });
    const trainer = trainerOf(el, (isThird) => (trainer.isTraining ? page.picture(shown(), isThird) : drawAll()), () => page.words(shown()));
    const run = (is) => {
      trainer.run(is);
      drawAll();
    };

    let [network, cones, onPage] = [];
    const shown = () => ({ ...trainer.now, network, cones, selected: model.get("selected"), net: trainer.net, what: trainer.what, isTraining: trainer.isTraining });
    function drawAll() {
      if (!network) return;
      cones = conesOf(network, model.get("selected"));
      page.lay(shown(), state());
      page.picture(shown(), true);
    }

    /** All follows the state; the network that trains changes with its design. */
    function draw() {
      const now = state();
      const next = [now.lesson, String(now.yours), JSON.stringify([now.ordering, now.hidden_degrees, now.direct, now.fault])];
      if (String(next) !== String(onPage)) {
        const isOther = !onPage || next[0] !== onPage[0] || (now.lesson === "yours" && next[1] !== onPage[1]);
        const before = network?.design.strict;
        network = networkOf(now);
        page.build(network);
        trainer.setUp(network, isOther ? lessonOf(now.lesson, now.yours) : trainer.what);
        if (!isOther && before !== network.design.strict) trainer.run(true);
        onPage = next;
      }
      drawAll();
    }

    const seen = [new ResizeObserver(drawAll), new MutationObserver(drawAll)];
    seen[0].observe(el);
    seen[1].observe(document.body, { attributeFilter: ["data-theme", "data-jp-theme-light"] });
    const stop = frame(el, model, "MaskExplorer", draw);
    return () => {
      stop();
      seen.forEach((each) => each.disconnect());
      trainer.end();
    };
  },
};

/** Everything on the page: `lay` arranges it, `picture` follows each step, `words` the results. */
function pageOf(el, on) {
  const part = (name, ...children) => element("div", { class: name }, ...children);
  const numbers = ["", "floor", ""].map((words) => ({ value: element("strong"), words: element("span", {}, words) }));
  const [graph, masks, curve, boards] = ["Network", "Masks", "Nats", "What it draws"].map((words) => canvasOf({ role: "img", "aria-label": words }));
  const stage = element("div", { class: "stage", role: "group", "aria-label": "Network: a row is a step" }, graph.canvas);
  const [headline, rest, which] = ["strong", "span", "span"].map((tag) => element(tag));
  const [telling, drawn, learned] = [element("p", { class: "telling", role: "status" }, headline, " ", rest, element("br"), which), element("p", { class: "drawn" }), part("learned-place")];
  const controls = controlsOf(on);
  el.append(part("lab", controls.bar,
    part("left", controls.rule, stage, part("tables", masks.canvas)),
    part("side", part("numbers", ...numbers.map(({ value, words }) => element("div", {}, value, words))), part("curve", curve.canvas), telling, part("results", drawn, part("boards", boards.canvas)), learned)));
  const handles = handlesOf(stage, on);
  let [colours, places, wires, wiresFor, results, drawnOf] = [null, null, [], null, {}, []];
  const sheets = [];

  function lay(now, state) {
    colours = coloursOf(el, colours);
    if (places?.of !== now.network || places.wide !== stage.clientWidth) places = { ...placesOf(now.network, stage.clientWidth), of: now.network };
    if (wiresFor !== now.net) wires = wiresOf(now.network, (wiresFor = now.net));
    stage.style.height = `${places.high}px`;
    handles.lay(now.network, places, now.selected);
    controls.show(state, now.isTraining, now.what.rows.length > 1);
    render(html`<${Painter} lesson=${state.lesson} rows=${now.what.rows} onChange=${on.paint} />`, learned);
  }

  /** Network and curve; masks, and what it draws, at each third step. */
  function picture(now, isThird) {
    if (!places) return;
    const isBelow = now.nats < now.floor - MARGIN;
    drawGraph(graph.fit(places.high).pen, places, { ...now, wires, colours });
    const { pen, wide, high } = curve.fit(places.look.curve);
    drawProgress(pen, wide, high, { ...now, colours });
    Object.assign(el.dataset, { steps: now.net.steps, nll: now.nats, floor: now.own });
    numbers[0].value.textContent = now.nats.toFixed(2);
    numbers[1].value.textContent = now.own.toFixed(2);
    numbers[0].value.classList.toggle("broken", isBelow);
    if (!isThird) return;
    const tables = masks.fit(places.look.masks);
    const centres = places.at.slice(1).map((layer, k) => (layer[0].x + places.at[k][0].x) / 2);
    const next = [now.net, now.net.steps, places, colours];
    if (next.some((part, k) => part !== drawnOf[k])) {
      if (!now.network.isSmall) paintSheets(sheets, { ...now, colours });
      results = resultOf(now);
      drawResults(now, isBelow);
      drawnOf = next;
    }
    drawMasks(tables.pen, tables.wide, tables.high, { ...now, colours, centres, sheets });
    words(now);
  }

  function drawResults({ what }, isBelow) {
    if (what.kind === "day") {
      const { pen, wide, high } = boards.fit(places.look.bars);
      drawBars(pen, wide, high, { rows: what.rows, p: results.p, shares: what.weights, isBroken: isBelow, colours });
      return;
    }
    const across = places.look.across;
    const cell = Math.min(8, Math.floor((boards.canvas.parentElement.clientWidth / across - 6) / 4));
    const { pen, wide } = boards.fit(Math.ceil(results.rows.length / across) * (4 * cell + 9) + 2);
    drawBoards(pen, wide, { boards: results.rows, known: results.known, across, cell, colours });
  }

  function words(now) {
    if (!places) return;
    const { network, what, sum } = now;
    if (sum !== null) el.dataset.sum = sum;
    numbers[2].value.textContent = sum === null ? "…" : sumInWords(sum);
    numbers[2].value.classList.toggle("broken", sum !== null && Math.abs(sum - 1) > 0.01);
    numbers[0].words.textContent = `nats per ${what.kind}`;
    numbers[2].words.textContent = `Σp, all ${(2 ** network.rows.length).toLocaleString("en")}`;
    const text = [...standing(now, results), selection(network, now.selected), results.words];
    [headline, rest, which, drawn].forEach((place, k) => place.textContent !== text[k] && (place.textContent = text[k]));
    boards.canvas.ariaLabel = results.words;
    telling.classList.toggle("broken", network.leaks.some(Boolean));
  }

  /** Network and masks as one picture. */
  function save() {
    const [above, below] = [graph.canvas, masks.canvas];
    const sheet = Object.assign(document.createElement("canvas"), { width: above.width, height: above.height + below.height });
    const pen = sheet.getContext("2d");
    pen.fillStyle = getComputedStyle(el).backgroundColor;
    pen.fillRect(0, 0, sheet.width, sheet.height);
    pen.drawImage(above, 0, 0);
    pen.drawImage(below, 0, above.height);
    element("a", { href: sheet.toDataURL(), download: "masks.png" }).click();
  }
  return { build: handles.build, lay, picture, words, save };
}
