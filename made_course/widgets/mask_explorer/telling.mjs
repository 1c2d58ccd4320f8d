import { MIXED_UP, nodeOf } from "./network.mjs";
import { MARGIN } from "./panels.mjs";
import { drawnRows, probabilitiesOf } from "./training.mjs";
import { hat, listing } from "../shared/words.mjs";

/** Describe the boards that it draws, or its probability of each kind of day: {words, ...}. */
export function resultOf({ net, what, ordering, noise }) {
  if (what.kind === "day") return { p: probabilitiesOf(net, what.rows), words: "Bars: its probability of each kind of day. Lines: the diary, 20 days." };
  const rows = drawnRows(net, ordering, noise);
  const known = new Set(what.rows.map(String));
  const count = rows.filter((row) => known.has(String(row))).length;
  const different = new Set(rows.map(String)).size;
  const words = `It draws ${rows.length}, from the same noise every time: ${different === 1 ? `one board, ${rows.length} times` : `${count} are boards it learns, ${different} different`}.`;
  return { rows, known, different, words, isAllKnown: count === rows.length, isBlank: !rows.some((row) => row.includes(1)) };
}

/** Describe the present state, and say what to press next: [in bold, the rest]. */
export function standing({ network, net, what, nats, floor, own, coins, history, isTraining, ...now }, result) {
  const press = isTraining ? "" : " Press Train.";
  const wasBroken = history.some(({ event }) => event === "≥");
  if (what.rows.length < 2) return ["Paint two boards or more.", "With only one board there is nothing to learn, because its floor is 0."];
  if (network.leaks.some(Boolean)) {
    if (network.fault === MIXED_UP) return ["The masks are sound, but for another ordering.", `Σp is 1, and yet ${offender(network)}: drawn in this order, it must answer before that is known. The sum misses this fault.`];
    if (nats < floor - MARGIN) return ["Below what any distribution can reach.", fraud(now, network, what, result)];
    return [copying(network), isTraining ? "The new wires began at zero. Watch the curve." : "Press Train: the curve will not stop at the floor."];
  }
  if (!net.steps) return ["Nothing is learned yet.", `A coin for each variable costs ${coins.toFixed(2)} nats per ${what.kind}; ${own.toFixed(2)} is the floor.${press}`];
  if (nats > own + 0.05 && wasBroken) return ["There is nothing to copy any more.", `It learns again from earlier variables.${press}`];
  if (nats > own + 0.05) return ["It learns.", `Bars shorten towards their ticks; the ticks add up to ${own.toFixed(2)}.${press}`];
  const isGrouped = own > floor + MARGIN;
  const drawing = what.kind === "day" ? "Bars meet their lines." : `It draws ${result.different} different boards${result.isAllKnown ? ", all learned" : ""}.`;
  const next = wasBroken ? "Σp is 1 again." : "Σp is 1, and stays 1. Now press ≥.";
  return [isGrouped ? "On the floor of this grouping." : "On the floor.", `${isGrouped ? `One by one it is ${floor.toFixed(2)}. ` : ""}${drawing} ${next}`];
}

function fraud({ sum, claimed }, network, what, { isBlank, different, rows }) {
  const total = sum === null ? "" : `Its probabilities add up to ${sumInWords(sum)}`;
  if (what.kind === "day") return `${total}. ${copying(network)}`;
  const drawn = isBlank ? `${rows.length} blanks` : `${different} different boards`;
  return `${total}: the ${what.rows.length} boards claim ${claimed.toFixed(1)} of 1. When it draws, there is no answer to copy yet, and the result is ${drawn}.`;
}

/** Say which outputs see their own variable. */
function copying({ names, rows, leaks }) {
  const own = rows.filter((i) => (leaks[i] >> i) & 1).map((i) => hat(names[i]));
  return `${listing(own, 4)} ${own.length > 1 ? "see their own variables" : "sees its own variable"}.`;
}

/** A sum of probabilities, to as many digits as tell it from 1. */
export function sumInWords(sum) {
  const digits = sum < 10 ? 3 : 1;
  return sum.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function offender({ names, rows, leaks, steps }) {
  const i = rows.find((variable) => leaks[variable]);
  const wanted = rows.filter((j) => (leaks[i] >> j) & 1).map((j) => names[j]);
  return `${hat(names[i])}, drawn at step ${steps[i]}, needs ${listing(wanted, 4)}`;
}

/** Describe the selected unit: the inputs that it sees, or the outputs that see it. */
export function selection({ names, rows, masks, seen, allowed, leaks, design, nodes }, [layer, unit]) {
  const members = (set) => listing(rows.filter((i) => (set >> i) & 1).map((i) => names[i]), 5);
  if (layer === 0) {
    const by = rows.filter((i) => (seen.at(-1)[i] >> unit) & 1).map((i) => hat(names[i]));
    return `${names[unit]} is seen by ${listing(by, 5)}.`;
  }
  if (layer < masks.length) {
    const node = nodeOf({ nodes }, [layer, unit]);
    const { degree, from, to } = nodes[layer][node];
    const who = to - from > 1 ? `The ${to - from} units of degree ${degree} see` : `A unit of degree ${degree} sees`;
    return `${who} ${members(seen[layer][node])}.`;
  }
  const [output, inputs] = [hat(names[unit]), seen.at(-1)[unit]];
  if (leaks[unit]) return `${output} now sees ${members(leaks[unit])}${(leaks[unit] >> unit) & 1 ? ": its own answer" : ", which comes later"}.`;
  if (allowed[unit] & ~inputs) return `${output} sees ${members(inputs)}; no path leads from ${members(allowed[unit] & ~inputs)}.`;
  if (!design.strict) return `${output} sees no unit of its own degree, because there is none.`;
  return inputs ? `${output} sees units of degree less than ${design.degrees[unit]}: ${members(inputs)}.` : `${output} sees nothing, because it comes first.`;
}
