/** Return the element of the first widget that has not been drawn yet. */
export const firstPlace = () => document.querySelector(".made-alone:empty");

/** Show a widget on a page without Python. */
export function showAlone(module, state, place) {
  place.model = modelOf(state);
  module.render({ model: place.model, el: place });
}

/** Return a model with the same methods as anywidget's, for a state that only the page changes. */
export function modelOf(state) {
  const events = new EventTarget();
  const listeners = new Map();
  for (const [name, value] of Object.entries(state)) {
    if (value?.base64 !== undefined) state[name] = decoded(value);
  }
  return {
    get: (name) => state[name],
    set(name, value) {
      state[name] = value;
      events.dispatchEvent(new Event(`change:${name}`));
      events.dispatchEvent(new Event("change"));
    },
    save_changes() {},
    send() {},
    on(name, listener) {
      listeners.set(listener, () => listener());
      events.addEventListener(name, listeners.get(listener));
    },
    off(name, listener) {
      events.removeEventListener(name, listeners.get(listener));
    },
  };
}

/** Decode bytes, which JSON stores as base64. */
const decoded = ({ base64 }) => new DataView(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer);
