import { useColours } from "../shared/canvas.mjs";
import { widgetOf } from "../shared/component.mjs";
import { html, useEffect, useMemo, useRef, useState } from "../shared/preact.mjs";
import { COUNT, blanks, decision, endingsOf, verdict, withArticle } from "./endings.mjs";
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

const zerosAndOnes = (text) => Array.from(text, Number);

/** Return the endings that the network draws, or null until its weights are loaded. */
function useEndings(model) {
  const [weights, digit, hidden, seed, peeks] = ["weights", "digit", "hidden", "seed", "peeks"].map((name) => model.get(name));
  const networks = useMemo(() => (weights?.byteLength ? networksOf(model.get("degrees"), INNER.length, weights) : null), [weights]);
  return useMemo(() => {
    if (!networks) return null;
    const known = innerOf(hidden).map((value) => value === "0");
    return endingsOf(networks, innerOf(zerosAndOnes(digit)), known, seed, peeks);
  }, [networks, digit, hidden, seed, peeks]);
}

/** Return a function from a pixel to its colour for each ending, of which `step` pixels are drawn. */
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
  const [isRubber, setRubber] = useState(false);
  const [chosen, setChosen] = useState(0);
  const [isP, setIsP] = useState(false);
  const [isOpen, setOpen] = useState(false);
  const colours = useColours(el);
  const shades = shadesOf(colours);
  const found = useEndings(model);
  const player = usePlayer(found, chosen);
  const pen = usePen(model.get("digit"), model.get("hidden"), isRubber, put);
  const count = found?.drawn.length ?? 0;
  const isStepping = player.pace === "slow" || (player.pace === null && player.step < count);
  const x = zerosAndOnes(model.get("digit"));
  const looks = (step, marked = null) => looksOf(found, x, step, shades, { isP, marked });
  const peeks = model.get("peeks");
  const result = resultOf(found, peeks);
  const names = player.step === count && !peeks ? found?.endings.map(({ name }) => name) : null;
  const share = () => saveEndings(boardLook(pen.shown, shades), looks, count, [result.drawings, model.get("address")], colours);
  const again = () => put({ seed: (model.get("seed") + 1) % 1_000_000 });
  const marked = isStepping ? chosen : null;
  return html`<div class="made-sketch">
    <${Board} pen=${pen} shades=${shades} isRubber=${isRubber} />
    <p class="made-hint">Draw a digit here. The network sees only the part that is not green, and finishes it eight times, pixel by pixel.</p>
    <${Endings} looks=${looks(player.step, marked)} ...${{ names, marked, setChosen }} />
    <div class="made-result">
      ${isStepping && player.step > 0
        ? html`<${Decision} ...${{ found, chosen, ...player }} />`
        : html`<p class="made-verdict" role="status">${player.step < count ? "" : html`${result.test}<strong>${result.drawings}</strong>`}</p>`}
      <div class="made-controls">
        <button type="button" onClick=${again}>Draw again</button>
        <button type="button" class="made-peek" aria-pressed=${String(peeks)} onClick=${() => put({ peeks: !peeks })}>Let it peek</button>
        <button type="button" aria-expanded=${String(isOpen)} onClick=${() => setOpen(!isOpen)}>More</button>
      </div>
      ${isOpen && html`<${Playing} ...${{ player, isP, setIsP, share }} /><${Editing} ...${{ model, isRubber, setRubber, put, pen }} />`}
    </div>
  </div>`;
}

/** Say how well the network guesses the hidden pixels and what it draws, or why it does neither. */
function resultOf(found, peeks) {
  if (!found) return { drawings: "Loading the network, 1.5 MB …" };
  const { drawn, endings, right } = found;
  if (!drawn.length) return { drawings: "Nothing is hidden. Rub out a part." };
  const reason = peeks ? "because it sees each one" : "each from the pixels before it";
  return {
    test: html`<span>Test: the network guesses ${right} of the ${drawn.length} hidden pixels right, ${reason}.</span>`,
    drawings: `Drawings: ${peeks ? blanks(found) : verdict(endings.map(({ name }) => name))}`,
  };
}

