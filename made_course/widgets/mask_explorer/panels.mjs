import { squaresOfRow } from "./network.mjs";
import { css, drawBoard, write } from "../shared/canvas.mjs";

/** Costs that differ by less than this, in nats, count as equal. */
export const MARGIN = 0.02;

/** Labels of the switch's two positions in the simple view. */
const IN_WORDS = { "≥": "its own, too", ">": "earlier only" };

/** Draw the curve of nats over steps, a line at the cost of guessing, and a grey field below the floor. */
export function drawProgress(pen, wide, high, { history, floor, own: of, coins, colours, simple }) {
  const most = coins * 1.22;
  const y = (nats) => 4 + (high - 8) * (1 - Math.min(nats, most) / most);
  const x = (k) => 1 + ((wide - 8) * k) / Math.max(history.length - 1, 60);
  const colourOf = (event) => css(event === "≥" ? colours.orange : colours.quiet);
  const events = history.map(({ event }, k) => ({ event, at: x(k) })).filter(({ event }) => event);
  pen.fillStyle = css(colours.pale);
  pen.fillRect(0, y(floor), wide, high - y(floor));
  line(pen, [[0, y(coins)], [wide, y(coins)]], css(colours.quiet), 1, [2, 3]);
  line(pen, [[0, y(floor)], [wide, y(floor)]], css(colours.ink), 1);
  for (const { event, at } of events) line(pen, [[at, 0], [at, high]], colourOf(event), 1);
  const grouped = history.map(({ own }, k) => [x(k), y(own), own]).filter(([, , own]) => own > floor + MARGIN);
  if (grouped.length) line(pen, grouped, css(colours.ink), 1, [5, 3]);
  const under = history.map(({ nats }) => nats < floor - MARGIN);
  const points = history.map(({ nats }, k) => [x(k), y(nats)]);
  for (let from = 0, k = 1; k <= history.length; k++) {
    if (k < history.length && under[k] === under[from]) continue;
    line(pen, points.slice(Math.max(from - 1, 0), k), css(under[from] ? colours.orange : colours.blue), 2.4);
    from = k;
  }
  const small = { colours, size: 12, colour: colours.quiet, halo: colours.paper };
  for (const { event, at } of events) {
    const align = at > wide * 0.7 ? "end" : "start";
    write(pen, (simple && IN_WORDS[event]) || event, align === "end" ? at - 3 : at + 3, 9, { ...small, weight: "bold", align });
  }
  write(pen, `guessing ${coins.toFixed(2)}`, wide - 4, y(coins) - 8, { ...small, align: "end" });
  write(pen, `floor ${floor.toFixed(2)}: no honest network gets below`, wide - 12, Math.min(y(floor) + 10, high - 7), { ...small, colour: colours.ink, halo: colours.pale, align: "end" });
  if (grouped.length && of > floor + MARGIN) write(pen, `floor of this grouping ${of.toFixed(2)}`, 5, y(of) + 10, { ...small, colour: colours.ink });
  if (!history.length) return;
  pen.fillStyle = css(under.at(-1) ? colours.orange : colours.blue);
  pen.beginPath();
  pen.arc(...points.at(-1), 4, 0, 7);
  pen.fill();
}

function line(pen, points, colour, thick, dash = []) {
  pen.strokeStyle = colour;
  pen.lineWidth = thick;
  pen.setLineDash(dash);
  pen.beginPath();
  points.forEach(([x, y], k) => (k ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.stroke();
  pen.setLineDash([]);
}

/** Draw the probability of each kind of row as a bar, and its share of the data as a line. */
export function drawBars(pen, wide, high, { network, rows, p, shares, isBroken, colours }) {
  const step = wide / rows.length;
  const most = Math.max(...p, ...shares) * 1.05;
  const y = (value) => 6 + (high - 30) * (1 - value / most);
  rows.forEach((row, k) => {
    const x = k * step;
    pen.fillStyle = css(isBroken ? colours.orange : colours.blue);
    pen.fillRect(x + step * 0.2, y(p[k]), step * 0.6, y(0) - y(p[k]));
    pen.fillStyle = css(colours.ink);
    pen.fillRect(x + step * 0.1, y(shares[k]) - 1, step * 0.8, 2);
    const cell = Math.min(10, step / 4);
    drawBoard(pen, squaresOfRow(network, row), x + (step - row.length * cell) / 2, high - 14, cell, colours);
  });
}
