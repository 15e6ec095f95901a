// Rate and lag of the last minutes, and the partitions behind them.

import { byId, draw, make, say } from "./elements.js";
import { compact, count, duration, isNumber, moment, rate, ticks } from "./numbers.js";
import { path, Plot } from "./plot.js";

const HEIGHT = 120;
const LEAST_SPAN = 60;

export class Flows {
  constructor() {
    this.rate = chart("Events per second");
    this.lag = chart("Lag, records");
    byId("flows").replaceChildren(this.rate.figure, this.lag.figure);
  }

  show(standing) {
    const { stream } = standing;
    // Of the first sample of a process there is no rate: before it none ran.
    const breaks = stream.rate.map((each, index) => index > 0 && !isNumber(each));
    show(this.rate, stream.at, stream.rate, { now: stream.rate.at(-1), words: rate, breaks });
    show(this.lag, stream.at, stream.lag, { now: standing.lag, words: count, breaks });
    say(byId("newest"), newest(standing));
    showPartitions(standing);
  }
}

function chart(title) {
  const sum = make("b");
  const plot = make("div", { class: "plot", role: "img" });
  return { title, sum, plot, figure: make("figure", { class: "flow-figure" }, make("figcaption", {}, `${title} `, sum), plot) };
}

function show({ title, sum, plot: container, figure }, at, values, { now, words, breaks }) {
  const known = values.filter(isNumber);
  figure.hidden = known.length === 0;
  if (figure.hidden) return;
  const end = at.at(-1);
  const start = Math.min(at[0], end - LEAST_SPAN);
  const top = Math.max(...known, 1) * 1.08;
  const plot = new Plot(container, { height: HEIGHT, x: [start, end], y: [0, top] });
  plot.grid(ticks(top, 3), compact);
  plot.axis([start, end], (value) => (value === end ? "now" : `${duration(end - value)} ago`));
  const pairs = at.map((each, index) => [plot.x(each), isNumber(values[index]) ? plot.y(values[index]) : Number.NaN]);
  for (const drawn of unbroken(pairs, breaks)) {
    const area = `${path(drawn)}L${drawn.at(-1)[0].toFixed(1)} ${plot.floor}L${drawn[0][0].toFixed(1)} ${plot.floor}Z`;
    plot.add(draw("path", { class: "area", d: area }), draw("path", { class: "flow", d: path(drawn) }));
  }
  container.replaceChildren(plot.svg);
  say(sum, words(now));
  container.setAttribute("aria-label",
    `${title}: ${words(now)} now, between ${words(Math.min(...known))} and ${words(Math.max(...known))} in the last ${duration(end - at[0])}`);
}

// The runs of places that follow one another without a gap.
function unbroken(pairs, breaks) {
  const runs = [];
  let open = false;
  pairs.forEach((pair, index) => {
    const known = Number.isFinite(pair[1]);
    if (known && open && !breaks[index]) runs.at(-1).push(pair);
    else if (known) runs.push([pair]);
    open = known;
  });
  return runs;
}

function newest({ newestEvent, now }) {
  if (!isNumber(newestEvent)) return "";
  const age = now - newestEvent;
  return `The newest event is of ${moment(newestEvent)}${age >= 0 ? `, ${duration(age)} ago` : ""}.`;
}

function showPartitions({ status, now }) {
  const table = byId("partitions");
  const titles = ["Partition", "Position", "End", "Lag", "Last progress"];
  table.tHead.replaceChildren(make("tr", {}, titles.map((text) => make("th", { scope: "col" }, text))));
  table.tBodies[0].replaceChildren(...(status.partitions ?? []).map((each) =>
    make("tr", {}, make("th", { scope: "row" }, `${each.topic} ${each.partition}`),
      [count(each.position), count(each.end_offset), lagOf(each), `${duration(now - each.last_progress)} ago`]
        .map((text) => make("td", {}, text)))));
}

const lagOf = ({ position, end_offset: end }) => (isNumber(end) ? count(Math.max(0, end - position)) : count(null));
