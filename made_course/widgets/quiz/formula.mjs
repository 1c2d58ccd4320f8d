const named = (pairs) => new Map(pairs.split(" ").map((pair) => [pair.slice(0, -2), pair.at(-1)]));
const GREEK = named(
  "alpha:α beta:β gamma:γ delta:δ epsilon:ε theta:θ lambda:λ mu:μ nu:ν pi:π rho:ρ sigma:σ tau:τ phi:φ " +
  "chi:χ psi:ψ omega:ω ell:ℓ Gamma:Γ Delta:Δ Theta:Θ Lambda:Λ Pi:Π Sigma:Σ Phi:Φ Psi:Ψ Omega:Ω infty:∞",
);
const SIGNS = named(
  "sum:∑ prod:∏ cdot:· times:× mid:| le:≤ leq:≤ ge:≥ geq:≥ ne:≠ neq:≠ approx:≈ in:∈ to:→ sim:∼ pm:± " +
  "ldots:… dots:… cdots:⋯ {:{ }:} %:% $:$ _:_",
);
const ACCENTS = { hat: "^", bar: "¯", tilde: "~" };
const SCRIPT = [..."𝒜ℬ𝒞𝒟ℰℱ𝒢ℋℐ𝒥𝒦ℒℳ𝒩𝒪𝒫𝒬ℛ𝒮𝒯𝒰𝒱𝒲𝒳𝒴𝒵"];
const UPRIGHT = { mathvariant: "normal" };
const SPACE = ["mspace", { width: "0.17em" }];

/** The part of LaTeX that a question needs, as MathML: [tag, attributes, ...children]. */
export function mathOf(latex) {
  const written = latex.replace(/\\mathcal\s*(?:\{([A-Z])\}|([A-Z]))/g, (_, braced, bare) =>
    SCRIPT[(braced ?? bare).charCodeAt(0) - 65]);
  const tokens = written.match(/\\(?:[a-zA-Z]+|.)|[\d.]*\d|\S/gsu) ?? [];
  let at = 0;

  function row(end) {
    const parts = [];
    while (at < tokens.length && tokens[at] !== end) parts.push(...scripted());
    at += 1;
    return parts;
  }
  /** What stands in braces, or else the next sign. */
  function argument() {
    if (tokens[at] !== "{") return atom();
    at += 1;
    return ["mrow", {}, ...row("}")];
  }
  function scripted() {
    const base = argument();
    const found = {};
    while (["_", "^"].includes(tokens[at])) found[tokens[at++]] = argument();
    const tag = `m${"_" in found ? "sub" : ""}${"^" in found ? "sup" : ""}`;
    const whole = tag === "m" ? base : [tag, {}, base, ...["_", "^"].filter((s) => s in found).map((s) => found[s])];
    const followed = base[0] === "mi" && base[2].length > 1 && /^[\p{L}\p{N}\\]/u.test(tokens[at] ?? "");
    return followed ? [whole, SPACE] : [whole];
  }
  function atom() {
    const token = tokens[at++] ?? "";
    const name = token.slice(1);
    if (token[0] !== "\\") return sign(token);
    if (GREEK.has(name)) return ["mi", /^[a-z]/.test(name) ? {} : UPRIGHT, GREEK.get(name)];
    if (SIGNS.has(name)) return ["mo", {}, SIGNS.get(name)];
    if (name in ACCENTS) return ["mover", { accent: "true" }, argument(), ["mo", {}, ACCENTS[name]]];
    if (name === "frac") return ["mfrac", {}, argument(), argument()];
    if (name === "sqrt") return ["msqrt", {}, argument()];
    return /^[a-zA-Z]/.test(name) ? ["mi", UPRIGHT, name] : SPACE; // a function such as log
  }
  /** A minus without a left side belongs to what follows. */
  function sign(token) {
    if (/^[\d\p{No}]/u.test(token)) return ["mn", {}, token];
    if (/\p{L}/u.test(token)) return ["mi", SCRIPT.includes(token) ? UPRIGHT : {}, token];
    const alone = token === "-" && /^[([{=<>|,/_^]?$/.test(tokens[at - 2] ?? "");
    const looks = alone ? { form: "prefix" } : /[()[\]|]/.test(token) ? { stretchy: "false" } : {};
    return ["mo", looks, token.replace("-", "−")];
  }
  return ["math", {}, ...row()];
}

/** A text as [kind, words]: LaTeX between dollars, code between backticks, all else as it is. */
export function typed(text) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(/\$((?:[^$\\]|\\.)+)\$|`([^`]+)`/gs)) {
    parts.push(["text", text.slice(end, found.index)], found[1] ? ["math", found[1]] : ["code", found[2]]);
    end = found.index + found[0].length;
  }
  return [...parts, ["text", text.slice(end)]].filter(([, words]) => words);
}

/** The same as nodes of the page. */
export function typeset(text) {
  return typed(text).map(([kind, words]) => {
    if (kind === "math") return mathNode(mathOf(words));
    return kind === "text" ? words : Object.assign(document.createElement("code"), { textContent: words });
  });
}

function mathNode(tree) {
  if (typeof tree === "string") return tree;
  const [tag, looks, ...inside] = tree;
  const made = document.createElementNS("http://www.w3.org/1998/Math/MathML", tag);
  for (const [name, value] of Object.entries(looks)) made.setAttribute(name, value);
  made.append(...inside.map(mathNode));
  return made;
}
