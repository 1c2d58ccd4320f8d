// Show on the front page the pixels so far, what the next output sees, and the random number that decides.
const BEGUN = 250; // pixels of the first digit, or a few more
const FALL = 12; // frames in which the random number moves, unless the pixel is nearly certain
const EASY = 8; // other pixels in a frame
const REST = 900; // milliseconds before the next digit
const SIDE = 280; // of a panel

const place = document.getElementById("drawing");
const [live, mask, chance, shelf] = place.querySelectorAll("canvas");
const shelved = shown.map((text) => {
  const bytes = bytesOf(text);
  return Array.from({ length: 784 }, (_, i) => (bytes[i >> 3] >> (7 - (i & 7))) & 1);
});
const RASTER = Array.from({ length: 784 }, (_, i) => i + 1);
const showShelf = () => shelved.forEach((row, k) => paint(shelf, row, k));
showShelf();
paint(live, shelved[0], 0, 0, RASTER, BEGUN);

function showDrawing(network) {
  const [sees, draws, score] = place.querySelectorAll("span, .said");
  const stop = place.querySelector("button");
  const isStill = matchMedia("(prefers-reduced-motion: reduce)");
  const degrees = network.degrees.at(-1).toSorted((a, b) => a - b);
  const visible = Array.from({ length: 785 }, (_, degree) => degrees.filter((one) => one < degree).length);
  let [state, nats, coin, falling, finished] = [start(network), 0, {}, 0, 0];
  let [isRunning, ended] = [!isStill.matches, 0];

  const draw = (until, throwOne = Math.random) => {
    const decide = (i, p) => {
      const number = throwOne(i, p);
      coin = { p, number, isInk: number <= p };
      nats -= Math.log(coin.isInk ? p : 1 - p);
      return coin.isInk;
    };
    state = follow(network, decide, until, state);
  };
  const isOpen = () => Math.abs(coin.p - 0.5) < 0.4;
  const next = () => {
    shelved[finished] = state.row;
    finished = (finished + 1) % shelved.length;
    [state, nats] = [start(network), 0];
  };
  const showMask = (context, [blue, pale]) => {
    context.fillStyle = pale;
    for (let y = 0; y < SIDE; y++) context.fillRect(0, y, (visible[Math.ceil((y / SIDE) * 784)] / degrees.length) * SIDE, 1);
    context.fillStyle = blue;
    context.fillRect(0, ((state.known - 1) / 784) * SIDE - 3, (visible[state.known] / degrees.length) * SIDE, 6);
  };
  const showChance = (context, [blue, pale, ink]) => {
    const [left, wide, bar, x] = [20, SIDE - 40, SIDE - 76, 20 + coin.number * (SIDE - 40)];
    context.fillStyle = pale;
    context.fillRect(left, bar, wide, 36);
    context.fillStyle = blue;
    context.fillRect(left, bar, coin.p * wide, 36);
    context.fillStyle = ink;
    context.font = "20px sans-serif";
    context.fillText("0", left - 5, bar + 62);
    context.fillText("1", left + wide - 6, bar + 62);
    context.beginPath();
    context.arc(x, 20 + (1 - falling / FALL) * (bar - 30), 9, 0, 7);
    context.fill();
  };
  const show = () => {
    const colours = ["--blue", "--open", "--ink"].map((name) => getComputedStyle(place).getPropertyValue(name));
    for (const [canvas, showIt] of [[mask, showMask], [chance, showChance]]) {
      const context = canvas.getContext("2d");
      context.clearRect(0, 0, SIDE, SIDE);
      showIt(context, colours);
    }
    const known = state.known - Math.sign(falling);
    paint(live, state.row, 0, 0, network.order, known);
    paint(shelf, state.row, finished, 0, network.order, known);
    score.textContent = `pixel ${state.known} of 784 · ${nats.toFixed(1)} nats`;
    sees.textContent = `${visible[state.known]} of ${degrees.length} units, which see earlier pixels only`;
    if (falling === FALL || !isRunning) {
      draws.textContent = `p(ink) = ${coin.p.toFixed(2)}, u = ${coin.number.toFixed(2)}: ${coin.isInk ? "ink" : "no ink"}`;
    }
  };
  const frame = (now) => {
    if (!isRunning) return;
    if (falling || state.known < 784) {
      if (falling) falling--;
      else for (let k = 0; k < EASY && state.known < 784 && !falling; k++) {
        draw(state.known + 1);
        if (isOpen()) falling = FALL;
      }
      ended = now;
      show();
    } else if (now - ended > REST) next();
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
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    showShelf();
    show();
  });
  isStill.addEventListener("change", () => {
    isRunning = !isStill.matches;
    requestAnimationFrame(frame);
    name();
  });
  const again = (i, p) => (shelved[0][i] ? p * Math.random() : p + (1 - p) * Math.random());
  draw(BEGUN, again);
  while (!isOpen()) draw(state.known + 1, again);
  show();
  name();
  stop.hidden = false;
  place.classList.add("alive");
  requestAnimationFrame(frame);
}
