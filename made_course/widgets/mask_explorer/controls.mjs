import { GROUPINGS, LESSONS } from "./lessons.mjs";
import { MIXED_UP, NOT_STRICT } from "./network.mjs";
import { html, useState } from "../shared/preact.mjs";
import { torchLines } from "./sharing.mjs";

/** A button. If it is `off`, it does nothing but keeps the focus. */
const Press = ({ off, onPress, children, ...rest }) =>
  html`<button type="button" aria-disabled=${String(Boolean(off))} onClick=${() => !off && onPress()} ...${rest}>${children}</button>`;

/** The buttons above the graph. */
export function Bar({ state, isTraining, canTrain, on }) {
  const [isOpen, setOpen] = useState(false);
  const { simple } = state;
  return html`<div class="buttons">
    <${Press} class="train" off=${!canTrain} onPress=${on.train}><span aria-hidden="true">${isTraining ? "❚❚" : "▶"}</span> ${isTraining ? "Pause" : "Train"}<//>
    ${!simple && html`
      <${Press} class="step" off=${!canTrain} onPress=${on.step}>Step<//>
      <${Press} aria-label="Start again" title="Start again" onPress=${on.again}>↺<//>
      <span class="lessons" role="group" aria-label="What it learns">
        ${LESSONS.map(([name, words]) => html`<${Press} aria-pressed=${String(name === state.lesson)} onPress=${() => on.learn(name)}>${words}<//>`)}
      </span>
      <${Press} class="more" aria-expanded=${String(isOpen)} onPress=${() => setOpen(!isOpen)}>More<//>`}
    <${Press} class="view" onPress=${() => on.put({ simple: !simple })}>${simple ? "Show everything" : "Show less"}<//>
    ${!simple && isOpen && html`<${Drawer} state=${state} on=${on} />`}
  </div>`;
}

/** The switch between > and ≥ in the mask of the outputs. */
export function Sight({ state: { fault, simple }, on }) {
  const choices = [["none", ">", "earlier variables only"], [NOT_STRICT, "≥", "its own, too"]];
  return html`<div class="sight" role="group" aria-label="Each output may see">
    <span>Each output may see</span>
    ${choices.map(([name, sign, words]) => html`<${Press} class=${name === NOT_STRICT ? "cheat" : ""} aria-pressed=${String((fault === NOT_STRICT) === (name === NOT_STRICT))}
      onPress=${() => on.break(name)}>${!simple && html`<b>${sign}</b> `}${words}<//>`)}
  </div>`;
}

/** Controls that are needed less often. */
function Drawer({ state, on }) {
  const { ordering, hidden_degrees, draw, direct, fault } = state;
  const [isCopied, setCopied] = useState(false);
  const isGrouped = ordering.some(({ length }) => length > 1);
  const [layers, width] = [hidden_degrees.length, hidden_degrees[0]?.length ?? 0];
  const names = Object.keys(GROUPINGS);
  const copy = () => {
    setCopied(true);
    navigator.clipboard?.writeText(torchLines(state)).catch(() => {}); // if it fails, the lines are still shown
  };
  return html`<div class="drawer">
    <${Stepper} words="Hidden layers" value=${layers} least=${0} most=${4}
      onStep=${(count) => on.redraw({ widths: (now) => Array.from({ length: count }, (_, k) => now[k] ?? now.at(-1) ?? 4) })} />
    <${Stepper} words="Units in each" value=${width} least=${layers ? 1 : 0} most=${layers ? 64 : 0} onStep=${(count) => on.redraw({ widths: (now) => now.map(() => count) })} />
    <${Choice} words="Degrees" value=${draw} options=${["even", "uniform", "paper"]} onChoose=${(draw) => on.redraw({ draw })} />
    <${Press} onPress=${() => on.redraw({})}>Draw degrees again<//>
    ${ordering.flat().length === 16 && html`<${Choice} words="Steps" value=${names[Number(isGrouped)]} options=${names} onChoose=${(name) => on.regroup(GROUPINGS[name])} />`}
    <${Tick} words="Direct connections" checked=${direct} onTick=${(is) => on.put({ direct: is })} />
    <${Tick} words="Degrees = ordering + 1" checked=${fault === MIXED_UP} disabled=${isGrouped} onTick=${(is) => on.break(is ? MIXED_UP : "none")} />
    <${Press} onPress=${on.save}>Save picture<//>
    <${Press} onPress=${copy}>Copy as PyTorch<//>
    ${isCopied && html`<pre tabIndex="0" role="region" aria-label="Lines of Python">${torchLines(state)}</pre>`}
    <${Press} onPress=${on.restart}>Reset everything<//>
  </div>`;
}

const Stepper = ({ words, value, least, most, onStep }) => html`<span class="made-stepper" role="group" aria-label=${words}>${words}
  <${Press} aria-label="${words}: one fewer" off=${value <= least} onPress=${() => onStep(value - 1)}>−<//>
  <output>${value}</output>
  <${Press} aria-label="${words}: one more" off=${value >= most} onPress=${() => onStep(value + 1)}>+<//></span>`;

const Choice = ({ words, value, options, onChoose }) => html`<label>${words} <select value=${value} onChange=${({ target }) => onChoose(target.value)}>
  ${options.map((name) => html`<option value=${name}>${name}</option>`)}</select></label>`;

const Tick = ({ words, checked, disabled, onTick }) =>
  html`<label><input type="checkbox" checked=${checked} disabled=${disabled} onChange=${({ target }) => onTick(target.checked)} /> ${words}</label>`;
