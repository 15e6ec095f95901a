// What came long ago: how good the model is at it now, and was when it was new.

import { byId, draw, make } from "./elements.js";
import { count, isNumber, score, shortScore } from "./numbers.js";
import { path, Plot } from "./plot.js";

const HEIGHT = 150;
const UNITS = { h: "an hour", d: "a day", w: "a week" };

export function showAges(standing) {
  const ages = standing.retention("main").by_age ?? [];
  byId("ages").hidden = !ages.length;
  if (!ages.length) return;
  byId("ages-plot").replaceChildren(plotOf(ages, standing), tableOf(ages, standing));
}

function plotOf(ages, { percent }) {
  const figures = ages.flatMap((each) => [each.score, each.when_new]).filter(isNumber);
  const low = Math.min(0, ...figures);
  const plot = new Plot(byId("ages-plot"), { height: HEIGHT, x: [0, Math.max(ages.length - 1, 1)], y: [low, 1] });
  plot.grid(low < 0 ? [low, 0, 1] : [0, 0.5, 1], (value) => shortScore(value, percent));
  plot.axis(ages.map((_, place) => place), (place) => ages[place].age);
  for (const [kind, of] of [["line dashed", "when_new"], ["line own", "score"]]) {
    plot.add(draw("path", { class: kind, d: path(ages.map((each, place) => [plot.x(place), isNumber(each[of]) ? plot.y(each[of]) : NaN])) }));
  }
  return plot.svg;
}

function tableOf(ages, { percent }) {
  const heading = (text) => make("th", { scope: "col" }, text);
  const rows = ages.map((each) => make("tr", {}, make("th", { scope: "row" }, words(each.age)),
    [score(each.score, percent), score(each.when_new, percent), count(each.samples)].map((text) => make("td", {}, text))));
  const table = make("table", { class: "figures" }, make("thead", {}, make("tr", {}, ["At least", "Now", "When new", "Rows"].map(heading))),
    make("tbody", {}, rows));
  return make("div", { class: "scroll", role: "region", "aria-label": "Scores by age", tabindex: "0" }, table);
}

function words(age) {
  if (age.includes("e")) return `${count(Number(age))} events ago`;
  return `${age.startsWith("1") ? UNITS[age.at(-1)] : `${age.slice(0, -1)} days`} ago`;
}
