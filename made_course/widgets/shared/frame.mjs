/**
 * Set up the element of a widget, and call `draw` after each change of the model.
 *
 * Keys pressed in the widget do not reach JupyterLab, where an x would cut the cell. The exception is
 * Shift+Enter, which goes to the next cell.
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
  const line = (role, className) => Object.assign(document.createElement("div"), { role, className });
  const [problem, lost] = [line("alert", "made-problem"), line("status", "made-lost")];
  el.prepend(lost); // at the top, because the bottom of the widget may be off the screen
  el.append(problem);
  const stopWaiting = whenPythonIsGone(model, () => {
    lost.textContent = "Python has stopped. Everything still works here. To connect to Python, run the cell again.";
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

/** Call `tell` when the kernel stops. Return a function that removes the listeners, because the kernel outlives a cell's output. */
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

/** Change the state in the page, and in Python if it is still running. */
export function change(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  if (!withoutPython.has(model)) model.save_changes();
}

/** Make all elements one Tab stop: Tab goes to the element that had the focus last, and arrows, Home and End move the focus. */
export function arrowKeys(container, items) {
  const stopAt = (stop) => items().forEach((item) => item.setAttribute("tabindex", item === stop ? 0 : -1));
  container.addEventListener("focusin", ({ target }) => items().includes(target) && stopAt(target));
  stopAt(items()[0]);
  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  container.addEventListener("keydown", (event) => {
    const all = items();
    const at = all.indexOf(event.target);
    const ends = { Home: 0, End: all.length - 1 };
    const to = ends[event.key] ?? (event.key in steps ? at + steps[event.key] : null);
    if (at < 0 || to === null) return;
    event.preventDefault();
    all[Math.min(Math.max(to, 0), all.length - 1)].focus();
  });
}
