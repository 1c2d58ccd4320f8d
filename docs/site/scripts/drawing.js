// The front page draws: one digit after another, pixel by pixel, with the nats that it costs.
const SHELF = 36;
const A_SECOND = 400; // pixels
const REST = 900; // milliseconds before the next digit

function showDrawing(network) {
  const place = document.getElementById("drawing");
  const [canvas, shelf] = place.querySelectorAll("canvas");
  const said = place.querySelector(".said");
  const stop = place.querySelector("button");
  const isStill = matchMedia("(prefers-reduced-motion: reduce)");
  let [state, nats, finished] = [start(network), 0, 0];
  let [isRunning, before, ended] = [!isStill.matches, 0, 0];

  const draw = (pixels) => {
    const decide = (i, p) => {
      const value = Math.random() <= p;
      nats -= Math.log(value ? p : 1 - p);
      return value;
    };
    state = follow(network, decide, Math.min(state.known + pixels, 784), state);
  };
  const next = () => {
    finished = (finished + 1) % SHELF;
    [state, nats] = [start(network), 0];
  };
  const show = () => {
    paint(canvas, state.row, 0, 0, network.order, state.known);
    paint(shelf, state.row, finished % 12, Math.floor(finished / 12), network.order, state.known);
    said.textContent = `pixel ${state.known} of 784 · ${nats.toFixed(1)} nats`;
  };
  const fill = () => {
    for (let k = 0; k < SHELF; k++) {
      next();
      draw(784);
      show();
    }
  };
  const frame = (now) => {
    if (!isRunning) return;
    if (state.known < 784) {
      draw(Math.round((Math.min(now - before, 50) * A_SECOND) / 1000));
      ended = now;
      show();
    } else if (now - ended > REST) next();
    before = now;
    requestAnimationFrame(frame);
  };
  const name = () => (stop.textContent = isStill.matches ? "Draw another" : isRunning ? "Pause" : "Go on");
  stop.addEventListener("click", () => {
    if (isStill.matches) {
      next();
      draw(784);
      show();
    } else {
      isRunning = !isRunning;
      requestAnimationFrame(frame);
    }
    name();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", fill);
  isStill.addEventListener("change", () => {
    isRunning = !isStill.matches;
    requestAnimationFrame(frame);
    name();
  });
  fill();
  name();
  stop.hidden = false;
  place.classList.add("alive");
  requestAnimationFrame(frame);
}
