// How well each task is still done while others are learned: one chart a learner, one line a task.

import { draw, make, say } from "./elements.js";
import { compact, count, isNumber, score, ticks } from "./numbers.js";
import { path, Plot } from "./plot.js";
import { NAMES } from "./standing.js";
import { colourClass } from "./task_colours.js";

const HEIGHT = 250;
const FOOT = 44;
const LETTER = 6.6;

export class Curves {
  // `move` is told the place in the stream that is pointed at, null for now.
  constructor(learner, move) {
    this.learner = learner;
    this.title = make("figcaption", { id: `curve-${learner}` }, NAMES[learner] ?? learner);
    this.sum = make("span", { class: "muted" });
    this.plot = make("div", {
      class: "plot", role: "slider", tabindex: "0", "aria-label": `Retention curves, ${NAMES[learner] ?? learner}: place in the stream`,
      "aria-valuemin": "0",
    });
    this.element = make("figure", { class: "curve" }, this.title, this.plot);
    this.title.append(" ", this.sum);
    this.listen(move);
  }

  listen(move) {
    this.plot.addEventListener("pointermove", (event) => move(this.placeAt(event)));
    this.plot.addEventListener("pointerdown", (event) => move(this.placeAt(event)));
    this.plot.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && move(null));
    this.plot.addEventListener("blur", () => move(null));
    this.plot.addEventListener("keydown", (event) => {
      const target = this.step(event.key);
      if (target !== undefined) {
        event.preventDefault();
        move(target);
      }
    });
  }

  placeAt(event) {
    const place = this.drawn.x.back(event.clientX - this.plot.getBoundingClientRect().left);
    return Math.min(Math.max(place, 0), this.standing.events);
  }

  // Where a key leads: from evaluation to evaluation; null is now, undefined that the key means nothing here.
  step(key) {
    const places = this.standing.curve("main").events;
    const at = this.cursor === null ? places.length : places.findLastIndex((each) => each <= this.cursor);
    const next = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, PageUp: at + 10,
      PageDown: at - 10, Home: 0, End: places.length }[key];
    if (key === "Escape") return null;
    if (next === undefined) return undefined;
    return next >= places.length ? null : places[Math.max(next, 0)];
  }

  show(standing, cursor) {
    [this.standing, this.cursor] = [standing, cursor];
    const curve = standing.curve(this.learner);
    const lowest = standing.percent ? 0 : Math.min(0, ...curve.scores.flat().filter(isNumber));
    const plot = new Plot(this.plot, { height: HEIGHT, foot: FOOT, x: [0, standing.events], y: [lowest < 0 ? -1 : 0, 1] });
    this.drawn = plot;
    plot.grid(standing.percent || lowest === 0 ? [0, 0.25, 0.5, 0.75, 1] : [-1, -0.5, 0, 0.5, 1],
      (value) => (standing.percent ? `${100 * value}%` : value.toFixed(2)));
    plot.axis(ticks(standing.events, plot.width / 110), compact);
    this.drawStrip(plot, standing);
    for (const each of standing.segments.slice(1)) plot.vertical(each.start, "boundary");
    standing.tasks.forEach((_, task) => this.drawLine(plot, curve, task));
    if (cursor !== null) plot.vertical(cursor, "cursor");
    this.plot.replaceChildren(plot.svg);
    this.tell(standing, cursor);
  }

  // Below the floor: which task was learned when.
  drawStrip(plot, { segments, tasks }) {
    const parts = segments.map(({ task, start, stop }) => {
      const [x, width] = [plot.x(start), Math.max(plot.x(stop) - plot.x(start) - 1, 1)];
      const name = tasks[task] ?? "";
      return { task, name, x, width, fits: name.length * LETTER < width - 4 };
    });
    // One name among many that have no room would be taken for the name of all.
    const named = 2 * parts.filter((part) => part.fits).length > parts.length;
    for (const { task, name, x, width, fits } of parts) {
      plot.add(draw("rect", { class: `strip ${colourClass(task)}`, x, width, y: plot.floor + 5, height: 5 }));
      const place = { class: "segment", x: x + width / 2, y: plot.floor + 22, "text-anchor": "middle" };
      if (named && fits) plot.add(draw("text", place, name));
    }
  }

  drawLine(plot, curve, task) {
    const pairs = curve.events.map((events, row) => [plot.x(events), asPlace(plot, curve.scores[row][task])]);
    plot.add(draw("path", { class: `line ${colourClass(task)}`, d: path(pairs) }));
    for (const { start, stop } of this.standing.segments.filter((each) => each.task === task)) {
      const own = pairs.filter((_, row) => curve.events[row] > start && curve.events[row] <= stop);
      plot.add(draw("path", { class: `line own ${colourClass(task)}`, d: path(own) }));
    }
    const last = pairs.findLast(([, y]) => Number.isFinite(y));
    if (last) plot.add(draw("circle", { class: `dot ${colourClass(task)}`, cx: last[0], cy: last[1], r: 3 }));
  }

  tell(standing, cursor) {
    const scores = standing.scoresAt(this.learner, cursor);
    const told = standing.tasks.map((task, index) => `${task} ${score(scores[index], standing.percent)}`).join(", ");
    this.plot.setAttribute("aria-valuemax", standing.events);
    this.plot.setAttribute("aria-valuenow", Math.round(cursor ?? standing.events));
    this.plot.setAttribute("aria-valuetext", `${cursor === null ? "now" : `at ${count(cursor)} events`}: ${told}`);
    const { average_score: average, events } = standing.retention(this.learner);
    const when = standing.isOfNow(this.learner) ? "now" : `at ${count(events)} events`;
    say(this.sum, `${score(average, standing.percent)} on average ${when}`);
  }
}

const asPlace = (plot, value) => (isNumber(value) ? plot.y(value) : Number.NaN);

