import { squaresOfRow } from "./network.mjs";
import { css, drawBoard, write } from "../shared/canvas.mjs";

/** A cost that is below a floor by less than this is on the floor. */
export const MARGIN = 0.02;

/** What the output was allowed to see, in the simple view. */
const IN_WORDS = { "≥": "its own, too", ">": "earlier only" };

/** Draw nats over steps, with a line for guessing, and below the floor a field that no distribution enters. */
export function drawProgress(pen, wide, high, { history, floor, own: of, coins, colours, simple }) {
  const most = coins * 1.22;
  const y = (nats) => 4 + (high - 8) * (1 - Math.min(nats, most) / most);
  const x = (k) => 1 + ((wide - 8) * k) / Math.max(history.length - 1, 60);
  const small = { colours, size: 12, colour: colours.quiet, halo: colours.paper };
  const below = { ...small, halo: colours.pale };
  pen.fillStyle = css(colours.pale);
  pen.fillRect(0, y(floor), wide, high - y(floor));
  line(pen, [[0, y(coins)], [wide, y(coins)]], css(colours.quiet), 1, [2, 3]);
  line(pen, [[0, y(floor)], [wide, y(floor)]], css(colours.ink), 1);
  history.forEach(({ event }, k) => {
    if (!event) return;
    line(pen, [[x(k), 0], [x(k), high]], css(event === "≥" ? colours.orange : colours.quiet), 1);
    write(pen, (simple && IN_WORDS[event]) || event, Math.min(x(k) + 3, wide - 12), 9, { ...small, weight: "bold" });
  });
  const grouped = history.map(({ own }, k) => [x(k), y(own), own]).filter(([, , own]) => own > floor + MARGIN);
  if (grouped.length) line(pen, grouped, css(colours.ink), 1, [5, 3]);
  if (grouped.length && of > floor + MARGIN) write(pen, `floor of this grouping ${of.toFixed(2)}`, wide - 80, y(of) - 8, { ...small, colour: colours.ink, align: "end" });
  const under = history.map(({ nats }) => nats < floor - MARGIN);
  for (let from = 0, k = 1; k <= history.length; k++) {
    if (k < history.length && under[k] === under[from]) continue;
    const points = history.slice(Math.max(from - 1, 0), k).map(({ nats }, n) => [x(Math.max(from - 1, 0) + n), y(nats)]);
    line(pen, points, css(under[from] ? colours.orange : colours.blue), 2.4);
    from = k;
  }
  write(pen, `guessing ${coins.toFixed(2)}`, wide - 4, y(coins) - 8, { ...small, align: "end" });
  write(pen, "no honest network gets here", 5, Math.max(y(floor) + 10, (y(floor) + high) / 2), below);
  write(pen, `floor ${floor.toFixed(2)}`, wide - 12, y(floor) + 10, { ...below, colour: colours.ink, align: "end" });
  const end = history.at(-1);
  if (!end) return;
  pen.fillStyle = css(end.nats < floor - MARGIN ? colours.orange : colours.blue);
  pen.beginPath();
  pen.arc(x(history.length - 1), y(end.nats), 4, 0, 7);
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
