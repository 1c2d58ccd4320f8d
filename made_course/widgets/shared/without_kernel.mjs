/** Return the element of the first widget that has not been drawn yet. */
export const firstPlace = () => document.querySelector(".made-alone:empty");

/** Show a widget on a page without Python. */
export function showAlone(module, state, place) {
  place.model = modelOf(state);
  module.render({ model: place.model, el: place });
}

/** Return a model with the same methods as anywidget's, for a state that only the page changes. */
export function modelOf(state) {
  const listeners = new Set();
  for (const [name, value] of Object.entries(state)) {
    if (value?.base64 !== undefined) state[name] = decoded(value);
  }
  return {
    get: (name) => state[name],
    set(name, value) {
      state[name] = value;
      for (const listener of listeners) listener();
    },
    save_changes() {},
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
  };
}

/** Decode bytes, which JSON stores as base64. */
const decoded = ({ base64 }) => new DataView(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer);
