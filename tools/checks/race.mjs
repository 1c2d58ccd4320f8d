// Trains the laboratory's networks in Node: a line of JSON for each width and seed.
import { boards } from "../../made_course/widgets/mask_explorer/lessons.mjs";
import { drawDegrees } from "../../made_course/widgets/mask_explorer/masks.mjs";
import { sumOfProbabilities } from "../../made_course/widgets/mask_explorer/summing.mjs";
import { networkFor, redesigned, trainStep } from "../../made_course/widgets/mask_explorer/training.mjs";
import { uniforms } from "../../made_course/widgets/shared/uniforms.mjs";

const ENOUGH = 3.45;
const FRAUD = 0.1;
const rows = boards();
const shares = new Float64Array(rows.length).fill(1 / rows.length);
const degrees = Array.from({ length: 16 }, (_, i) => i + 1);
const oneByOne = degrees.map((_, i) => [i]);

/** What comes of it, and the processor's own milliseconds. */
function timed(run) {
  const before = process.cpuUsage().user;
  const result = run();
  return [result, (process.cpuUsage().user - before) / 1000];
}

function stepsTo(nats, net, most = 5000) {
  for (let step = 1; step <= most; step++) if (trainStep(net, rows, shares) <= nats) return step;
  return null;
}

for (const width of [32, 64, 128]) {
  for (let seed = 0; seed < 5; seed++) {
    const numbers = uniforms(seed, 30000);
    let drawn = 0;
    const random = () => numbers[drawn++];
    const hidden = drawDegrees(oneByOne, [width, width], "even");
    let net = networkFor({ degrees, hidden, direct: false, strict: true }, random);
    const [steps, ms] = timed(() => stepsTo(ENOUGH, net));
    const [, msOf150] = timed(() => stepsTo(0, net, 150));
    const [, msOfSum] = timed(() => sumOfProbabilities(net));
    net = redesigned(net, { ...net.design, strict: false }, random);
    const broken = stepsTo(FRAUD, net);
    const sum = sumOfProbabilities(net);
    net = redesigned(net, { ...net.design, strict: true }, random);
    const mended = stepsTo(ENOUGH, net);
    console.log(JSON.stringify({ width, seed, steps, ms, msOfStep: msOf150 / 150, msOfSum, broken, sum, mended }));
  }
}
