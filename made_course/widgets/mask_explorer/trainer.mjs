import { boards, diaryRows, entropyOf, floorsOf } from "./lessons.mjs";
import { networkOf } from "./network.mjs";
import { MARGIN } from "./panels.mjs";
import { addedUp, networkFor, costsOf, probabilitiesOf, redesigned, trainStep } from "./training.mjs";
import { summer } from "./summing.mjs";
import { uniforms } from "../shared/uniforms.mjs";

const [SHOWN, MOST_POINTS, BETWEEN_SUMS] = [24, 500, 300];
/** Steps without a change by the reader, after which training stops. */
const RESTS_AFTER = 3000;
const MOST_WEIGHTS = 20_000; // enough for four layers of 64 units and direct connections
/** Steps per second, fewer steps per second for a start that can be watched, and milliseconds of this start. */
const [PACE, SLOW, SLOWLY_FOR] = [120, 20, 6000];
/** A network that cheats stops this many nats above the lowest cost, because the rest takes long. */
const NEARLY = 0.05;
/** Milliseconds of slow start after the mask is broken or repaired. It is short, because the effect shows soon. */
const BRIEFLY = 2000;
/** With reduced motion: number of steps at once, and milliseconds between them. */
const [AT_ONCE, APART] = [25, 400];

/** Return the data of a lesson: {kind, rows, weights, all}, where rows differ, and all are the data to show. */
export function lessonOf(name, yours) {
  if (name === "diary") return { kind: "day", ...diaryRows() };
  const rows = name === "boards" ? boards() : yours.map((row) => Uint8Array.from(row));
  return { kind: "board", rows, weights: Float64Array.from(rows, () => 1 / rows.length), all: rows };
}

/** Return a function that returns uniforms one by one, for the weights of a network. */
function randomFrom(seed) {
  const numbers = uniforms(seed, MOST_WEIGHTS);
  let drawn = 0;
  return () => numbers[drawn++];
}

/**
 * Return a trainer of a network, which calls `onchange()` after each change.
 *
 * The number of steps per second does not depend on how long the page needs to draw. The network trains
 * only while it is in view, until no network that sees the same variables can cost less.
 */
export function trainerOf(el, onchange) {
  const sums = summer();
  const view = new IntersectionObserver(([{ isIntersecting }]) => (isSeen = isIntersecting));
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let [isSeen, seed, asked, lastAsked, slowUntil, lastFollowed] = [true, 0, false, 0, 0, []];
  let [begun, last, due] = [0, 0, 0];
  const now = { net: null, what: null, history: [], sum: null, isTraining: false, frame: 0 };
  const isDone = () => now.net.steps > 0 && now.nats < now.least + (now.least < now.own - MARGIN ? NEARLY : MARGIN);
  view.observe(el);

  /** Adopt the network and the data of a state. */
  function follow({ lesson, yours }, network) {
    const next = [lesson === "yours" ? JSON.stringify(yours) : lesson, JSON.stringify([network.ordering, network.design])];
    if (String(next) === String(lastFollowed)) return;
    const isOther = next[0] !== lastFollowed[0];
    const isTurned = !isOther && now.net.design.strict !== network.design.strict;
    lastFollowed = next;
    setUp(network, isOther ? lessonOf(lesson, yours) : now.what);
    if (isTurned) setTraining(true, BRIEFLY);
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
    now.own = addedUp(now.ticks);
    now.least = addedUp(floorsOf(rows, weights, seen.at(-1)));
    now.floor = entropyOf(rows, weights);
    now.coins = steps.length * Math.LN2;
    const noise = uniforms(2, SHOWN * steps.length); // the same for every network
    now.noise = Array.from({ length: SHOWN }, (_, k) => noise.subarray(k * steps.length, (k + 1) * steps.length));
    now.ordering = ordering;
    begun = now.net.steps;
    score(event);
    if (rows.length < 2) now.isTraining = false;
    addSum(0, true);
  }

  function startAgain() {
    now.net = networkFor(now.net.design, randomFrom(seed++));
    now.history = [];
    score();
    addSum(0, true);
  }

  /** Score the network as it is now. */
  function score(event = "") {
    const { rows, weights } = now.what;
    now.frame++;
    now.costs = costsOf(now.net, rows, weights);
    now.nats = addedUp(now.costs);
    if (now.history.length >= MOST_POINTS) now.history = now.history.filter((point, k) => k % 2 || point.event);
    if (rows.length > 1) now.history.push({ nats: now.nats, own: now.own, event });
  }

  function train(steps) {
    for (let k = 0; k < steps; k++) trainStep(now.net, now.what.rows, now.what.weights);
    score();
  }

  function addSum(time, isLast) {
    if (asked || now.what.rows.length < 2 || (!isLast && time - lastAsked < BETWEEN_SUMS)) return;
    [asked, lastAsked] = [true, time];
    const of = now.net.steps;
    const claimed = addedUp(probabilitiesOf(now.net, now.what.rows));
    sums.ask(now.net).then((sum) => {
      asked = false;
      Object.assign(now, { sum, claimed }); // set together, so that a part is never larger than the whole
      onchange();
      if (!now.isTraining && of !== now.net.steps) addSum(0, true);
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
    if (isDone() || now.net.steps > begun + RESTS_AFTER) setTraining(false);
    addSum(time);
    onchange();
  }

  function setTraining(is, slowly = SLOWLY_FOR) {
    if (is && now.what.rows.length < 2) return;
    begun = now.net.steps;
    slowUntil = performance.now() + slowly;
    if (is && !now.isTraining) {
      last = performance.now();
      requestAnimationFrame(tick);
    }
    now.isTraining = is;
    if (!is) addSum(0, true);
  }

  /** Train or pause. A network that has learned everything starts again. */
  function press() {
    if (!now.isTraining && isDone()) startAgain();
    setTraining(!now.isTraining);
  }
  function step() {
    train(1);
    setTraining(false);
  }
  function end() {
    now.isTraining = false;
    sums.close();
    view.disconnect();
  }
  const shown = (action) => () => onchange(action());
  return { now, follow, press: shown(press), step: shown(step), again: shown(startAgain), end };
}
