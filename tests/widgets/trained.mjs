// Networks of the laboratory, made and trained in stages, as plain lists for Python to compare.
import { sampleRows, networkFor, costsOf, probabilitiesOf, redesigned, trainStep } from "../../made_course/widgets/mask_explorer/training.mjs";
import { sumOfProbabilities } from "../../made_course/widgets/mask_explorer/summing.mjs";

const listed = (value) => (value?.length === undefined ? value : [...value]);
const plain = (layer) => layer && Object.fromEntries(Object.entries(layer).map(([name, value]) => [name, listed(value)]));

/** What there is after each stage {design, steps}, and what the network says then. */
export function trained(stages, numbers, rows, weights, orderings, noise) {
  let drawn = 0;
  let net = null;
  const random = () => numbers[drawn++ % numbers.length];
  return stages.map(({ design, steps }) => {
    net = net ? redesigned(net, design, random) : networkFor(design, random);
    return {
      nats: Array.from({ length: steps }, () => trainStep(net, rows, weights)),
      steps: net.steps,
      positions: net.positions,
      layers: net.layers.map(plain),
      direct: plain(net.direct),
      costs: listed(costsOf(net, rows, weights)),
      probabilities: listed(probabilitiesOf(net, rows)),
      sum: sumOfProbabilities(net),
      drawn: orderings.map((ordering) => sampleRows(net, ordering, noise).map(listed)),
    };
  });
}
