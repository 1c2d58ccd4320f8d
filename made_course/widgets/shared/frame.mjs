/** An element: properties that begin with "on" are listeners, others attributes; text stays text. */
export function element(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

/** The same for a part of an SVG picture. */
export function shape(tag, properties = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);
}

function filled(made, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(name, value === true ? "" : value);
    }
  }
  made.append(...children);
  return made;
}

/** A button; while its `ariaDisabled` is true it does nothing, but keeps the focus. */
export function button(words, onclick, properties = {}) {
  const press = ({ currentTarget }) => currentTarget.ariaDisabled !== "true" && onclick();
  return element("button", { type: "button", onclick: press, ...properties }, words);
}

/** A list to choose from, with its label; options are [value, words]. */
export function choice(words, options, onchoose) {
  const list = element(
    "select",
    { onchange: () => onchoose(list.value), "aria-label": words },
    ...options.map(([value, text]) => element("option", { value }, text)),
  );
  return { label: element("label", {}, `${words} `, list), list };
}

/** A box to tick, with its label. */
export function tick(words, onchange) {
  const box = element("input", { type: "checkbox", onchange: () => onchange(box.checked) });
  return { label: element("label", {}, box, ` ${words}`), box };
}

/**
 * Build the element that all widgets have; `draw` follows each change of the model.
 *
 * Keys that are pressed inside do not reach JupyterLab, where an x would cut the cell. Only Shift
 * and Enter still go to the next cell.
 */
export function frame(el, model, name, draw) {
  el.classList.add("made-widget");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", name);
  const keepKeys = ({ target }) => (target.dataset.lmSuppressShortcuts = "true");
  el.addEventListener("focusin", keepKeys);
  el.addEventListener("keyup", (event) => event.key === "Shift" && keepKeys(event));
  el.addEventListener("keydown", ({ key, target }) => {
    if (key === "Shift") delete target.dataset.lmSuppressShortcuts;
  });
  const problem = element("div", { role: "alert", class: "made-problem" });
  const lost = element("div", { role: "status", class: "made-lost" });
  el.prepend(lost); // the rest may be off the screen
  el.append(problem);
  const stopWaiting = whenPythonIsGone(model, () => {
    lost.textContent = "Python is gone. Everything works on here; run the cell again to connect to Python.";
    draw();
  });
  let waiting = false;
  const follow = () => {
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      problem.textContent = model.get("problem");
      draw();
    });
  };
  model.on("change", follow);
  follow();
  return () => {
    model.off("change", follow);
    stopWaiting();
  };
}

const withoutPython = new WeakSet();

/** Returns what ends the waiting: a kernel outlives the pictures of a cell that is run again. */
function whenPythonIsGone(model, tell) {
  const kernel = model.widget_manager?.kernel;
  const end = () => {
    withoutPython.add(model);
    tell();
  };
  const onStatus = (_, now) => ["restarting", "dead"].includes(now) && end();
  kernel?.disposed?.connect(end);
  kernel?.statusChanged?.connect(onStatus);
  return () => {
    kernel?.disposed?.disconnect(end);
    kernel?.statusChanged?.disconnect(onStatus);
  };
}

/** Change the state, here at once, and in Python if it is still there. */
export function change(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  if (!withoutPython.has(model)) model.save_changes();
}

/** One Tab stop for many elements: the one of `items()` that had the focus last, or else the first. */
export function oneTabStop(container, items) {
  const follow = ({ target }) => {
    const all = items();
    if (all.includes(target)) all.forEach((item) => item.setAttribute("tabindex", item === target ? 0 : -1));
  };
  container.addEventListener("focusin", follow);
  follow({ target: items()[0] });
}

/** The same, where arrows, Home and End move the focus; `onmove` is called with what gets it. */
export function arrowKeys(container, items, onmove = () => {}) {
  oneTabStop(container, items);
  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  container.addEventListener("keydown", (event) => {
    const all = items();
    const at = all.indexOf(event.target);
    const ends = { Home: 0, End: all.length - 1 };
    const to = ends[event.key] ?? (event.key in steps ? at + steps[event.key] : null);
    if (at < 0 || to === null) return;
    event.preventDefault();
    const next = all[Math.min(Math.max(to, 0), all.length - 1)];
    next.focus();
    onmove(next);
  });
}

/** A number between two buttons, with its label; `set(value, least, most)` shows one. */
export function stepper(words, onstep) {
  let value = 0;
  const [less, more] = [button("−", () => onstep(value - 1)), button("+", () => onstep(value + 1))];
  const shown = element("output");
  const group = element("span", { class: "made-stepper", role: "group", "aria-label": words }, `${words} `, less, shown, more);
  less.setAttribute("aria-label", `${words}: one less`);
  more.setAttribute("aria-label", `${words}: one more`);
  const set = (now, least, most) => {
    value = now;
    shown.textContent = now;
    less.ariaDisabled = now <= least;
    more.ariaDisabled = now >= most;
  };
  return { group, set };
}
