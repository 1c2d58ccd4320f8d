import { useEffect, useState } from "../shared/preact.mjs";

const [QUICK, SLOW] = [1000, 9000]; // milliseconds for an ending
const LEAST = 0.02; // added to min(p, 1 - p), so that a certain pixel also takes some time

/**
 * Count the hidden pixels that are drawn so far. New endings are drawn within a second. The reader can
 * then step through them, or play them slowly: the less certain a pixel, the longer it takes.
 */
export function usePlayer(found, chosen) {
  const count = found?.drawn.length ?? 0;
  const [step, setStep] = useState(0);
  const [pace, setPace] = useState(null);
  useEffect(() => {
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    setStep(isStill ? count : 0);
    setPace(isStill || !count ? null : "quick");
  }, [found]);
  useEffect(() => {
    if (!pace || !count) return undefined;
    const first = step % count;
    const times = pace === "quick" ? found.drawn.map((_, k) => (QUICK * (k + 1)) / count) : timesOf(found, chosen);
    const begun = performance.now() - (times[first - 1] ?? 0);
    let [at, frame] = [first, 0];
    const tick = (now) => {
      while (at < count && times[at] <= now - begun) at++;
      setStep(at);
      if (at < count) frame = requestAnimationFrame(tick);
      else setPace(null);
    };
    frame = requestAnimationFrame(tick);
    return () => cancelAnimationFrame(frame);
  }, [pace, found, chosen]);
  const go = () => {
    setPace(null);
    if (count) setStep((step % count) + 1);
  };
  return { step, pace, go, play: () => setPace(pace === "slow" || !count ? null : "slow") };
}

/** Return the time in milliseconds at which each pixel is drawn, if an ending is played slowly. */
export function timesOf({ drawn, endings }, chosen) {
  let sum = 0;
  const sums = drawn.map((i) => (sum += LEAST + Math.min(endings[chosen].p[i], 1 - endings[chosen].p[i])));
  return sums.map((until) => (SLOW * until) / sum);
}
