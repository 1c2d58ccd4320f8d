/** A widget on a page without Python: the last place made for one gets it, on this model. */
export function showAlone(module, state) {
  const places = document.querySelectorAll(".made-alone:empty");
  const model = modelOf(state);
  places[0].model = model;
  module.render({ model, el: places[0] });
}

/** What anywidget's models do, for a state that only the page changes. */
export function modelOf(state) {
  const heard = new EventTarget();
  const listeners = new Map();
  for (const [name, value] of Object.entries(state)) {
    if (value?.base64 !== undefined) state[name] = viewOf(value.base64);
  }
  return {
    get: (name) => state[name],
    set(name, value) {
      state[name] = value;
      heard.dispatchEvent(new Event(`change:${name}`));
      heard.dispatchEvent(new Event("change"));
    },
    save_changes() {},
    send() {},
    on(name, listener) {
      listeners.set(listener, () => listener());
      heard.addEventListener(name, listeners.get(listener));
    },
    off(name, listener) {
      heard.removeEventListener(name, listeners.get(listener));
    },
  };
}

function viewOf(text) {
  return new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}
