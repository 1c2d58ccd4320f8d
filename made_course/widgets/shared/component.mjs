import { html, render } from "./preact.mjs";

/**
 * Make a widget from a component of Preact. For example:
 *
 *     import { widgetOf } from "../shared/component.mjs";
 *     import { html, useState } from "../shared/preact.mjs";
 *
 *     function Counter({ model, put }) {
 *       return html`<button onClick=${() => put({ n: model.get("n") + 1 })}>${model.get("n")}</button>`;
 *     }
 *
 *     export default widgetOf("Counter", Counter);
 *
 * The component is drawn again after each change of the model. `put({ name: value })` changes the
 * model, here and in Python; `el` is the element of the widget. Top-level names must be unique across
 * modules. Give each <option> a `value`; without it, the value of the list is "". Attributes are
 * written as in HTML: `class`, `for`, `onInput`, `aria-pressed=${String(is)}`.
 */
export function widgetOf(name, component) {
  return {
    render({ model, el }) {
      el.classList.add("made-widget");
      el.setAttribute("role", "group");
      el.setAttribute("aria-label", name);
      keepKeys(el);
      const lost = Object.assign(document.createElement("div"), { role: "status", className: "made-lost" });
      const place = document.createElement("div");
      el.append(lost, place); // the message at the top, because the bottom may be off the screen
      let [isAlone, isWaiting] = [false, false];
      const put = (values) => {
        for (const [name, value] of Object.entries(values)) model.set(name, value);
        if (!isAlone) model.save_changes();
      };
      const draw = () => {
        isWaiting = false;
        render(html`<${component} ...${{ model, el, put }} />`, place);
      };
      const follow = () => {
        if (!isWaiting) queueMicrotask(draw); // once, after all values have changed
        isWaiting = true;
      };
      const stopWaiting = whenPythonIsGone(model, () => {
        isAlone = true;
        lost.textContent = "Python has stopped. Everything still works here. To connect to Python, run the cell again.";
      });
      model.on("change", follow);
      draw();
      return () => {
        model.off("change", follow);
        stopWaiting();
        render(null, place);
      };
    },
  };
}

/**
 * Keep keys pressed in the widget from JupyterLab, where an x would cut the cell. The exception is
 * Shift+Enter, which goes to the next cell.
 */
function keepKeys(el) {
  const keep = ({ target }) => (target.dataset.lmSuppressShortcuts = "true");
  el.addEventListener("focusin", keep);
  el.addEventListener("keyup", (event) => event.key === "Shift" && keep(event));
  el.addEventListener("keydown", ({ key, target }) => {
    if (key === "Shift") delete target.dataset.lmSuppressShortcuts;
  });
}

/** Call `tell` when the kernel stops. Return a function that removes the listeners, because the kernel outlives a cell's output. */
function whenPythonIsGone(model, tell) {
  const kernel = model.widget_manager?.kernel;
  const onStatus = (_, now) => ["restarting", "dead"].includes(now) && tell();
  kernel?.disposed?.connect(tell);
  kernel?.statusChanged?.connect(onStatus);
  return () => {
    kernel?.disposed?.disconnect(tell);
    kernel?.statusChanged?.disconnect(onStatus);
  };
}
