import { useColours } from "../shared/canvas.mjs";
import { widgetOf } from "../shared/component.mjs";
import { html, useEffect, useMemo, useRef, useState } from "../shared/preact.mjs";
import { COUNT, decision, endingsOf, verdict } from "./endings.mjs";
import { networksOf } from "./networks.mjs";
import { usePen } from "./pen.mjs";
import { Picture, lookOf, shadesOf } from "./picture.mjs";
import { usePlayer } from "./player.mjs";
import { saveEndings } from "./saving.mjs";
import { SIDE, innerOf, isInner } from "./strokes.mjs";

const BLANK = "0".repeat(SIDE * SIDE);
const INNER = innerOf(Array.from(BLANK).keys());
const WORDS = {
  bottom: "the lower part",
  right: "the right half",
  left: "the left half",
  top: "the upper part",
  middle: "the middle",
  nothing: "nothing",
};

const bits = (text) => Array.from(text, Number);

/** The networks, as soon as their weights are there, and the endings that they draw. */
function useEndings(model) {
  const [weights, digit, hidden, seed] = ["weights", "digit", "hidden", "seed"].map((name) => model.get(name));
  const networks = useMemo(() => (weights?.byteLength ? networksOf(model.get("degrees"), INNER.length, weights) : null), [weights]);
  return useMemo(() => {
    if (!networks) return null;
    const known = innerOf(hidden).map((value) => value === "0");
    return endingsOf(networks, innerOf(bits(digit)), known, seed);
  }, [networks, digit, hidden, seed]);
}

/** What the pixels of each ending look like after some steps. */
function looksOf(found, x, step, shades, { isP, marked }) {
  const ranks = new Array(SIDE * SIDE);
  found?.drawn.forEach((i, rank) => (ranks[INNER[i]] = rank));
  return Array.from({ length: COUNT }, (_, k) => {
    const values = new Array(SIDE * SIDE);
    found?.drawn.forEach((i) => (values[INNER[i]] = found.endings[k][isP ? "p" : "row"][i]));
    return lookOf({ shades, x, ranks, values, step, marked: marked === k });
  });
}

function Sketchpad({ model, el, put }) {
  const [tool, setTool] = useState("draw");
  const [chosen, setChosen] = useState(0);
  const [isP, setIsP] = useState(false);
  const colours = useColours(el);
  const shades = shadesOf(colours);
  const found = useEndings(model);
  const player = usePlayer(found, chosen);
  const pen = usePen(model.get("digit"), model.get("hidden"), tool === "rub", put);
  const count = found?.drawn.length ?? 0;
  const isStepping = player.pace === "slow" || (player.pace === null && player.step < count);
  const x = bits(model.get("digit"));
  const looks = (step, marked = null) => looksOf(found, x, step, shades, { isP, marked });
  const words = told(found);
  const names = player.step === count ? found?.endings.map(({ name }) => name) : null;
  const share = () => saveEndings(boardLook(pen.shown, shades), looks, count, [words, model.get("address")], colours);
  const again = () => put({ seed: (model.get("seed") + 1) % 1_000_000 });
  const begin = (digit) => {
    pen.forget();
    put({ digit });
  };
  const marked = isStepping ? chosen : null;
  return html`<div class="made-sketch">
    <${Board} pen=${pen} shades=${shades} isRubber=${tool === "rub"} />
    <${Endings} looks=${looks(player.step, marked)} ...${{ names, marked, setChosen }} />
    <div class="made-told">
      <p class="made-verdict" role="status">${player.step < count ? "\u00a0" : words}</p>
      <${Controls} ...${{ player, isP, setIsP, again, share }} />
      ${isStepping && player.step > 0 && html`<${Decision} ...${{ found, chosen, ...player }} />`}
    </div>
    <${Tools} ...${{ model, tool, setTool, put, begin }} />
  </div>`;
}

/** What the eight endings look like, or why there are none. */
function told(found) {
  if (!found) return "Loading the network, 1.5 MB …";
  if (!found.drawn.length) return "Nothing is hidden. Rub out a part.";
  return verdict(found.endings.map(({ name }) => name));
}

