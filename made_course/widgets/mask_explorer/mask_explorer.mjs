import { Canvas, useColours, useWidth } from "../shared/canvas.mjs";
import { CHANGES } from "./changes.mjs";
import { Bar, Sight } from "./controls.mjs";
import { drawGraph, lookOf, positionsOf, wiresOf } from "./graph.mjs";
import { drawMasks, paintSheets } from "./masks_picture.mjs";
import { DIARY, conesOf, networkOf, squaresOfRow } from "./network.mjs";
import { Painter, Pictures } from "./painter.mjs";
import { MARGIN, drawBars, drawProgress } from "./panels.mjs";
import { addressOf, stateOf } from "./sharing.mjs";
import { Stage } from "./stage.mjs";
import { resultOf, describeSelection, describeState, sumInWords } from "./sentences.mjs";
import { trainerOf } from "./trainer.mjs";
import { widgetOf } from "../shared/component.mjs";
import { listing } from "../shared/words.mjs";
import { html, useEffect, useMemo, useRef, useState } from "../shared/preact.mjs";

const STATE = ["lesson", "yours", "ordering", "hidden_degrees", "draw", "direct", "fault", "selected", "simple", "joins"];

export default widgetOf("MaskExplorer", Explorer);

function Explorer({ model, el, put }) {
  const [, redraw] = useState(0);
  const [message, setMessage] = useState("");
  const lab = useRef();
  const wide = useWidth(lab);
  const colours = useColours(el);
  const trainer = useMemo(() => trainerOf(el, () => redraw((count) => count + 1)), []);
  useEffect(() => trainer.end, []);
  useAddress(model, put);
  const state = Object.fromEntries(STATE.map((name) => [name, model.get(name)]));
  const { selected, ...design } = state;
  const network = useMemo(() => networkOf(state), [JSON.stringify(design)]);
  trainer.follow(state, network);

  const change = (name) => (...given) => {
    const { message = "", ...values } = CHANGES[name](state, ...given);
    put(values);
    setMessage(message);
  };
  const on = {
    ...Object.fromEntries(Object.keys(CHANGES).map((name) => [name, change(name)])),
    ...{ put, train: trainer.press, step: trainer.step, again: trainer.again },
    save: () => savePicture(el),
    restart: () => {
      put({ ...model.get("start") });
      trainer.again();
    },
  };
  const now = { ...trainer.now, network, selected, colours, simple: state.simple, cones: useMemo(() => conesOf(network, selected), [network, String(selected)]) };
  // drawing everything is slow, so only every third frame of a training is drawn
  const when = [now.net, now.isTraining ? Math.floor(now.frame / 3) : now.frame, now.isTraining, network, colours];
  const result = useMemo(() => resultOf(now), when);
  useFacts(el, now);
  const parts = { state, now, when, result, message, on, look: lookOf(wide, state.simple) };
  return html`<div class="lab ${state.simple ? "simple" : ""} ${now.what.kind}s" ref=${lab}>
    <${Bar} state=${state} isTraining=${now.isTraining} canTrain=${now.what.rows.length > 1} on=${on} />
    ${wide > 0 && html`<${Left} ...${parts} /><${Side} ...${parts} />`}
  </div>`;
}

/** The network, and the switch that breaks it. */
function Left({ state, now, when, look, message, on }) {
  const left = useRef();
  const sheets = useMemo(() => [], []);
  const wide = useWidth(left);
  const { network, net } = now;
  const positions = useMemo(() => positionsOf(network, look, wide), [network, look, wide]);
  const wires = useMemo(() => wiresOf(network, net), [network, net]);
  const slowly = [...when, String(now.selected), wide];
  const centres = positions.at.slice(1).map((layer, k) => (layer[0].x + positions.at[k][0].x) / 2);
  const draw = (pen) => drawGraph(pen, positions, { ...now, wires });
  function drawTables(pen, across, high) {
    if (!network.isSmall) paintSheets(sheets, now);
    drawMasks(pen, across, high, { ...now, centres, sheets });
  }
  return html`<div class="left">
    <${Sight} state=${state} on=${on} />
    ${wide > 0 && html`<${Stage} network=${network} positions=${positions} selected=${now.selected} joins=${state.joins} draw=${draw} when=${network.isSmall ? undefined : slowly} on=${on} />`}
    <p class="which" role="status" ref=${left}>${message || describeSelection(network, now.selected)}</p>
    ${!state.simple && html`<div class="tables"><${Canvas} high=${look.masks} draw=${drawTables} when=${slowly} aria-label="Masks" /></div>`}
  </div>`;
}

