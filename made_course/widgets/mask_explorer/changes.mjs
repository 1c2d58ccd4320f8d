import { startOf } from "./lessons.mjs";
import { drawDegrees } from "./masks.mjs";
import { MIXED_UP, dropped, joined, networkOf, shifted } from "./network.mjs";

/** What the reader can do to a state: each takes it, and returns what changes in it. */
export const CHANGES = {
  /** Draw hidden degrees again, perhaps for another number of layers and units. */
  redraw(state, { widths = (now) => now, ordering = state.ordering, draw = state.draw }) {
    const sizes = widths(state.hidden_degrees.map(({ length }) => length));
    const hidden = drawDegrees(ordering, sizes, draw);
    const [layer, unit] = state.selected;
    const isOutput = layer === state.hidden_degrees.length + 1;
    const selected = isOutput || layer > hidden.length ? [hidden.length + 1, isOutput ? unit : ordering.flat()[0]] : [layer, layer ? 0 : unit];
    return { ordering, draw, hidden_degrees: hidden, selected };
  },

  /** Set another ordering, and other hidden degrees if the number of its steps changes. */
  reorder(state, ordering) {
    const isGrouped = ordering.some(({ length }) => length > 1);
    const fault = isGrouped && state.fault === MIXED_UP ? "none" : state.fault;
    if (ordering.length === state.ordering.length) return { ordering, fault };
    return { fault, ...CHANGES.redraw(state, { ordering }) };
  },
  regroup: (state, grouping) => (grouping ? CHANGES.reorder(state, grouping(state.ordering)) : {}),

  /** A node is dropped before a row or onto it: a variable changes its step, a hidden unit its degree. */
  drop(state, layer, node, row, isOnto) {
    if (!layer) return CHANGES.reorder(state, dropped(state.ordering, node, row, isOnto));
    const { steps, rows } = networkOf(state);
    return withDegree(state, layer, node, steps[rows[Math.min(row, rows.length - 1)]]);
  },
  shift(state, layer, node, by) {
    if (!layer) return CHANGES.reorder(state, shifted(state.ordering, node, by));
    const { isSmall, masks } = networkOf(state);
    if (!isSmall || layer === masks.length) return {};
    return withDegree(state, layer, node, state.hidden_degrees[layer - 1][node] + by);
  },
  join: (state, layer, node) => (layer ? {} : CHANGES.reorder(state, joined(state.ordering, node))),

  /** A fault, and the last output that it makes leak, unless one that does is selected. */
  break(state, fault) {
    const { rows, leaks, masks } = networkOf({ ...state, fault });
    const telling = rows.findLast((i) => leaks[i]);
    const [layer, unit] = state.selected;
    if (telling === undefined || (layer === masks.length && leaks[unit])) return { fault };
    return { fault, selected: [masks.length, telling] };
  },
  select: (state, layer, node) => ({ selected: [layer, networkOf(state).nodes[layer][node].from] }),
  learn: (_, lesson) => ({ lesson, ...startOf(lesson) }),
};

function withDegree({ hidden_degrees, ordering }, layer, node, degree) {
  const hidden = hidden_degrees.map((degrees) => [...degrees]);
  hidden[layer - 1][node] = Math.min(Math.max(degree, 1), Math.max(ordering.length - 1, 1));
  hidden[layer - 1].sort((a, b) => a - b);
  return { hidden_degrees: hidden };
}
