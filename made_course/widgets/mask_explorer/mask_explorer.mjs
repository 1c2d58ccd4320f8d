import { Canvas, useColours, useWidth } from "../shared/canvas.mjs";
import { CHANGES } from "./changes.mjs";
import { Bar, Sight } from "./controls.mjs";
import { drawGraph, lookOf, placesOf, wiresOf } from "./graph.mjs";
import { drawMasks, paintSheets } from "./masks_picture.mjs";
import { conesOf, networkOf } from "./network.mjs";
import { Painter, Pictures } from "./painter.mjs";
import { MARGIN, drawBars, drawProgress } from "./panels.mjs";
import { addressOf, stateOf } from "./sharing.mjs";
import { Stage } from "./stage.mjs";
import { resultOf, selection, standing, sumInWords } from "./telling.mjs";
import { trainerOf } from "./trainer.mjs";
import { widgetOf } from "../shared/component.mjs";
import { html, useEffect, useMemo, useRef, useState } from "../shared/preact.mjs";

const STATE = ["lesson", "yours", "ordering", "hidden_degrees", "draw", "direct", "fault", "selected", "simple", "joins"];

export default widgetOf("MaskExplorer", Explorer);

function Explorer({ model, el, put }) {
  const [, redraw] = useState(0);
  const [said, setSaid] = useState("");
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

  const does = (name) => (...given) => {
    const { said: sentence = "", ...values } = CHANGES[name](state, ...given);
    put(values);
    setSaid(sentence);
  };
  const on = {
    ...Object.fromEntries(Object.keys(CHANGES).map((name) => [name, does(name)])),
    ...{ put, train: trainer.press, step: trainer.step, again: trainer.again },
    save: () => savePicture(el),
    restart: () => {
      put({ ...model.get("start") });
      trainer.again();
    },
  };
  const now = { ...trainer.now, network, selected, colours, simple: state.simple, cones: useMemo(() => conesOf(network, selected), [network, String(selected)]) };
  // a picture of everything is slow, so that while it trains each third frame has one
  const when = [now.net, now.isTraining ? Math.floor(now.frame / 3) : now.frame, now.isTraining, network, colours];
  const result = useMemo(() => resultOf(now), when);
  useFacts(el, now);
  const parts = { state, now, when, result, said, on, look: lookOf(wide, state.simple) };
  return html`<div class="lab ${state.simple ? "simple" : ""} ${now.what.kind}s" ref=${lab}>
    <${Bar} state=${state} isTraining=${now.isTraining} canTrain=${now.what.rows.length > 1} on=${on} />
    ${wide > 0 && html`<${Left} ...${parts} /><${Side} ...${parts} />`}
  </div>`;
}

/** The network, and the switch that breaks it. */
function Left({ state, now, when, look, said, on }) {
  const left = useRef();
  const sheets = useMemo(() => [], []);
  const wide = useWidth(left);
  const { network, net } = now;
  const places = useMemo(() => placesOf(network, look, wide), [network, look, wide]);
  const wires = useMemo(() => wiresOf(network, net), [network, net]);
  const slowly = [...when, String(now.selected), wide];
  const centres = places.at.slice(1).map((layer, k) => (layer[0].x + places.at[k][0].x) / 2);
  const draw = (pen) => drawGraph(pen, places, { ...now, wires });
  function drawTables(pen, across, high) {
    if (!network.isSmall) paintSheets(sheets, now);
    drawMasks(pen, across, high, { ...now, centres, sheets });
  }
  return html`<div class="left">
    <${Sight} state=${state} on=${on} />
    ${wide > 0 && html`<${Stage} network=${network} places=${places} selected=${now.selected} joins=${state.joins} draw=${draw} when=${network.isSmall ? undefined : slowly} on=${on} />`}
    <p class="which" role="status" ref=${left}>${said || selection(network, now.selected)}</p>
    ${!state.simple && html`<div class="tables"><${Canvas} high=${look.masks} draw=${drawTables} when=${slowly} aria-label="Masks" /></div>`}
  </div>`;
}

/** How well it does, what it draws and what it learns. */
function Side({ state: { lesson, simple, yours }, now, when, result, look, on }) {
  const { what, colours, network } = now;
  const isBroken = network.leaks.some(Boolean);
  const [headline, rest] = standing(now, result);
  const bars = (pen, wide, high) => drawBars(pen, wide, high, { rows: what.rows, p: result.p, shares: what.weights, isBroken: now.nats < now.floor - MARGIN, colours });
  const learned = lesson === "diary" ? `It learns from ${DAYS} days. Three squares are wet grass, rain and sprinkler; a filled one means yes:` : `It learns these ${what.rows.length}:`;
  // kept while nothing changes, because they have many squares
  const drawnPictures = useMemo(() => html`<${Pictures} rows=${result.rows} known=${result.known} words=${result.words} />`, [result]);
  const learnedPictures = useMemo(() => html`<${Pictures} rows=${repeated(what)} words=${learned} />`, [what]);
  return html`<div class="side">
    ${!simple && html`<${Numbers} ...${now} />`}
    <div class="curve"><${Canvas} high=${look.curve} draw=${(pen, wide, high) => drawProgress(pen, wide, high, now)} aria-label="Nats while it trains" /></div>
    <p class="telling ${isBroken ? "broken" : ""}" role="status"><strong>${headline}</strong> ${rest}</p>
    <div class="results">
      ${lesson === "diary" && !simple
        ? html`<p class="about">Bars: its probability of each kind of day. Lines: the diary, ${DAYS} days.</p><${Canvas} high=${look.bars} draw=${bars} when=${when} aria-label="Probability of each kind of day" />`
        : html`<p class="about">${result.words}</p>${drawnPictures}`}
    </div>
    <div class="learned">
      ${lesson === "yours"
        ? html`<${Painter} yours=${yours} onChange=${(boards) => on.put({ yours: boards })} />`
        : html`<p class="about">${learned}</p>${learnedPictures}`}
    </div>
  </div>`;
}

const DAYS = 20;
/** Each kind of day as often as the diary has it. */
const repeated = ({ kind, rows, weights }) => (kind === "board" ? rows : rows.flatMap((row, k) => new Array(Math.round(weights[k] * DAYS)).fill(row)));

function Numbers({ nats, own, floor, sum, what, network }) {
  const number = (value, words, isBroken) => html`<div><strong class=${isBroken ? "broken" : ""}>${value}</strong><span>${words}</span></div>`;
  return html`<div class="numbers">
    ${number(nats.toFixed(2), `nats per ${what.kind}`, nats < floor - MARGIN)}
    ${number(own.toFixed(2), "floor")}
    ${number(sum === null ? "…" : sumInWords(sum), `Σp, all ${(2 ** network.rows.length).toLocaleString("en")}`, Math.abs((sum ?? 1) - 1) > 0.01)}
  </div>`;
}

/** The numbers of the moment as data attributes, for tests and measurements. */
function useFacts(el, { net, nats, own, sum }) {
  useEffect(() => void Object.assign(el.dataset, { steps: net.steps, nll: nats, floor: own, ...(sum === null ? {} : { sum }) }));
}

/** On a page without Python, the address holds the state, so that it can be shared. */
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

/** Network and masks as one picture. */
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
