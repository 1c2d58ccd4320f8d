import { change, frame } from "./frame.mjs";
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
      const place = document.createElement("div");
      const put = (values) => change(model, values);
      el.append(place);
      const stop = frame(el, model, name, () => render(html`<${component} ...${{ model, el, put }} />`, place));
      return () => {
        stop();
        render(null, place);
      };
    },
  };
}
