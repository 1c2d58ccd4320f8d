import { boards, diaryRows, entropyOf, floorsOf } from "./lessons.mjs";
import { networkFor, paysOf, probabilitiesOf, redesigned, trainStep } from "./training.mjs";
import { summer } from "./summing.mjs";
import { uniforms } from "../shared/uniforms.mjs";

const [SHOWN, MOST_POINTS, BETWEEN_SUMS] = [24, 500, 300];
/** It rests after so many steps in which nobody changed anything. */
const RESTS_AFTER = 3000;
const MOST_WEIGHTS = 20_000; // of four layers of 64 units, and direct connections
/** Steps a second; after a mask breaks, slowly at first. */
const [PACE, SLOW, SLOWLY_FOR] = [100, 25, 1200];
/** With reduced motion: so many steps at once, so many milliseconds apart. */
const [AT_ONCE, APART] = [25, 400];

/** Data of a lesson, by its name: {kind, rows, weights}. */
export function lessonOf(name, yours) {
  if (name === "diary") return { kind: "day", ...diaryRows() };
  const rows = name === "boards" ? boards() : yours.map((row) => Uint8Array.from(row));
  return { kind: "board", rows, weights: Float64Array.from(rows, () => 1 / rows.length) };
}

/** Numbers for the weights of a network, the same for the same seed. */
function randomFrom(seed) {
  const numbers = uniforms(seed, MOST_WEIGHTS);
  let drawn = 0;
  return () => numbers[drawn++];
}

/**
 * The network that trains: `onframe(isThird)` follows each change of it, and `onsum` each Σp.
 *
 * It trains by the clock, whatever the page needs for a picture, and only while it is in view.
 */
export function trainerOf(el, onframe, onsum) {
  const sums = summer();
  const view = new IntersectionObserver(([{ isIntersecting }]) => (isSeen = isIntersecting));
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let [isSeen, isTraining, seed, asked, lastAsked, slowUntil] = [true, false, 0, false, 0, 0];
  let [net, what, frame, begun] = [null, null, 0, 0];
  const now = { history: [], sum: null };
  view.observe(el);

  function fresh() {
    net = networkFor(net.design, randomFrom(seed++));
    now.history = [];
    look();
    add(0, true);
  }

  /** The network of another design, or for another lesson. */
  function setUp(network, lesson) {
    const { design } = network;
    const isOther = what !== lesson;
    const event = isOther ? "" : net.design.strict === design.strict ? "⇅" : design.strict ? ">" : "≥";
    what = lesson;
    // for another ordering, learned weights need more steps than new ones
    const isKept = net && !isOther && String(net.design.degrees) === String(design.degrees);
    net = isKept ? redesigned(net, design, randomFrom(seed + 1000)) : networkFor(design, randomFrom(seed++));
    if (isOther) now.history = [];
    now.ticks = floorsOf(what.rows, what.weights, network.steps);
    now.own = now.ticks.reduce((sum, nats) => sum + nats, 0);
    now.floor = entropyOf(what.rows, what.weights);
    now.coins = design.degrees.length * Math.LN2;
    now.noise = noiseOf(design.degrees.length);
    now.ordering = network.ordering;
    begun = net.steps;
    look(event);
    if (event === "≥") slowUntil = performance.now() + SLOWLY_FOR;
    if (what.rows.length < 2) isTraining = false;
    add(0, true);
  }

  /** Score the network as it is now. */
  function look(event = "") {
    now.pays = paysOf(net, what.rows, what.weights);
    now.nats = now.pays.reduce((sum, nats) => sum + nats, 0);
    if (now.history.length >= MOST_POINTS) now.history = now.history.filter((point, k) => k % 2 || point.event);
    if (what.rows.length > 1) now.history.push({ nats: now.nats, own: now.own, event });
  }

  function train(steps) {
    for (let k = 0; k < steps; k++) trainStep(net, what.rows, what.weights);
    look();
  }

  function add(time, isLast) {
    if (asked || what.rows.length < 2 || (!isLast && time - lastAsked < BETWEEN_SUMS)) return;
    [asked, lastAsked] = [true, time];
    const of = net.steps;
    const claimed = probabilitiesOf(net, what.rows).reduce((sum, p) => sum + p, 0);
    sums.ask(net).then((sum) => {
      asked = false;
      Object.assign(now, { sum, claimed }); // of one moment: a part is no more than the whole
      onsum();
      if (!isTraining && of !== net.steps) add(0, true);
    });
  }

  let [last, due] = [0, 0];
  function tick(time) {
    if (!isTraining || !el.isConnected) return;
    requestAnimationFrame(tick);
    if (!isSeen || (calm.matches && time - last < APART)) return;
    due = Math.min(due + ((time < slowUntil ? SLOW : PACE) * Math.min(time - last, 100)) / 1000, 12);
    last = time;
    const steps = calm.matches ? AT_ONCE : Math.floor(due);
    if (!steps) return;
    due -= steps;
    train(steps);
    if (net.steps > begun + RESTS_AFTER) run(false);
    add(time);
    onframe(frame++ % 3 === 0);
  }

  function run(is) {
    if (is && what.rows.length < 2) return;
    begun = net.steps;
    if (is && !isTraining) {
      last = performance.now();
      requestAnimationFrame(tick);
    }
    isTraining = is;
    if (!is) add(0, true);
  }

  return {
    now,
    setUp,
    fresh,
    run,
    step: () => train(1),
    get net() { return net; },
    get what() { return what; },
    get isTraining() { return isTraining; },
    end() {
      isTraining = false;
      sums.close();
      view.disconnect();
    },
  };
}

/** The same noise for every drawing, so that what changes is the network. */
function noiseOf(count) {
  const noise = uniforms(7, SHOWN * count);
  return Array.from({ length: SHOWN }, (_, k) => noise.subarray(k * count, (k + 1) * count));
}
