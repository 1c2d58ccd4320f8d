// Above: half a digit is completed. Below: a small model, sound or broken, against all its boards.

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

function showBreaking() {
  const place = document.getElementById("break");
  const [mask, shown] = place.querySelectorAll("canvas");
  const button = place.querySelector("button");
  const [said, why] = place.querySelectorAll(".said, .why");

  const logits = ({ first, first_bias, output, output_bias }, x) => {
    const hidden = first.map((row, k) => Math.max(0, dot(row, x) + first_bias[k]));
    return output.map((row, i) => dot(row, hidden) + output_bias[i]);
  };
  const dot = (row, x) => {
    let total = 0;
    for (let j = 0; j < x.length; j++) total += row[j] * x[j];
    return total;
  };
  const probability = (model, x) =>
    logits(model, x).reduce((p, z, i) => p * sigmoid(x[i] ? z : -z), 1);
  const draw = (model) => {
    const x = new Array(16).fill(0);
    for (const i of x.keys()) x[i] = Number(Math.random() <= sigmoid(logits(model, x)[i]));
    return x;
  };
  const isBoard = (x) => {
    const lines = [0, 1, 2, 3];
    const alike = (at) => lines.every((a) => lines.every((b) => x[at(a, b)] === x[at(a, 0)]));
    return alike((a, b) => 4 * a + b) || alike((a, b) => 4 * b + a);
  };
  const isBroken = () => button.ariaPressed === "true";
  const show = () => {
    const model = isBroken() ? boards.broken : boards.sound;
    let [total, claimed] = [0, 0];
    for (let code = 0; code < 65536; code++) {
      const x = Array.from({ length: 16 }, (_, i) => (code >> i) & 1);
      const p = probability(model, x);
      total += p;
      if (isBoard(x)) claimed -= Math.log(p) / 30;
    }
    const drawn = Array.from({ length: 32 }, () => draw(model));
    const right = drawn.filter(isBoard).length;
    const blank = drawn.filter((x) => !x.includes(1)).length;
    drawMask(model);
    drawn.forEach((x, k) => drawBoard(x, k % 8, Math.floor(k / 8)));
    const count = isBroken() ? `${blank} are blank` : `${right} are like those that it has learned`;
    shown.setAttribute("aria-label", `32 boards that it drew: ${count}`);
    const digits = total < 10 ? 3 : 0;
    const sigma = total.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    said.textContent = `Its probabilities of all 65,536 possible boards add up to Σp = ${sigma}. For a board that it has learned it claims ${claimed.toFixed(2)} nats on average; as there are 30, all alike, no distribution can do with fewer than ln 30 = 3.40. Of 32 boards that it drew, ${count}.`;
    why.textContent = isBroken()
      ? "So few nats look marvellous, and mean nothing: numbers that add up to more than 1 are no probabilities. In training the network learned to copy each pixel from itself. When it draws, a pixel is still blank when it is asked for, and blank is what it copies."
      : "They add up to 1: this is a distribution, and what it draws is what it was trained on, nearly always.";
  };
  const drawMask = ({ order, degrees }) => {
    const context = mask.getContext("2d");
    const [blue, orange, pale] = ["--blue", "--orange", "--open"].map((name) => getComputedStyle(mask).getPropertyValue(name));
    context.clearRect(0, 0, 320, 160);
    order.forEach((above, i) =>
      degrees.forEach((below, k) => {
        const isLeak = isBroken() && above === below;
        context.fillStyle = isLeak ? orange : above > below ? blue : pale;
        context.fillRect(10 * k + 0.5, 10 * i + 0.5, 9, 9);
        if (!isLeak) return;
        context.strokeStyle = "white";
        context.beginPath();
        for (const [a, b, c, d] of [[2, 2, 8, 8], [8, 2, 2, 8]]) {
          context.moveTo(10 * k + a, 10 * i + b);
          context.lineTo(10 * k + c, 10 * i + d);
        }
        context.stroke();
      }),
    );
    mask.setAttribute("aria-label", `The output's mask, 16 outputs by 32 hidden units${isBroken() ? "; orange with a cross, what is too much" : ""}`);
  };
  const drawBoard = (x, column, line) => {
    const [ink, open] = [colourOf(shown, "--ink"), colourOf(shown, "--open")];
    const image = new ImageData(4, 4);
    x.forEach((value, i) => image.data.set(value ? ink : open, 4 * i));
    shown.getContext("2d").putImageData(image, 1 + 5 * column, 1 + 5 * line);
  };
  button.addEventListener("click", () => {
    button.ariaPressed = String(!isBroken());
    button.textContent = isBroken() ? "Mend it: > in the output's mask" : "Break it: ≥ in the output's mask";
    show();
  });
  show();
}