/** The cost of the network, what it draws, and what it learns from. */
function Side({ state: { lesson, simple, yours }, now, when, result, look, on }) {
  const { what, colours, network } = now;
  const isBroken = network.leaks.some(Boolean);
  const [headline, rest] = describeState(now, result);
  const bars = (pen, wide, high) => drawBars(pen, wide, high, { network, rows: what.rows, p: result.p, shares: what.weights, isBroken: now.nats < now.floor - MARGIN, colours });
  const heights = what.rows.map((row, k) => `${squaresOfRow(network, row).join("")} ${result.p[k].toFixed(2)}`).join(", ");
  const squares = `The squares of a day are ${listing(network.rows.map((i) => DIARY[i]))}; grey means no.`;
  const drawn = lesson === "diary" ? `${result.words} ${squares}` : result.words;
  const learned = `It learns from these ${what.all.length} ${what.kind}s:`;
  // memoised, because drawing many squares is slow
  const drawnPictures = useMemo(() => html`<${Pictures} network=${network} rows=${result.rows} known=${result.known} words=${drawn} />`, [result]);
  const learnedPictures = useMemo(() => html`<${Pictures} network=${network} rows=${what.all} words=${learned} />`, [what, network]);
  return html`<div class="side">
    ${!simple && html`<${Numbers} ...${now} />`}
    <div class="curve"><${Canvas} high=${look.curve} draw=${(pen, wide, high) => drawProgress(pen, wide, high, now)} aria-label="Cost during training, now ${now.nats.toFixed(2)} nats. The floor is ${now.floor.toFixed(2)}, and guessing costs ${now.coins.toFixed(2)}." /></div>
    <p class="telling ${isBroken ? "broken" : ""}" role="status"><strong>${headline}</strong> ${rest}</p>
    <div class="results">
      <p class="about">${drawn}</p>${drawnPictures}
      ${lesson === "diary" && !simple && html`<p class="about">Bars show its probability of each kind of day, and lines the share of the diary.</p>
        <${Canvas} high=${look.bars} draw=${bars} when=${when} aria-label="Probability of each kind of day: ${heights}" />`}
    </div>
    <div class="learned">
      ${lesson === "yours"
        ? html`<${Painter} yours=${yours} onChange=${(boards) => on.put({ yours: boards })} />`
        : html`<p class="about">${learned}</p>${learnedPictures}`}
    </div>
  </div>`;
}

function Numbers({ nats, own, floor, sum, what, network }) {
  const number = (value, words, isBroken) => html`<div><strong class=${isBroken ? "broken" : ""}>${value}</strong><span>${words}</span></div>`;
  return html`<div class="numbers">
    ${number(nats.toFixed(2), `nats per ${what.kind}`, nats < floor - MARGIN)}
    ${number(own.toFixed(2), "floor")}
    ${number(sum === null ? "…" : sumInWords(sum), `Σp, all ${(2 ** network.rows.length).toLocaleString("en")}`, Math.abs((sum ?? 1) - 1) > 0.01)}
  </div>`;
}

/** Keep the present numbers as data attributes, for tests and measurements. */
function useFacts(el, { net, nats, own, sum }) {
  useEffect(() => void Object.assign(el.dataset, { steps: net.steps, nll: nats, floor: own, ...(sum === null ? {} : { sum }) }));
}

/** Keep the state in the address of a page without Python, so that it can be shared. */
function useAddress(model, put) {
  const isAlone = !model.widget_manager;
  const isRead = useRef(false);
  useEffect(() => {
    if (!isAlone) return;
    const read = () => put(stateOf(location.hash.slice(1)));
    read();
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  useEffect(() => {
    if (!isAlone) return;
    const address = addressOf(Object.fromEntries(STATE.map((name) => [name, model.get(name)])));
    if (isRead.current && address !== isRead.current) history.replaceState(null, "", `#${address}`);
    isRead.current = address;
  });
}

/** Save network and masks as one picture. */
function savePicture(el) {
  const canvases = [...el.querySelectorAll(".left canvas")];
  const sheet = Object.assign(document.createElement("canvas"), { width: canvases[0].width, height: canvases.reduce((sum, { height }) => sum + height, 0) });
  const pen = sheet.getContext("2d");
  pen.fillStyle = getComputedStyle(el).backgroundColor;
  pen.fillRect(0, 0, sheet.width, sheet.height);
  let y = 0;
  for (const canvas of canvases) {
    pen.drawImage(canvas, 0, y);
    y += canvas.height;
  }
  Object.assign(document.createElement("a"), { href: sheet.toDataURL(), download: "masks.png" }).click();
}
