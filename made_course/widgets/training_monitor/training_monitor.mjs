import { button, element, frame, isWithoutPython, shape } from "../shared/frame.mjs";
import { HIGH, WIDE, beyond, curveParts, shortNats } from "./curve.mjs";

const duration = (seconds) =>
  seconds < 90 ? `${Math.max(1, Math.round(seconds))} s`
    : seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;

const KEYS = { train: "train, while the weights still move", validation: "validation, at the end of the epoch" };

/** How far the training is, and how long it takes. */
export function progressWords({ curves, planned, seconds, running }) {
  const epochs = curves.train?.length ?? 0;
  if (!epochs) return "No epoch yet. Give the monitor to fit: fit(model, train, valid, on_epoch=monitor).";
  const where = `Epoch ${epochs}${planned ? ` of ${planned}` : ""}`;
  if (!running || !planned) return `${where}: ${duration(seconds)} ${running ? "so far" : "in all"}.`;
  const whole = (seconds / epochs) * planned;
  return `${where}: about ${epochs === 1 ? `${duration(whole)} for all` : `${duration(whole - seconds)} left`}.`;
}

/** The last epoch in numbers. */
export function scoreWords({ curves, unit, nats_per_bit: perBit }) {
  const last = Object.entries(curves).map(([name, nll]) => [name, nll.at(-1)]);
  if (!last.length) return "";
  const nats = last.map(([name, nll]) => `${name} ${shortNats(nll)}`).join(", ");
  const bits = last.map(([, nll]) => (nll / perBit).toFixed(3)).join(" and ");
  const valid = curves.validation;
  const best = valid ? ` Lowest validation: epoch ${valid.indexOf(Math.min(...valid)) + 1}.` : "";
  return `Last epoch: ${nats} ${unit}${perBit ? ` (${bits} bits per dimension)` : ""}.${best}`;
}

/** A row of images on a canvas: white of the ink's strength, which the page turns into ink. */
function drawImages(canvas, ink, count, [rows, columns]) {
  const scale = Math.max(1, Math.floor(28 / Math.max(rows, columns)));
  const [width, height] = [columns * scale + 1, rows * scale];
  canvas.width = count * width - 1;
  canvas.height = height;
  const image = new ImageData(canvas.width, height);
  image.data.fill(255);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < canvas.width; x += 1) {
      const [k, column] = [Math.floor(x / width), Math.floor((x % width) / scale)];
      const pixel = (k * rows + Math.floor(y / scale)) * columns + column;
      image.data[4 * (y * canvas.width + x) + 3] = column === columns ? 60 : ink[pixel];
    }
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function drawSamples(place, rows, ink, size) {
  const length = rows.length ? ink.byteLength / rows.length : 0;
  const count = length / (size?.[0] * size?.[1]);
  const drawn = rows.map((epoch, k) => {
    const canvas = element("canvas", { role: "img", "aria-label": `${count} samples after epoch ${epoch}` });
    drawImages(canvas, new Uint8Array(ink.buffer, ink.byteOffset + k * length, length), count, size);
    return element("div", { class: "made-row" }, element("span", {}, `${epoch}`), canvas);
  });
  const heading = element("b", {}, "samples by epoch, from the same noise");
  place.replaceChildren(...(rows.length ? [heading, ...drawn] : []));
}

export default {
  render({ model, el }) {
    const kernel = model.widget_manager?.kernel;
    const interrupt = () => {
      stop.ariaDisabled = true; // a second one would hit what comes after fit
      kernel.interrupt();
    };
    const stop = kernel
      ? button("Stop", interrupt, { title: "fit returns what it has so far" })
      : element("span", { class: "made-quiet" }, "The notebook's stop button ends it: fit returns what it has.");
    const [progress, score] = [element("span", { role: "status" }), element("div")];
    const [title, keys, others] = [element("b"), element("div", { class: "made-keys" }), element("div", { class: "made-quiet" })];
    const picture = shape("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img" });
    const curve = element("div", { class: "made-learning" }, title, keys, picture, others);
    const samples = element("div", { class: "made-samples" });
    el.classList.add("made-monitor");
    el.append(
      element("div", { class: "made-controls" }, progress, stop),
      score,
      element("div", { class: "made-body" }, curve, samples),
    );
    let drawn;
    return frame(el, model, "Training monitor", () => {
      const told = model.get("told");
      const run = { ...told, running: told.running && !isWithoutPython(model) };
      const ink = model.get("ink");
      progress.textContent = progressWords(run);
      score.textContent = scoreWords(run);
      stop.hidden = !run.running;
      if (stop.hidden) stop.ariaDisabled = false;
      if (ink !== drawn) drawSamples(samples, model.get("rows"), ink, model.get("image_shape"));
      drawn = ink;
      curve.hidden = !run.curves.train;
      if (curve.hidden) return;
      const shown = { ...run, levels: model.get("levels") };
      title.textContent = `NLL (${run.unit})`;
      keys.replaceChildren(...Object.keys(run.curves).map((name) => element("span", { "data-curve": name }, KEYS[name])));
      others.textContent = beyond(shown);
      picture.setAttribute("aria-label", `Learning curve. ${score.textContent}`);
      picture.replaceChildren(...curveParts(shown));
    }, "The curve stays as it was");
  },
};
