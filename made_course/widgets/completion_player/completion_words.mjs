import { listing } from "../shared/words.mjs";
import { isImage, things } from "../shared/pixels.mjs";

/** Return a share in percent, never rounded to 0% or 100%. */
export function percent(share) {
  if (share >= 0.01 && share <= 0.99) return `${Math.round(100 * share)}%`;
  return share < 0.5 ? "<1%" : ">99%";
}

/** True for each known variable that comes after a hidden one in the ordering. */
export function tooLate(known, order) {
  const first = Math.min(...order.filter((_, i) => !known[i]));
  return order.map((degree, i) => Boolean(known[i]) && degree > first);
}

/** How many completions there are, and what they are worth. */
export function headline(board, known, found) {
  const [n, all] = [found.rows.length, known.filter(Boolean).length];
  const thing = isImage(board) ? "pixel" : "variable";
  if (!found.exact) {
    const late = tooLate(known, found.order).filter(Boolean).length;
    const which = all > 1 ? `${late} of the ${all} known ${thing}s` : `the known ${thing}`;
    return `${n} samples, worth ${found.worth.toFixed(1)} exact ones: ${which} ${late === 1 ? "comes" : "come"} too late.`;
  }
  if (all === 0) return `${n} exact samples: nothing is known, so they are ordinary samples.`;
  const whose = found.number === null
    ? "an ordering was made for this, with"
    : found.number === 0
      ? "the model's own ordering has"
      : `ordering ${found.number} of the model's ${found.sets.length - 1} has`;
  return `${n} exact samples: ${whose} every known ${thing} first.`;
}

/** Explain whether the completions are exact. */
export function explanation(board, known, found) {
  const thing = isImage(board) ? "pixel" : "variable";
  if (!known.some(Boolean)) return "";
  if (found.exact) {
    const drawn = `Each hidden ${thing} was drawn given all known ones and the hidden ones before it: a draw from p(hidden | known).`;
    if (found.number === null) {
      return `${drawn} That is the p of the ordering in the picture, one of those that the model was trained for. In another, the same weights are another model, with a p of its own.`;
    }
    return found.number ? `${drawn} That is the p of this ordering; each of the others has its own.` : drawn;
  }
  const several = found.sets.some(({ order }) => order.some((degree, i) => degree !== found.order[i]));
  const orderings = several
    ? `None of the model's ${found.sets.length - 1} orderings has every known ${thing} first. In the one in use,`
    : "The model has one ordering. In it";
  const best = Math.max(...found.shares);
  const most = best > 0.9
    ? `Nearly all weight is on one of them, the least unlikely of ${found.rows.length}, which need not fit.`
    : `Number ${found.shares.indexOf(best) + 1} has ${percent(best)} of all weight.`;
  return `${orderings} the ${thing}s that were drawn before the late known ones did not see them. So each sample has a weight: the probability of these known ${thing}s, given the drawn ones. ${most} It takes many samples to come close to p(hidden | known).`;
}

/** How far completions are from the original: numbers of variables that differ. */
export const distances = (rows, x) => rows.map(({ row }) => row.filter((value, i) => value !== x[i]).length);

/** What a guess was worth, once the original is shown. */
export function verdict(board, apart, hidden, guess) {
  const least = Math.min(...apart);
  const of = `of ${hidden} hidden ${hidden > 1 ? things(board) : things(board).slice(0, -1)}`;
  const text = (count) => `${count} ${of} ${count === 1 ? "differs" : "differ"}`;
  const closest = apart.flatMap((count, k) => (count === least ? [String(k + 1)] : []));
  const best = closest.length === apart.length
    ? `All are equally close: ${text(least)}.`
    : `Closest ${closest.length > 1 ? "are numbers" : "is number"} ${listing(closest)}: ${text(least)} from the original.`;
  const own = guess === null
    ? ""
    : apart[guess] === least ? "✓ Well guessed. " : `You chose ${guess + 1}, where ${text(apart[guess])}. `;
  return `${own}${best} The original is one possibility; no sample has to hit it.`;
}
