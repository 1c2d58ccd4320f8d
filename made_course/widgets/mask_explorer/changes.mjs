import { startOf } from "./lessons.mjs";
import { drawDegrees, inputDegrees } from "./masks.mjs";
import { MIXED_UP, dropped, joined, networkOf, shifted, swapped } from "./network.mjs";
import { listing } from "../shared/words.mjs";

/** Changes that the reader can make. Each function takes a state and returns new values, and some return a `message`. */
export const CHANGES = {
  /** Draw hidden degrees again, also for a different number of layers and units. */
  redraw(state, { widths = (now) => now, ordering = state.ordering, draw = state.draw }) {
    const sizes = widths(state.hidden_degrees.map(({ length }) => length));
    const hidden = drawDegrees(ordering, sizes, draw);
    const [layer, unit] = state.selected;
    const isOutput = layer === state.hidden_degrees.length + 1;
    const selected = isOutput || layer > hidden.length ? [hidden.length + 1, isOutput ? unit : ordering.flat()[0]] : [layer, layer ? 0 : unit];
    return { ordering, draw, hidden_degrees: hidden, selected };
  },

  /** Set a different ordering, and draw hidden degrees again if the number of its steps changes. */
  reorder(state, ordering) {
    const isGrouped = ordering.some(({ length }) => length > 1);
    const fault = isGrouped && state.fault === MIXED_UP ? "none" : state.fault;
    if (ordering.length === state.ordering.length) return { ordering, fault };
    return { fault, ...CHANGES.redraw(state, { ordering }) };
  },
  regroup: (state, grouping) => (grouping ? CHANGES.reorder(state, grouping(state.ordering)) : {}),

  /**
   * Drop a node before a row or onto it. A hidden unit gets the degree of the row. A variable swaps
   * places with the row's variable. If steps may be joined, it shares their step or gets its own.
   */
  drop(state, layer, node, row, isOnto) {
    const target = state.ordering.flat()[Math.min(row, state.ordering.flat().length - 1)];
    if (layer) return withDegree(state, layer, node, inputDegrees(state.ordering)[target]);
    if (state.joins) return moved(state, node, dropped(state.ordering, node, row, isOnto));
    const { names } = networkOf(state);
    const message = node === target ? "Nothing has moved." : `Now ${names[node]} and ${names[target]} have changed places.`;
    return { ...CHANGES.reorder(state, swapped(state.ordering, node, row)), message };
  },
  shift(state, layer, node, by) {
    if (!layer) return moved(state, node, shifted(state.ordering, node, by));
    const { isSmall, masks } = networkOf(state);
    if (!isSmall || layer === masks.length) return {};
    return withDegree(state, layer, node, state.hidden_degrees[layer - 1][node] + by);
  },
  join: (state, layer, node) => (layer || !state.joins ? {} : moved(state, node, joined(state.ordering, node))),

  /** Set a fault, and select the last output that leaks, unless the selected output leaks. */
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

function moved(state, variable, ordering) {
  const { names } = networkOf(state);
  const step = ordering.findIndex((group) => group.includes(variable));
  const others = ordering[step].filter((i) => i !== variable).map((i) => names[i]);
  const together = others.length ? `, together with ${listing(others)}` : "";
  return { ...CHANGES.reorder(state, ordering), message: `Now ${names[variable]} is drawn at step ${step + 1}${together}.` };
}

function withDegree({ hidden_degrees, ordering }, layer, node, wanted) {
  const hidden = hidden_degrees.map((degrees) => [...degrees]);
  const degree = Math.min(Math.max(wanted, 1), Math.max(ordering.length - 1, 1));
  hidden[layer - 1][node] = degree;
  hidden[layer - 1].sort((a, b) => a - b);
  const message = wanted > degree ? `No output may see a unit of degree ${wanted}, so the unit gets degree ${degree}.` : `The unit now has degree ${degree}.`;
  return { hidden_degrees: hidden, message };
}