function Endings({ looks, names, marked, setChosen }) {
  return html`<div class="made-endings" role="group" aria-label="Endings">${looks.map((look, k) => html`
    <button type="button" aria-pressed=${String(k === marked)} aria-label="Ending ${k + 1}${names ? `, read as ${withArticle(names[k])}` : ""}"
      onClick=${() => setChosen(k)}><${Picture} look=${look} aria-hidden="true" /></button>`)}
  </div>`;
}

/** Buttons for how endings are shown. */
function Playing({ player, isP, setIsP, share }) {
  return html`<div class="made-controls">
    <button type="button" onClick=${player.play}><span aria-hidden="true">${player.pace === "slow" ? "❚❚" : "▶"}</span> ${player.pace === "slow" ? "Pause" : "Play slowly"}</button>
    <button type="button" onClick=${player.go}>Step</button>
    <button type="button" aria-pressed=${String(isP)} onClick=${() => setIsP(!isP)}>Show the probabilities</button>
    <button type="button" onClick=${share}>Share</button>
  </div>`;
}

/** Return the colour of each pixel of the digit; hidden pixels are tinted, and ink shows through. */
function boardLook({ digit, hidden }, shades, brush = null) {
  const at = brush && SIDE * Math.floor(brush[1]) + Math.floor(brush[0]);
  return (i) => {
    if (i === at) return shades.drawn(1);
    if (hidden[i] === "1") return digit[i] === "1" ? shades.faint : shades.hidden;
    return digit[i] === "1" ? shades.ink : shades.paper;
  };
}

const Board = ({ pen: { shown, brush, handlers }, shades, isRubber }) => html`<${Picture} class="made-board" tabindex="0"
  role="application" aria-label="Your digit. Arrow keys move the brush. Hold Shift to draw. Space makes a dot."
  look=${boardLook(shown, shades, brush)} style=${{ cursor: isRubber ? "cell" : "crosshair" }} ...${handlers} />`;

/** Controls that change the digit or its hidden part. */
function Editing({ model, isRubber, setRubber, put, pen }) {
  const [digits, parts] = ["digits", "parts"].map((name) => model.get(name));
  const taken = useRef(0);
  const begin = (digit) => {
    pen.forget();
    put({ digit });
  };
  const takeDigit = () => begin(digits[(taken.current += 1) % digits.length]);
  const part = Object.keys(parts).find((name) => parts[name] === model.get("hidden")) ?? "";
  return html`<div class="made-controls">
    <button type="button" aria-pressed=${String(!isRubber)} onClick=${() => setRubber(false)}>Draw</button>
    <button type="button" aria-pressed=${String(isRubber)} onClick=${() => setRubber(true)}>Rub out</button>
    <button type="button" onClick=${() => begin(BLANK)}>Clear</button>
    <button type="button" onClick=${takeDigit}>Take a real digit</button>
    <label>Hide <select value=${part} onChange=${({ target }) => put({ hidden: parts[target.value] })}>
      ${part === "" && html`<option value="">what I rubbed out</option>`}
      ${Object.keys(parts).map((name) => html`<option value=${name}>${WORDS[name]}</option>`)}
    </select></label>
  </div>`;
}

/** How the last pixel was drawn, in words and as a line from 0 to 1 that is filled up to p and marked at u. */
function Decision({ found, step, chosen, pace }) {
  const { p, u } = found.endings[chosen];
  const i = found.drawn[step - 1];
  const [row, column] = [Math.floor(INNER[i] / SIDE) + 1, (INNER[i] % SIDE) + 1];
  const position = `pixel ${step} of ${found.drawn.length} (row ${row}, column ${column})`;
  return html`<div class="made-verdict">
    <p role="status" aria-live=${pace ? "off" : "polite"}>Ending ${chosen + 1}, ${position}: ${decision(p[i], u[i])}</p>
    <div class="made-line" aria-hidden="true"><span style=${{ width: `${100 * p[i]}%` }} /><i style=${{ left: `${100 * u[i]}%` }} /></div>
  </div>`;
}

export default widgetOf("Sketchpad", Sketchpad);
