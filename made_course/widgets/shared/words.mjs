/** Return names as part of a sentence: "a, b and c". A long list ends with the number of names left out. */
export function listing(names, most = 12) {
  if (names.length > most) return `${names.slice(0, most - 1).join(", ")} and ${names.length - most + 1} more`;
  if (names.length < 2) return names[0] ?? "nothing";
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** Return the name of an output: the name of its variable, with a hat on the first letter. */
export const hat = (name) => name.replace(/^./, "$&\u0302");

/** Return the names of variables, counted from 1: x₁, x₂, ... */
export const variableNames = (count) =>
  Array.from({ length: count }, (_, i) => `x${String(i + 1).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit])}`);
