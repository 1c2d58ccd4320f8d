/** Costs of a truth's orderings, and what is said of them. `truth` is what examples.py tells. */

export const nats = (cost) => `${cost.toFixed(3)} nats`;
const alike = (a, b) => a.toFixed(3) === b.toFixed(3);

const permutations = (of) =>
  of.length < 2 ? [of] : of.flatMap((one) => permutations(of.filter((other) => other !== one)).map((others) => [one, ...others]));

/** Of each step the key under which the truth has it: its variable, and the set of those before. */
export function keysOf(ordering) {
  let before = 0;
  return ordering.map((i) => {
    const key = `${i}|${before}`;
    before += 2 ** i;
    return key;
  });
}

export const stepsOf = ({ steps }, ordering) => keysOf(ordering).map((key) => steps[key]);

/** All orderings in groups that cost the same to a thousandth of a nat, the cheapest first. */
export function groupsOf(truth) {
  const groups = [];
  for (const ordering of permutations(truth.names.map((_, i) => i))) {
    const cost = stepsOf(truth, ordering).reduce((sum, step) => sum + step, 0);
    const group = groups.find((one) => alike(one.cost, cost));
    if (group) group.members.push(ordering);
    else groups.push({ cost, members: [ordering] });
  }
  return groups.sort((a, b) => a.cost - b.cost);
}

/** What a group has in common, if it is all that end with one variable. */
export function ending({ names }, { members }, groups) {
  const last = members[0].at(-1);
  const those = groups.flatMap((group) => group.members).filter((ordering) => ordering.at(-1) === last);
  const isAll = groups.length > 1 && members.length === those.length && members.every((one) => one.at(-1) === last);
  return isAll ? `all that end with ${names[last]}` : "";
}

/** Which of all orderings are best and worst. */
export function verdict(truth, groups) {
  const count = groups.reduce((sum, { members }) => sum + members.length, 0);
  if (groups.length > 1) {
    const said = groups.map((group) => `${nats(group.cost)}, ${group.members.length} of ${count} orderings`);
    const those = ending(truth, groups.at(-1), groups);
    return `Best: ${said[0]}. Worst: ${said.at(-1)}${those && `, ${those}`}.`;
  }
  if (alike(groups[0].cost, 0)) return `No difference: in each of the ${count} orderings the model is exact, to a thousandth of a nat.`;
  return `No difference: each of the ${count} orderings costs ${nats(groups[0].cost)}.`;
}

/** What has become of a guess: an ordering or "same". */
export function answer(truth, groups, guess) {
  const isSame = groups.length === 1;
  if (guess === "same") return `All cost the same: ${isSame ? "✓ they do" : "they do not"}. ${verdict(truth, groups)}`;
  const at = groups.findIndex(({ members }) => members.some((one) => String(one) === String(guess)));
  const said = isSame ? "it is as good as any other" : at === 0 ? "✓ none is better" : at === groups.length - 1 ? "it is one of the worst" : "others cost less";
  return `Your guess, ${listed(truth, guess)}: ${said}. ${verdict(truth, groups)}`;
}

const listed = ({ names }, ordering) => ordering.map((i) => names[i]).join(", ");

/** The conditional of a step, such as p(x₂ | x₁). */
export function factor({ names }, ordering, t) {
  const [that, ...before] = [ordering[t], ...ordering.slice(0, t)].map((i) => names[i]);
  return `p(${that}${t ? " | " : ""}${before.join(", ")})`;
}

/** The step, counted from 1, that costs most; of equal ones the last, which knows most. */
export const costliest = (steps) => steps.lastIndexOf(Math.max(...steps)) + 1;

/** What an ordering costs, and which of its steps. */
export function sentence(truth, ordering) {
  const steps = stepsOf(truth, ordering);
  const cost = steps.reduce((sum, step) => sum + step, 0);
  const said = `${listed(truth, ordering)} costs ${nats(cost)}.`;
  const most = costliest(steps);
  if (alike(steps[most - 1], 0)) return `${said} Every step is exact, to a thousandth of a nat.`;
  const share = alike(steps[most - 1], cost) ? "all of it" : `most: ${nats(steps[most - 1])}`;
  return `${said} Step ${most}, ${factor(truth, ordering, most - 1)}, costs ${share}.`;
}

/** Cases of a step as {values, share, truth, model}, so that the model never turns back. */
export function casesOf(truth, ordering, step) {
  const cases = truth.cases[keysOf(ordering)[step - 1]].map(([k, share, real, model]) => {
    return { values: step > 1 ? k.toString(2).padStart(step - 1, "0") : "", share, truth: real, model };
  });
  const ones = ({ values }) => values.replaceAll("0", "").length;
  return cases.sort((a, b) => Number(a.model.toFixed(3)) - Number(b.model.toFixed(3)) || ones(a) - ones(b) || (a.values < b.values ? -1 : 1));
}
