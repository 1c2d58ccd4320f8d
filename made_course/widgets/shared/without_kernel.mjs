/** Return the element of a widget whose script follows it. */
export const firstPlace = () => document.querySelector(".made-alone:empty");

/** A widget on a page without Python. */
export function showAlone(module, state, place) {
  place.model = modelOf(state);
  module.render({ model: place.model, el: place });
}

/** What anywidget's models do, for a state that only the page changes. */
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

/** Bytes as they were; or floats, rounded to 8 bits, of which each 64 have one scale. */
function decoded({ base64, scales }) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  if (!scales) return new DataView(bytes.buffer);
  const each = new Float32Array(decoded({ base64: scales }).buffer);
  const floats = Float32Array.from(new Int8Array(bytes.buffer), (n, k) => n * each[k >> 6]);
  return new DataView(floats.buffer);
}
