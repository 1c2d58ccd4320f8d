// Half a digit is completed. (The network above it is a widget of notebook 3.)

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function showCompletions(network) {
  const place = document.getElementById("complete");
  const board = place.querySelector(".draw");
  const rows = place.querySelector("input");
  const said = place.querySelector(".said");
  const digit = new Uint8Array(784);
  const brush = { x: 14, y: 6 };
  let [taken, isTaken, coins] = [0, true, []];
  const items = Array.from({ length: 8 }, () => {
    const item = document.createElement("li");
    item.innerHTML = '<canvas width="28" height="28" role="img"></canvas><span></span>';
    return place.querySelector(".completed").appendChild(item);
  });

  const show = () => {
    const known = 28 * rows.value;
    place.querySelector("output").textContent = rows.value;
    paint(board, digit, 0, 0, network.order, known);
    const given = -sum(logConditionals(follow(network, (i) => digit[i], known)).subarray(0, known));
    let mean = 0;
    items.forEach(({ children: [canvas, words] }, k) => {
      const drawn = follow(network, (i, p) => (i < known ? digit[i] : coins[k][i] <= p));
      const nats = -sum(logConditionals(drawn).subarray(known));
      mean += nats / items.length;
      paint(canvas, drawn.row);
      words.textContent = `${nats.toFixed(0)} nats`;
      canvas.setAttribute("aria-label", `Completion ${k + 1}`);
    });
    const fair = [known, 784 - known].map((pixels) => (pixels * Math.LN2).toFixed(0));
    said.textContent = `Your ${rows.value} rows cost ${given.toFixed(0)} nats (by guessing: ${fair[0]}); what the network drew below costs ${mean.toFixed(0)} on average (by guessing: ${fair[1]}).`;
  };
  const throwCoins = () => {
    coins = items.map(() => Float64Array.from({ length: 784 }, Math.random));
    show();
  };
  const clear = () => {
    digit.fill(0);
    isTaken = false;
  };
  /** Ink from one point to another, in pixels; on a digit that was taken, a new one begins. */
  const stroke = ([x, y], [toX, toY]) => {
    if (isTaken) clear();
    const steps = Math.ceil(2 * Math.hypot(toX - x, toY - y)) + 1;
    for (let k = 1; k <= steps; k++) {
      const [a, b] = [x + ((toX - x) * k) / steps, y + ((toY - y) * k) / steps];
      for (let i = 0; i < 28 * rows.value; i++) {
        if (Math.hypot((i % 28) + 0.5 - a, Math.floor(i / 28) + 0.5 - b) < 1.3) digit[i] = 1;
      }
    }
    show();
  };
  const showBrush = () => {
    const context = board.getContext("2d");
    context.fillStyle = getComputedStyle(board).getPropertyValue("--blue");
    context.fillRect(brush.x, brush.y, 1, 1);
  };

  let last = null;
  const at = (event) => {
    const box = board.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * 28, ((event.clientY - box.top) / box.height) * 28];
  };
  board.addEventListener("pointerdown", (event) => {
    board.setPointerCapture(event.pointerId);
    stroke((last = at(event)), last);
  });
  board.addEventListener("pointermove", (event) => last && stroke(last, (last = at(event))));
  for (const end of ["pointerup", "pointercancel"]) board.addEventListener(end, () => (last = null));
  board.addEventListener("keydown", (event) => {
    if (event.key !== " " && !(event.key in ARROWS)) return;
    event.preventDefault();
    const [right, down] = ARROWS[event.key] ?? [0, 0];
    brush.x = Math.min(Math.max(brush.x + right, 0), 27);
    brush.y = Math.min(Math.max(brush.y + down, 0), rows.value - 1);
    const here = [brush.x + 0.5, brush.y + 0.5];
    if (event.key === " " || event.shiftKey) stroke(here, here);
    else show();
    showBrush();
  });
  board.addEventListener("focus", () => board.matches(":focus-visible") && showBrush());
  board.addEventListener("blur", show);
  rows.addEventListener("input", show);
  const press = (name, then) => place.querySelector(name).addEventListener("click", then);
  press(".again", throwCoins);
  press(".clear", () => {
    clear();
    show();
  });
  const take = () => {
    digit.set(Array.from(examples[taken++ % examples.length], Number));
    isTaken = true;
    throwCoins();
  };
  press(".take", take);
  take();
}
