import { buildMasks, connectivity, directMask, inputDegrees, leakingConnections, pathsThrough } from "./masks.mjs";
import { hat, listing } from "../shared/words.mjs";

export const MOST_SUMMED = 12;
export const [NOT_STRICT, MIXED_UP] = ["output with >=", "degrees = ordering + 1"];
const SLOPE = 4;
const GOLDEN = 0.6180339887498949;

/** All that follows from the state of a MaskExplorer: see network.py beside it. */
export function networkOf({ names, ordering, hidden_degrees, direct, fault }) {
  const steps = inputDegrees(ordering);
  const order = fault === MIXED_UP ? ordering.map((variable) => variable + 1) : steps;
  const degrees = [order, ...hidden_degrees];
  const masks = buildMasks(degrees, fault !== NOT_STRICT);
  const directOne = direct ? directMask(order, fault !== NOT_STRICT) : null;
  const allowed = directMask(steps);
  const reached = connectivity(masks, directOne);
  const leaks = reached.map((row, i) => row.map((is, j) => Number(is && !allowed[i][j])));
  const forbidden = allowed.map((row) => row.map((may) => 1 - may));
  const leaking = leaks.flat().some(Boolean)
    ? leakingConnections(masks, forbidden, directOne)
    : [...masks, ...(directOne ? [directOne] : [])].map((mask) => mask.map((row) => row.map(() => 0)));
  return { names, ordering, fault, steps, degrees: [...degrees, order], masks, direct: directOne, allowed, reached, leaks, leaking };
}

/** The first variable generated whose output sees what it may not; undefined if none does. */
export const leakingOutput = ({ ordering, leaks }) => ordering.find((i) => leaks[i].some(Boolean));

/** What a unit is called. */
export function nameOf({ names, masks }, [layer, unit]) {
  if (layer === 0) return names[unit];
  if (layer === masks.length) return hat(names[unit]);
  return `unit ${unit + 1} of hidden layer ${layer}`;
}

/** What a unit sees or who sees it, against what the ordering allows. */
export function sentence(network, [layer, unit]) {
  const { names, ordering, masks, direct, allowed, reached, degrees } = network;
  const inputs = (is) => listing(ordering.filter(is).map((i) => names[i]));
  const outputs = (is) => listing(ordering.filter(is).map((i) => hat(names[i])));
  const name = nameOf(network, [layer, unit]);
  if (layer > 0 && layer < masks.length) {
    const cone = pathsThrough(masks, layer, unit, direct);
    return (
      `U${name.slice(1)} has degree ${degrees[layer][unit]}. ` +
      `It sees ${inputs((i) => cone[0][i])}; it is seen by ${outputs((i) => cone.at(-1)[i])}.`
    );
  }
  const isInput = layer === 0;
  const said = isInput ? outputs : inputs;
  const sees = (i) => (isInput ? reached[i][unit] : reached[unit][i]);
  const may = (i) => (isInput ? allowed[i][unit] : allowed[unit][i]);
  const [does, way] = isInput ? ["reach", "to"] : ["see", "from"];
  let words = `${name} ${does}${isInput ? "es" : "s"} ${said(sees)}. It may ${does} ${said(may)}.`;
  if (ordering.some((i) => may(i) && !sees(i))) {
    words += ` No path leads ${way} ${said((i) => may(i) && !sees(i))}.`;
  }
  if (ordering.some((i) => sees(i) && !may(i))) {
    words += ` A leak: ${said((i) => sees(i) && !may(i))}.`;
  }
  return words;
}

/** The chain rule as [words, variable]; of more than five variables some are left out. */
export function factors({ names, ordering }) {
  const said = ordering.map((i) => names[i]);
  const steps = said.length > 5 ? [0, 1, 2, said.length - 1] : said.map((_, t) => t);
  const made = steps.map((t) => {
    const before = t <= 3 ? said.slice(0, t) : [said[0], "…", said[t - 1]];
    return [t ? `p(${said[t]} | ${before.join(", ")})` : `p(${said[t]})`, ordering[t]];
  });
  if (said.length > 5) made.splice(3, 0, ["⋯", null]);
  return made;
}

/** Σ p(x) over all 2^D binary vectors x, of an example with these connections. */
export function totalProbability({ names, masks, direct }) {
  const layers = masks.map(meansOf);
  const jump = direct && meansOf(direct);
  const output = layers.pop();
  let total = 0;
  for (let code = 0; code < 2 ** names.length; code++) {
    const x = names.map((_, i) => (code >> i) & 1);
    const hidden = layers.reduce((h, rows) => rows.map((row) => dot(row, h)), x);
    let p = 1;
    output.forEach((row, i) => {
      let logit = SLOPE * (dot(row, hidden) - half(row));
      if (jump) logit += SLOPE * (dot(jump[i], x) - half(jump[i]));
      p /= 1 + Math.exp(x[i] ? -logit : logit);
    });
    total += p;
  }
  return total;
}

/** Weights by which each unit is a mean of what it sees, as [from, weight]. */
function meansOf(mask) {
  return mask.map((row, to) => {
    const seen = row.flatMap((may, from) =>
      may ? [[from, 1 + 2 * (((to * row.length + from + 1) * GOLDEN) % 1)]] : [],
    );
    const sum = seen.reduce((all, [, weight]) => all + weight, 0);
    return seen.map(([from, weight]) => [from, weight / sum]);
  });
}

function dot(row, values) {
  let sum = 0;
  for (const [from, weight] of row) sum += weight * values[from];
  return sum;
}

const half = (row) => (row.length ? 0.5 : 0);

/** Σp in words, and what it does and does not show. */
export function finding(network, total) {
  const { names, ordering, fault, steps, degrees, leaks } = network;
  if (names.length > MOST_SUMMED) {
    return `2^${names.length} binary vectors x are too many to add up their probabilities.`;
  }
  const count = String(2 ** names.length).replace(/\B(?=(\d{3})+$)/g, ",");
  const said = `Σ p(x) over all ${count} binary vectors x = ${total.toFixed(3)}`;
  const mixedUp = fault === MIXED_UP;
  if (mixedUp && degrees[0].every((degree, i) => degree === steps[i])) {
    return `${said}. This ordering is its own inverse, so that the mistake changes nothing here: take a cycle of three variables.`;
  }
  if (!leaks.flat().some(Boolean)) {
    const end = mixedUp ? ": too few paths are left to show the mistake." : ".";
    return `${said}, and no output sees what it may not${end}`;
  }
  if (!mixedUp) return `${said}, not 1: this is no distribution.`;
  const belong = inputDegrees(degrees[0].map((degree) => degree - 1)).map((step) => names[step - 1]);
  const meant = ordering.map((i) => names[i]);
  return `${said}, so the sum misses this fault: these masks belong to the ordering ${belong.join(", ")}, not to ${meant.join(", ")}.`;
}
