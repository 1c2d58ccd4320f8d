// The front page draws: one digit after another, pixel by pixel, with the nats that it costs.
const SHELF = 36;
const A_FRAME = 7; // pixels; some two seconds a digit at sixty frames a second

function showDrawing(network) {
  const place = document.getElementById("drawing");
  const [canvas, shelf] = place.querySelectorAll("canvas");
  const said = place.querySelector(".said");
  const stop = place.querySelector("button");
  const isStill = matchMedia("(prefers-reduced-motion: reduce)");
  let finished = 0;
  let state = null;
  let nats = 0;
  let isRunning = !isStill.matches;

  const decide = (i, p) => {
    const value = Math.random() <= p;
    nats -= Math.log(value ? p : 1 - p);
    return value;
  };
  const begin = () => {
    state = start(network);
    nats = 0;
  };
  const show = () => {
    paint(canvas, state.row, 0, 0, network.order, state.known);
    said.textContent = `pixel ${state.known} of 784 · ${nats.toFixed(1)} nats so far`;
  };
  const keep = () => {
    paint(shelf, state.row, (finished % SHELF) % 12, Math.floor((finished % SHELF) / 12));
    finished++;
    begin();
  };
  const frame = () => {
    if (!isRunning) return;
    if (state.known === 784) keep();
    follow(network, decide, Math.min(state.known + A_FRAME, 784), state);
    show();
    requestAnimationFrame(frame);
  };
  const name = () => (stop.textContent = isStill.matches ? "Draw another" : isRunning ? "Pause" : "Go on");
  stop.addEventListener("click", () => {
    if (isStill.matches) {
      if (state.known === 784) keep();
      follow(network, decide, 784, state);
      show();
    } else {
      isRunning = !isRunning;
      frame();
    }
    name();
  });
  begin();
  for (let k = 0; k < SHELF; k++) {
    follow(network, decide, 784, state);
    keep();
  }
  if (isStill.matches) follow(network, decide, 784, state);
  show();
  name();
  stop.hidden = false;
  place.classList.add("alive");
  frame();
}