function Endings({ looks, names, marked, setChosen }) {
  return html`<div class="made-endings" role="group" aria-label="Endings">${looks.map((look, k) => html`
    <button type="button" aria-pressed=${String(k === marked)} aria-label="Ending ${k + 1}${names ? `, looks like ${names[k]}` : ""}"
      onClick=${() => setChosen(k)}><${Picture} look=${look} aria-hidden="true" /></button>`)}
  </div>`;
}

function Controls({ player, isP, setIsP, again, share }) {
  return html`<div class="made-controls">
    <button type="button" class="made-again" onClick=${again}>Draw again</button>
    <button type="button" onClick=${player.play}>${player.pace === "slow" ? "❚❚ Pause" : "▶ Play slowly"}</button>
    <button type="button" onClick=${player.go}>Step</button>
    <button type="button" aria-pressed=${String(isP)} onClick=${() => setIsP(!isP)}>Show the probabilities</button>
    <button type="button" onClick=${share}>Share</button>
  </div>`;
}

/** The digit as far as the network sees it; what is hidden is tinted, with the reader's own ink below. */
function boardLook({ digit, hidden }, shades, brush = null) {
  const at = brush && SIDE * Math.floor(brush[1]) + Math.floor(brush[0]);
  return (i) => {
    if (i === at) return shades.drawn(1);
    if (hidden[i] === "1") return digit[i] === "1" ? shades.faint : shades.hidden;
    return digit[i] === "1" ? shades.ink : shades.paper;
  };
}

function Board({ pen: { shown, brush, handlers }, shades, isRubber }) {
  const help = "Arrows move the brush; hold Shift to draw with it; Space makes a dot.";
  return html`<${Picture} class="made-board" tabindex="0" role="application" aria-label="Your digit. ${help}"
    look=${boardLook(shown, shades, brush)} style=${{ cursor: isRubber ? "cell" : "crosshair" }} ...${handlers} />`;
}

/** What a reader can do with the digit. */
function Tools({ model, tool, setTool, put, begin }) {
  const [digits, parts] = ["digits", "parts"].map((name) => model.get(name));
  const taken = useRef(0);
  const take = () => begin(digits[(taken.current += 1) % digits.length]);
  const part = Object.keys(parts).find((name) => parts[name] === model.get("hidden")) ?? "";
  const isTool = (name) => String(tool === name);
  return html`<div class="made-tools">
    <p>Draw a whole digit. The network sees only the part that is not blue, and finishes it eight times.</p>
    <div class="made-controls">
      <button type="button" aria-pressed=${isTool("draw")} onClick=${() => setTool("draw")}>Draw</button>
      <button type="button" aria-pressed=${isTool("rub")} onClick=${() => setTool("rub")}>Rub out</button>
      <button type="button" onClick=${() => begin(BLANK)}>Clear</button>
      <button type="button" onClick=${take}>Take a real digit</button>
      <label>Hide <select value=${part} onChange=${({ target }) => put({ hidden: parts[target.value] })}>
        ${part === "" && html`<option value="">what I rubbed out</option>`}
        ${Object.keys(parts).map((name) => html`<option value=${name}>${WORDS[name]}</option>`)}
      </select></label>
    </div>
  </div>`;
}

/** The pixel that was drawn last: a line from 0 to 1, filled up to p, with a mark at u. */
function Decision({ found, step, chosen, pace }) {
  const { p, u } = found.endings[chosen];
  const i = found.drawn[step - 1];
  const [row, column] = [Math.floor(INNER[i] / SIDE) + 1, (INNER[i] % SIDE) + 1];
  const place = `pixel ${step} of ${found.drawn.length} (row ${row}, column ${column})`;
  return html`<div class="made-decision">
    <p role="status" aria-live=${pace ? "off" : "polite"}>Ending ${chosen + 1}, ${place}: ${decision(p[i], u[i])}</p>
    <div class="made-line" aria-hidden="true"><span style=${{ width: `${100 * p[i]}%` }} /><i style=${{ left: `${100 * u[i]}%` }} /></div>
  </div>`;
}

export default widgetOf("Sketchpad", Sketchpad);
