import { boards, diaryRows, entropyOf, floorsOf } from "./lessons.mjs";
import { networkOf } from "./network.mjs";
import { MARGIN } from "./panels.mjs";
import { networkFor, paysOf, probabilitiesOf, redesigned, trainStep } from "./training.mjs";
import { summer } from "./summing.mjs";
import { uniforms } from "../shared/uniforms.mjs";

const [SHOWN, MOST_POINTS, BETWEEN_SUMS] = [24, 500, 300];
/** It rests after so many steps in which nobody changed anything. */
const RESTS_AFTER = 3000;
const MOST_WEIGHTS = 20_000; // of four layers of 64 units, and direct connections
/** Steps a second: slowly at first, so that it can be watched for so many milliseconds. */
const [PACE, SLOW, SLOWLY_FOR] = [120, 20, 6000];
/** Nats above the least at which a network that cheats has learned all; the last ones take long. */
const NEARLY = 0.05;
/** After the mask is broken or mended, which shows sooner. */
const BRIEFLY = 2000;
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
 * The network that trains; `onchange()` follows each change of it.
 *
 * It trains by the clock, whatever the page needs for a picture, and only while it is in view. It
 * stops as soon as it costs as little as any network that sees the same.
 */
export function trainerOf(el, onchange) {
  const sums = summer();
  const view = new IntersectionObserver(([{ isIntersecting }]) => (isSeen = isIntersecting));
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let [isSeen, seed, asked, lastAsked, slowUntil, followed] = [true, 0, false, 0, 0, []];
  let [begun, last, due] = [0, 0, 0];
  const now = { net: null, what: null, history: [], sum: null, isTraining: false, frame: 0 };
  const isDone = () => now.net.steps > 0 && now.nats < now.least + (now.least < now.own - MARGIN ? NEARLY : MARGIN);
  view.observe(el);

  /** Go on with what the state asks for: another design, or other data. */
  function follow({ lesson, yours }, network) {
    const next = [lesson === "yours" ? JSON.stringify(yours) : lesson, JSON.stringify([network.ordering, network.design])];
    if (String(next) === String(followed)) return;
    const isOther = next[0] !== followed[0];
    const isTurned = !isOther && now.net.design.strict !== network.design.strict;
    followed = next;
    setUp(network, isOther ? lessonOf(lesson, yours) : now.what);
    if (isTurned) run(true, BRIEFLY);
  }

  function setUp({ design, steps, ordering, allowed, seen }, lesson) {
    const isOther = now.what !== lesson;
    const event = isOther ? "" : now.net.design.strict === design.strict ? "⇅" : design.strict ? ">" : "≥";
    // for another ordering, learned weights need more steps than new ones
    const isKept = !isOther && String(now.net.design.degrees) === String(design.degrees);
    now.net = isKept ? redesigned(now.net, design, randomFrom(seed + 1000)) : networkFor(design, randomFrom(seed++));
    now.what = lesson;
    if (isOther) now.history = [];
    const { rows, weights } = lesson;
    now.ticks = floorsOf(rows, weights, allowed);
    now.own = total(now.ticks);
    now.least = total(floorsOf(rows, weights, seen.at(-1)));
    now.floor = entropyOf(rows, weights);
    now.coins = steps.length * Math.LN2;
    now.noise = noiseOf(steps.length);
    now.ordering = ordering;
    begun = now.net.steps;
    look(event);
    if (rows.length < 2) now.isTraining = false;
    add(0, true);
  }

  function fresh() {
    now.net = networkFor(now.net.design, randomFrom(seed++));
    now.history = [];
    look();
    add(0, true);
  }

  /** Score the network as it is now. */
  function look(event = "") {
    const { rows, weights } = now.what;
    now.frame++;
    now.pays = paysOf(now.net, rows, weights);
    now.nats = total(now.pays);
    if (now.history.length >= MOST_POINTS) now.history = now.history.filter((point, k) => k % 2 || point.event);
    if (rows.length > 1) now.history.push({ nats: now.nats, own: now.own, event });
  }

  function train(steps) {
    for (let k = 0; k < steps; k++) trainStep(now.net, now.what.rows, now.what.weights);
    look();
  }

  function add(time, isLast) {
    if (asked || now.what.rows.length < 2 || (!isLast && time - lastAsked < BETWEEN_SUMS)) return;
    [asked, lastAsked] = [true, time];
    const of = now.net.steps;
    const claimed = total(probabilitiesOf(now.net, now.what.rows));
    sums.ask(now.net).then((sum) => {
      asked = false;
      Object.assign(now, { sum, claimed }); // of one moment: a part is no more than the whole
      onchange();
      if (!now.isTraining && of !== now.net.steps) add(0, true);
    });
  }

  function tick(time) {
    if (!now.isTraining || !el.isConnected) return;
    requestAnimationFrame(tick);
    if (!isSeen || (calm.matches && time - last < APART)) return;
    due = Math.min(due + ((time < slowUntil ? SLOW : PACE) * Math.min(time - last, 100)) / 1000, 12);
    last = time;
    const steps = calm.matches ? AT_ONCE : Math.floor(due);
    if (!steps) return;
    due -= steps;
    train(steps);
    if (isDone() || now.net.steps > begun + RESTS_AFTER) run(false);
    add(time);
    onchange();
  }

  function run(is, slowly = SLOWLY_FOR) {
    if (is && now.what.rows.length < 2) return;
    begun = now.net.steps;
    slowUntil = performance.now() + slowly;
    if (is && !now.isTraining) {
      last = performance.now();
      requestAnimationFrame(tick);
    }
    now.isTraining = is;
    if (!is) add(0, true);
  }

  /** Train or pause; a network that has learned all begins again. */
  function press() {
    if (!now.isTraining && isDone()) fresh();
    run(!now.isTraining);
    onchange();
  }
  function step() {
    train(1);
    run(false);
    onchange();
  }
  function again() {
    fresh();
    onchange();
  }
  function end() {
    now.isTraining = false;
    sums.close();
    view.disconnect();
  }
  return { now, follow, press, step, again, end };
}

const total = (numbers) => numbers.reduce((sum, number) => sum + number, 0);

/** The same noise for every drawing, so that what changes is the network. */
function noiseOf(count) {
  const noise = uniforms(2, SHOWN * count);
  return Array.from({ length: SHOWN }, (_, k) => noise.subarray(k * count, (k + 1) * count));
}
