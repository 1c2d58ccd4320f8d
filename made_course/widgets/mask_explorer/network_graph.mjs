import { arrowKeys, shape } from "../shared/frame.mjs";
import { nameOf } from "./network.mjs";
import { hat, shortened } from "../shared/words.mjs";

/** Of more pairs of units, connected or cut, only those of the cone are drawn. */
const MOST_PAIRS = 3000;
const APART = 150;
/** How far above its ends the control point of a direct connection's line is. */
const BEND = 140;
const KINDS = ["ghost", "plain", "after", "before", "leak", "cross"];

/** The network as a graph, inputs left; `draw` follows the network, and `light` shows what lies on paths. */
export function networkGraph({ onselect, onpoint }) {
  const lines = Object.fromEntries(KINDS.map((kind) => [kind, shape("path", { class: kind })]));
  const units = shape("g");
  // A picture that listens for focus is a stop of its own for Chromium's Tab, unless it says no.
  const picture = shape("svg", { class: "graph", role: "group", tabindex: -1 }, ...Object.values(lines), units);
  let sizes = [];
  let [drawn, wide, high] = [[], 0, 0];
  const all = () => drawn.flat().map((unit) => unit.group);
  const placeOf = (target) => {
    const unit = target.closest?.("[data-unit]");
    return unit && [Number(unit.dataset.layer), Number(unit.dataset.unit)];
  };
  picture.addEventListener("click", ({ target }) => placeOf(target) && onselect(placeOf(target)));
  picture.addEventListener("pointerover", ({ target }) => onpoint(placeOf(target)));
  picture.addEventListener("pointerleave", () => onpoint(null));
  picture.addEventListener("keydown", (event) => {
    if (!["Enter", " "].includes(event.key) || !placeOf(event.target)) return;
    event.preventDefault();
    onselect(placeOf(event.target));
  });
  arrowKeys(picture, all, (unit) => onselect(placeOf(unit)));

  function draw(network) {
    const now = network.degrees.map((layer) => layer.length);
    if (String(now) !== String(sizes)) {
      sizes = now;
      ({ drawn, wide, high } = build(units, sizes));
      picture.setAttribute("width", wide);
      picture.setAttribute("aria-label", `network of ${sizes.join(", ")} units`);
    }
    const top = Math.max(network.names.length, 2);
    drawn.forEach((layer, k) =>
      layer.forEach(({ group, disc, degree, name }, unit) => {
        const m = network.degrees[k][unit];
        group.setAttribute("aria-label", `${nameOf(network, [k, unit])}, degree ${m}`);
        disc.setAttribute("fill-opacity", 0.08 + (0.5 * (m - 1)) / (top - 1));
        degree.textContent = m;
        if (name) name.textContent = shortened(k ? hat(network.names[unit]) : network.names[unit]);
      }),
    );
    const room = network.direct ? BEND / 2 : 0;
    picture.setAttribute("viewBox", `0 ${-room} ${wide} ${high + room}`);
  }

  function light(network, selected, cone) {
    drawn.forEach((layer, k) =>
      layer.forEach(({ group }, unit) => {
        const isSelected = k === selected[0] && unit === selected[1];
        group.setAttribute("class", cone.units[k][unit] ? "unit on" : "unit");
        group.setAttribute("aria-pressed", isSelected);
        group.setAttribute("tabindex", isSelected ? 0 : -1);
      }),
    );
    const paths = linesOf(network, cone, drawn);
    for (const kind of KINDS) {
      lines[kind].setAttribute("d", paths[kind].join(""));
      lines[kind].setAttribute("class", paths[kind].length > MOST_PAIRS / 4 ? `${kind} dense` : kind);
    }
  }
  return { picture, draw, light };
}

/** Circles for all units, each with its degree; inputs and outputs with their names. */
function build(units, sizes) {
  const tallest = Math.max(...sizes);
  const space = Math.min(Math.max(560 / tallest, 2), 52);
  const [radius, side, high] = [Math.min(17, space * 0.42), 90, tallest * space];
  const write = (x, y, anchor, words = "") =>
    shape("text", { x, y, "text-anchor": anchor, "dominant-baseline": "central" }, words);
  units.replaceChildren();
  units.style.setProperty("--space", `${space}px`); // for letters on a phone
  const drawn = sizes.map((size, k) => {
    const x = side + APART * k;
    const isEnd = k === 0 || k === sizes.length - 1;
    const kind = isEnd ? (k ? "outputs" : "inputs") : `hidden ${k}`;
    units.append(write(x, high + 18, "middle", kind));
    return Array.from({ length: size }, (_, unit) => {
      const y = (high - size * space) / 2 + (unit + 0.5) * space;
      const disc = shape("circle", { cx: x, cy: y, r: radius, class: "degree" });
      const degree = write(x, y, "middle");
      if (radius < 9) degree.setAttribute("display", "none");
      const gap = radius + 8;
      const name = isEnd && space >= 12 ? write(k ? x + gap : x - gap, y, k ? "start" : "end") : null;
      const group = shape(
        "g",
        { role: "button", "data-layer": k, "data-unit": unit },
        shape("circle", { cx: x, cy: y, r: radius, class: "paper" }),
        disc,
        degree,
        ...(name ? [name] : []),
      );
      units.append(group);
      return { group, disc, degree, name, x, y };
    });
  });
  return { drawn, wide: 2 * side + APART * (sizes.length - 1), high: high + 30 };
}

/** What each kind of line draws. */
function linesOf(network, cone, drawn) {
  const { masks, direct, leaking } = network;
  const last = drawn.length - 1;
  const all = masks.map((mask, k) => [mask, k, k + 1]);
  if (direct) all.push([direct, 0, last]);
  const count = all.reduce((sum, [mask]) => sum + mask.length * mask[0].length, 0);
  const paths = Object.fromEntries(KINDS.map((kind) => [kind, []]));
  all.forEach(([mask, below, above], m) => {
    const skips = m === masks.length;
    mask.forEach((row, to) =>
      row.forEach((may, from) => {
        const on = may && cone.holds(below, from, above, to, skips);
        if (!on && count > MOST_PAIRS) return;
        if (skips && !may) return;
        const [start, end] = [drawn[below][from], drawn[above][to]];
        const kind = !may ? "ghost" : leaking[m][to][from] ? "leak" : on || "plain";
        paths[kind].push(line(start, end, skips));
        if (kind === "leak" && above === last) paths.cross.push(cross(start, end, skips));
      }),
    );
  });
  return paths;
}

/** A straight line; one that passes hidden layers by is bent above them. */
function line({ x: x1, y: y1 }, { x: x2, y: y2 }, bent) {
  if (!bent) return `M${x1} ${y1}L${x2} ${y2}`;
  return `M${x1} ${y1}Q${(x1 + x2) / 2} ${(y1 + y2) / 2 - BEND} ${x2} ${y2}`;
}

function cross({ x: x1, y: y1 }, { x: x2, y: y2 }, bent) {
  const [x, y] = [x1 + 0.6 * (x2 - x1), y1 + 0.6 * (y2 - y1) - (bent ? 0.48 * BEND : 0)];
  return `M${x - 5} ${y - 5}l10 10m0 -10l-10 10`;
}
