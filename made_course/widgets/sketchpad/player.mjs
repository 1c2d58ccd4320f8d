import { useEffect, useState } from "../shared/preact.mjs";

const QUICK = 1000; // milliseconds for all pixels
const WAIT = 350; // before the next pixel, if this one was not nearly certain
const CERTAIN = 0.03;
const MOST = 60; // nearly certain pixels that pass at once

/**
 * How many hidden pixels are drawn: all within a second when there are new endings; then as a reader
 * steps or plays, where pixels of which the chosen ending is nearly certain pass quickly.
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
    const begun = performance.now();
    let [at, wait, frame] = [step % count, begun, 0];
    const tick = (now) => {
      if (pace === "quick") at = Math.min(count, Math.ceil((count * (now - begun)) / QUICK));
      else if (now >= wait) {
        at = passCertain(found, chosen, at);
        wait = now + WAIT;
      }
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

/** The step after the next pixel that is not nearly certain, or after a few that are. */
function passCertain({ drawn, endings }, chosen, at) {
  const { p } = endings[chosen];
  for (let passed = 0; at < drawn.length && passed < MOST; passed++) {
    const of = p[drawn[at++]];
    if (Math.min(of, 1 - of) > CERTAIN) break;
  }
  return at;
}
