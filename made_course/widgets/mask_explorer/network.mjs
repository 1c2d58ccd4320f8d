import { buildMasks, directMask, inputDegrees, pathsThrough, variablesSeen } from "./masks.mjs";
import { hat, variableNames } from "../shared/words.mjs";

export const [NOT_STRICT, MIXED_UP] = ["output with >=", "degrees = ordering + 1"];
/** Largest number of variables, and of units in a layer, for which each unit is drawn by itself. */
const MOST_SINGLE = 8;
/** The variables of the diary in words, and what their outputs predict. */
export const DIARY = ["wet grass", "rain", "sprinkler"];
const QUESTIONS = ["“Wet grass?”", "“Rain?”", "“Sprinkler?”"];

/**
 * Return the network of a MaskExplorer's state: names, nodes, masks, dependencies and leaks. The simple
 * view names the diary's variables only in words.
 *
 * Hidden units of one degree have the same dependencies, so a large network has one node for all of
 * them. A node {degree, from, to} has the units `from`, ..., `to` - 1.
 */
export function networkOf({ ordering, hidden_degrees, direct, fault, lesson, simple }) {
  const rows = ordering.flat();
  const signs = variableNames(rows.length);
  const beside = (words, signs) => (simple ? words : words.map((word, i) => `${word} ${signs[i]}`));
  const [names, outputs] = lesson === "diary" ? [beside(DIARY, signs), beside(QUESTIONS, signs.map(hat))] : [signs, signs.map(hat)];
  const steps = inputDegrees(ordering);
  const order = fault === MIXED_UP ? rows.map((variable) => variable + 1) : steps;
  const strict = fault !== NOT_STRICT;
  const isSmall = [rows, ...hidden_degrees].every(({ length }) => length <= MOST_SINGLE);
  const ends = order.map((degree, i) => ({ degree, from: i, to: i + 1 }));
  const nodes = [ends, ...hidden_degrees.map((degrees) => bundled(degrees, isSmall)), ends];
  const masks = buildMasks(nodes.slice(0, -1).map((layer) => layer.map(({ degree }) => degree)), strict);
  const across = direct ? directMask(order, strict) : null;
  const seen = variablesSeen(masks, across);
  const allowed = steps.map((step) => steps.reduce((set, other, j) => (other < step ? set | (1 << j) : set), 0));
  const leaks = allowed.map((set, i) => seen.at(-1)[i] & ~set);
  const design = { degrees: order, hidden: hidden_degrees, direct, strict };
  return { names, outputs, ordering, rows, steps, fault, isSmall, nodes, masks, across, seen, allowed, leaks, design };
}

function bundled(degrees, isSmall) {
  const nodes = [];
  degrees.forEach((degree, unit) => {
    const last = nodes.at(-1);
    if (!isSmall && last?.degree === degree) last.to++;
    else nodes.push({ degree, from: unit, to: unit + 1 });
  });
  return nodes;
}

/** Return a row as its squares show it: a board as it is, a day in the order of its steps. */
export const squaresOfRow = ({ rows }, row) => (rows.length === 16 ? row : rows.map((i) => row[i]));

/** Return the index of the node that contains a unit. */
export const nodeOf = ({ nodes }, [layer, unit]) => nodes[layer].findIndex(({ to }) => unit < to);

/** Return the nodes on paths through the selected one, and on paths that leak into it. */
export function conesOf(network, selected) {
  const { masks, across, nodes, leaks } = network;
  const [layer, node] = [selected[0], nodeOf(network, selected)];
  const cone = pathsThrough(masks, layer, node, across);
  const leaking = nodes.map((each) => each.map(() => 0));
  if (layer < masks.length) return { cone, leaking };
  nodes[0].forEach((_, j) => {
    if (!((leaks[node] >> j) & 1)) return;
    const from = pathsThrough(masks, 0, j, across);
    from.forEach((each, k) => each.forEach((is, n) => is && cone[k][n] && (leaking[k][n] = 1)));
  });
  return { cone, leaking };
}

/** Return whether a connection lets an output see something that it must not see. */
export const isLeak = ({ seen, leaks, masks }, k, to, from) =>
  k >= masks.length - 1 && (leaks[to] & seen[k === masks.length ? 0 : k][from]) !== 0;

/** Return the ordering in which a variable and the variable of a row have changed places. */
export function swapped(ordering, variable, row) {
  const other = ordering.flat()[row];
  return ordering.map((group) => group.map((i) => (i === variable ? other : i === other ? variable : i)));
}

/** Return the ordering in which a variable shares the step of the row's variable, or has its own step before it. */
export function dropped(ordering, variable, row, isOnto) {
  const target = ordering.flat()[row];
  if (target === variable) return ordering;
  const isInside = ordering.some((group) => group.indexOf(target) > 0 && group[group.indexOf(target) - 1] !== variable);
  const others = ordering.map((group) => group.filter((i) => i !== variable));
  const at = others.findIndex((group) => group.includes(target));
  if (isOnto || isInside) others[at].push(variable);
  else others.splice(at < 0 ? others.length : at, 0, [variable]);
  return others.filter(({ length }) => length);
}

/** Return the ordering with a variable one step earlier (-1) or later (1): out of its group, or past the next one. */
export function shifted(ordering, variable, by) {
  const at = ordering.findIndex((group) => group.includes(variable));
  const others = ordering.map((group) => group.filter((i) => i !== variable));
  const isGrouped = others[at].length > 0;
  if (!isGrouped && !ordering[at + by]) return ordering;
  if (!isGrouped) others.splice(at, 1);
  others.splice(isGrouped ? at + Number(by > 0) : at + by, 0, [variable]);
  return others;
}

/** Return the ordering in which a variable shares the previous step. */
export function joined(ordering, variable) {
  const at = ordering.findIndex((group) => group.includes(variable));
  return at ? dropped(ordering, variable, ordering.flat().indexOf(ordering[at - 1][0]), true) : ordering;
}
