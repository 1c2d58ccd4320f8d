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
  const isGrouped = grouped.length && of > floor + MARGIN;
  const lines = [coins, floor, ...(isGrouped ? [of] : [])].map(y);
  const label = labelsAmong(pen, wide, points, lines, (height) => ({ colours, size: 12, colour: colours.quiet, halo: height > y(floor) ? colours.pale : colours.paper }));
  for (const { event, at } of events) label((simple && IN_WORDS[event]) || event, [[at + 3, 9], [at - 3, 9, "end"], [at + 3, high - 10], [at - 3, high - 10, "end"]], { weight: "bold" });
  label(`floor ${floor.toFixed(2)}`, [[wide - 12, y(floor) + 10, "end"], [5, y(floor) + 10], [wide / 2, y(floor) + 10, "end"]], { colour: colours.ink });
  label(`guessing ${coins.toFixed(2)}`, [[wide - 4, y(coins) - 8, "end"], [5, y(coins) - 8], [wide / 2, y(coins) - 8, "end"]]);
  if (isGrouped) label(`floor of this grouping ${of.toFixed(2)}`, [[5, y(of) + 10], [wide - 80, y(of) + 10, "end"], [wide - 4, y(of) - 10, "end"], [5, y(of) - 10]], { colour: colours.ink });
  const middle = Math.max(y(floor) + 10, (y(floor) + high) / 2);
  label("no honest network gets here", [[5, middle], [wide - 12, middle, "end"], [wide - 80, middle, "end"]]);
  if (!history.length) return;
  pen.fillStyle = css(under.at(-1) ? colours.orange : colours.blue);
  pen.beginPath();
  pen.arc(...points.at(-1), 4, 0, 7);
  pen.fill();
}

/** Return a function that writes words at the first of some spots [x, y, align] that no curve, level line or other words cross, if there is one. */
function labelsAmong(pen, wide, points, lines, styleAt) {
  const boxes = [];
  return (words, spots, style) => {
    pen.font = `${style?.weight ?? ""} 12px ${styleAt(0).colours.font}`;
    const { width } = pen.measureText(words);
    const boxOf = ([x, y, align]) => ({ left: align ? x - width : x, right: align ? x : x + width, top: y - 7, bottom: y + 7 });
    const isFree = ({ left, right, top, bottom }) => {
      const near = points.filter(([x]) => x > left - 2 && x < right + 2);
      return left > 0 && right < wide && (near.every(([, y]) => y < top) || near.every(([, y]) => y > bottom))
        && !lines.some((y) => y > top && y < bottom)
        && !boxes.some((box) => left < box.right + 6 && right > box.left - 6 && top < box.bottom && bottom > box.top);
    };
    const spot = spots.find((one) => isFree(boxOf(one)));
    if (!spot) return;
    boxes.push(boxOf(spot));
    write(pen, words, spot[0], spot[1], { ...styleAt(spot[1]), ...style, align: spot[2] });
  };
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
