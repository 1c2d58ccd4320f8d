import { hat, listing } from "../shared/words.mjs";

export const FLIP = 1;
export const SLOPE = 2;
const NO_NUMBER = 4;
const FAINT = 8;
export const MOST_CELLS = 20;
const PALE = 0.25;

const WHY = {
  hidden: "the output moves, though its slope is zero at every input tried. Slopes do not see behind a ReLU that is off, or over a step",
  steep: "there is a slope, but from 0 to 1 the output does not move by more than rounding, as x² − x does not",
  faint: "its slope is within rounding. Either two paths cancel, or the dependence is too faint to tell",
  "no number": "the slope is not a finite number there, and tells nothing",
};

/** What was measured, held against an ordering. */
export function findingsOf(names, ordering, found, moves, tried) {
  const count = names.length;
  const step = [];
  ordering.forEach((i, t) => { step[i] = t; });
  const rows = count > MOST_CELLS ? ordering : [...names.keys()];
  const most = moves.reduce((a, b) => Math.max(a, b), 0);
  const f = { names, ordering, found, moves, most, tried, count, step, rows, leaks: 0, disputed: [] };
  found.forEach((code, k) => {
    if (code & FLIP && step[k % count] >= step[Math.floor(k / count)]) f.leaks += 1;
    if (tried.slopes && disagreement(code)) f.disputed.push(k);
  });
  return f;
}

/** A pair (output i, input j): "leak", "seen", "allowed" (and not seen), or "none". */
export function kindOf(f, i, j, way = FLIP) {
  const isAllowed = f.step[j] < f.step[i];
  if (f.found[i * f.count + j] & way) return isAllowed ? "seen" : "leak";
  return isAllowed ? "allowed" : "none";
}

/** How strong the colour of a pair that is seen: its largest move as a share of all moves' largest, by its root. */
export const shade = (f, k, way) => (way === FLIP && f.most > 0 ? 0.25 + 0.75 * Math.sqrt(f.moves[k] / f.most) : 1);

const inputs = (f, is) => listing(f.ordering.filter(is).map((j) => f.names[j]));

/** Why flips and slopes disagree on a pair; nothing where they agree. */
function disagreement(code) {
  if (!(code & FLIP) === !(code & SLOPE)) return null;
  if (code & FLIP) return "hidden";
  if (code & NO_NUMBER) return "no number";
  return code & FAINT ? "faint" : "steep";
}

/** Whether there is a leak; and where it was looked for. */
export function verdict({ leaks, count, tried }) {
  const flips = count === 1 ? "The variable was flipped" : `Each of ${count} variables was flipped`;
  const where = tried.all ? `at all ${tried.points} inputs.` : `at ${tried.points} random inputs.`;
  const coarse = tried.rounding > 0.01 ? ` Moves of less than ${plain(tried.rounding)} logits pass for rounding.` : "";
  const said = leaks
    ? `✗ ${leaks.toLocaleString("en")} leak${leaks > 1 ? "s" : ""}: outputs that move with their own variable or a later one.`
    : `✓ No leak${tried.all ? "" : " found"}: outputs move with earlier variables only.`;
  const doubt = leaks || tried.all ? "" : " Other inputs might show one.";
  return [said, `${flips} ${where}${doubt}${coarse}`];
}

/** What the shades of the matrix mean. */
export const scaleWords = ({ most }) => `the stronger, the farther it moved: up to ${size(most)}`;

export const HEADS = {
  leak: "✗ A leak",
  seen: "✓ Allowed, and seen",
  allowed: "Allowed, not seen",
  none: "Not allowed, and not seen: as it should be",
};

/** Whether output i may see input j, and whether it does: three sentences. */
export function pairWords(f, i, j) {
  const [output, input] = [f.names[i], f.names[j]];
  const steps = `steps ${f.step[j] + 1} and ${f.step[i] + 1}`;
  const rule = i === j
    ? "An output must not see its own variable."
    : `${input} is generated ${f.step[j] < f.step[i] ? "before" : "after"} ${output} (${steps}).`;
  const code = f.found[i * f.count + j];
  const flip = code & FLIP
    ? `Flipping ${input} moves the output, by up to ${size(f.moves[i * f.count + j])} ${place(f, i, j)}.`
    : `Flipping ${input} moves it at none of the ${f.tried.points} inputs.`;
  if (!f.tried.slopes) return [rule, flip];
  const why = disagreement(code);
  const elsewhere = why === "steep" && !f.tried.all ? ", or it moves at inputs not tried" : "";
  return [rule, flip, why ? `The slope disagrees: ${WHY[why]}${elsewhere}.` : "The slope says the same."];
}

function place({ tried, count }, i, j) {
  if (!tried.all) return `at one of ${tried.points} random inputs`;
  const digits = tried.where[i * count + j].toString(2).padStart(count, "0");
  return `at x = (${[...digits].join(", ")})`;
}

const plain = (value) => String(Number(value.toPrecision(3)));

function size(value) {
  const said = plain(value);
  return `${said} logit${said === "1" ? "" : "s"}`;
}

/** What an output depends on, and what it may. */
export function rowWords(f, i) {
  const seen = (j) => f.found[i * f.count + j] & FLIP;
  const allowed = (j) => f.step[j] < f.step[i];
  const leaking = (j) => seen(j) && !allowed(j);
  const leaks = f.ordering.some(leaking) ? ` Leaks: ${inputs(f, leaking)}.` : "";
  return `Output ${hat(f.names[i])} is step ${f.step[i] + 1} of ${f.count}. It depends on ${inputs(f, seen)}. It may depend on ${inputs(f, allowed)}.${leaks}`;
}

/** Whether the two ways disagree, in words. */
export function agreement({ count, tried, disputed }) {
  if (!tried.slopes) return "The function has no slopes: flips alone decide.";
  if (!disputed.length) return "Flips and slopes agree on every pair.";
  const pairs = disputed.length === 1 ? "1 pair" : `${disputed.length.toLocaleString("en")} pairs`;
  const ringed = count > MOST_CELLS ? "" : ", ringed";
  return `Flips and slopes disagree on ${pairs}${ringed}: trust the flips.`;
}

/** Red, green, blue and how opaque, of each block: the shares of what is in it, but a leak shows. */
export function colours(f, way, block, size) {
  const [seen, allowed, leaks] = [0, 1, 2].map(() => new Float32Array(size * size));
  for (let r = 0; r < f.count; r += 1) {
    const from = f.ordering[r] * f.count;
    const row = Math.floor(r / block) * size;
    for (let c = 0; c < f.count; c += 1) {
      const k = row + Math.floor(c / block);
      const pair = from + f.ordering[c];
      const dark = f.found[pair] & way ? shade(f, pair, way) : 0;
      if (c >= r && dark) for (const at of [k - size, k, k + size]) leaks[at] = Math.max(leaks[at], dark);
      if (c < r) (dark ? seen : allowed)[k] += dark || 1;
    }
  }
  const rgba = new Uint8ClampedArray(4 * size * size);
  seen.forEach((blue, k) => {
    const part = blue + PALE * allowed[k];
    const colour = [0x00, 0x72, 0xb2].map((value) => (blue * value + 128 * (part - blue)) / part);
    rgba.set(leaks[k] ? [0xd5, 0x5e, 0x00, 255 * leaks[k]] : part ? [...colour, (255 * part) / block ** 2] : [0, 0, 0, 0], 4 * k);
  });
  return rgba;
}
