import { MIXED_UP, nodeOf } from "./network.mjs";
import { MARGIN } from "./panels.mjs";
import { sampleRows, probabilitiesOf } from "./training.mjs";
import { listing } from "../shared/words.mjs";

/** A network whose cost is above a floor by more than this, in nats, is still learning. */
const STILL_ABOVE = 0.05;

/** Sample rows, and compute the probability of each training row: {rows, p, known, words, ...}. */
export function resultOf({ net, what, ordering, noise }) {
  const rows = sampleRows(net, ordering, noise);
  const known = new Set(what.rows.map(String));
  const count = rows.filter((row) => known.has(String(row))).length;
  const different = new Set(rows.map(String)).size;
  const blanks = rows.filter((row) => !row.includes(1)).length;
  const kinds = different === 1 ? `the same one, ${rows.length} times` : `${different} different ones${what.kind === "board" ? `, and ${count} of ${rows.length} are among those that it learns` : ""}`;
  return { rows, p: probabilitiesOf(net, what.rows), known, different, blanks, isAllKnown: count === rows.length, words: `It draws ${rows.length} ${what.kind}s: ${kinds}.` };
}

/** Describe the present state, and say what to press next: [in bold, the rest]. */
export function describeState({ network, net, what, nats, floor, own, least, coins, history, isTraining, simple, ...now }, result) {
  const press = isTraining ? "" : " Press Train.";
  const wasBroken = history.some(({ event }) => event === "≥");
  if (what.rows.length < 2) return ["Paint at least two boards.", "A single board leaves nothing to learn, because its floor is 0."];
  if (network.leaks.some(Boolean)) {
    if (network.fault === MIXED_UP) return ["The masks are right, but for a different ordering.", `The probabilities sum to 1, but ${describeTooEarly(network)}. The sum does not reveal this fault.`];
    if (nats < floor - MARGIN) return ["Too good to be true.", describeCheat({ ...now, network, what, nats, floor, simple }, result)];
    return [`Now ${describeCopying(network)}.`, isTraining ? "The new wires start at zero. Watch the curve." : "Press Train. The curve will not stop at the floor."];
  }
  if (!net.steps) return ["It has not learned anything yet.", `It only guesses, so each ${what.kind} costs ${coins.toFixed(2)} nats. Nats measure how much the ${what.kind} surprises the network, so lower is better.${press}`];
  if (nats > own + STILL_ABOVE && least > own + MARGIN && nats < least + STILL_ABOVE) return ["This network cannot get any lower.", "Some outputs do not see all earlier variables."];
  if (nats > own + STILL_ABOVE && wasBroken) return ["There is nothing to copy any more.", `It learns again from earlier variables.${press}`];
  if (nats > own + STILL_ABOVE) return ["It learns.", `The floor, ${own.toFixed(2)}, is the lowest cost of any network that sees only earlier variables.${press}`];
  const isGrouped = own > floor + MARGIN;
  const drawing = `It draws ${result.different} different ${what.kind}s${result.isAllKnown ? ", all from its training data" : ""}.`;
  const next = wasBroken ? "Its score is honest again." : "Now let each output see its own variable, too.";
  return [isGrouped ? "On the floor of this grouping." : "On the floor.", `${isGrouped ? `Without groups, the floor is ${floor.toFixed(2)}. ` : ""}${drawing} ${next}`];
}

function describeCheat({ sum, claimed, network, what, nats, floor, simple }, { blanks, different, rows }) {
  const score = nats < 0.1 ? "nearly 0" : `${nats.toFixed(2)}, below the floor of ${floor.toFixed(2)},`;
  const drawn = blanks === rows.length ? `${blanks} blanks` : blanks > rows.length / 2 ? `${blanks} of ${rows.length} are blank` : `${different} different ${what.kind}s`;
  return `It scores ${score} because ${describeCopying(network)}. Ask it to draw, with no answer to copy: ${drawn}.${simple || sum === null ? "" : totalInWords(sum, claimed, what)}`;
}

function totalInWords(sum, claimed, { kind, rows }) {
  const known = kind === "day" ? "" : ` The ${rows.length} boards in its training data contribute ${claimed.toFixed(1)}.`;
  return ` Its probabilities add up to ${sumInWords(sum)}.${known}`;
}

/** Say which outputs see their own variable. */
function describeCopying({ outputs, rows, leaks }) {
  const own = rows.filter((i) => (leaks[i] >> i) & 1).map((i) => outputs[i]);
  if (own.length === rows.length) return "each output can see its own answer";
  return `${listing(own, 4)} can see ${own.length > 1 ? "their own answers" : "its own answer"}`;
}

/** Write a sum of probabilities, with enough digits to tell it from 1. */
export function sumInWords(sum) {
  const digits = sum < 10 ? 3 : 1;
  return sum.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function describeTooEarly({ names, outputs, rows, leaks, steps }) {
  const i = rows.find((variable) => leaks[variable]);
  const wanted = rows.filter((j) => (leaks[i] >> j) & 1).map((j) => names[j]);
  return `${outputs[i]}, drawn at step ${steps[i]}, needs ${listing(wanted, 4)} too early`;
}

/** Describe the selected unit: the inputs that it sees, or the outputs that see it. */
export function describeSelection({ names, outputs, rows, masks, seen, allowed, leaks, design, nodes }, [layer, unit]) {
  const members = (set) => listing(rows.filter((i) => (set >> i) & 1).map((i) => names[i]), 5);
  if (layer === 0) {
    const by = rows.filter((i) => (seen.at(-1)[i] >> unit) & 1).map((i) => outputs[i]);
    return `The input ${names[unit]} is seen by ${listing(by, 5)}.`;
  }
  if (layer < masks.length) {
    const node = nodeOf({ nodes }, [layer, unit]);
    const { degree, from, to } = nodes[layer][node];
    const who = to - from > 1 ? `The ${to - from} units of degree ${degree} see` : `A unit of degree ${degree} sees`;
    return `${who} ${members(seen[layer][node])}.`;
  }
  const [output, inputs] = [outputs[unit], seen.at(-1)[unit]];
  if (leaks[unit]) return `${output} now sees ${members(leaks[unit])}${(leaks[unit] >> unit) & 1 ? ", so it sees its own answer" : ", which it must not see"}.`;
  if (allowed[unit] & ~inputs) return `${output} sees ${members(inputs)}. No path leads from ${members(allowed[unit] & ~inputs)}.`;
  if (!design.strict) return `${output} sees no unit of its own degree, because there is none.`;
  return inputs ? `${output} has degree ${design.degrees[unit]}, the number in its circle. It sees units of lower degree, and so ${members(inputs)}.` : `${output} sees nothing, because it comes first.`;
}
