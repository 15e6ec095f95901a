// R as a heat map: a table, so that it reads without its colours.

import { make } from "./elements.js";
import { isNumber, score, shortScore } from "./numbers.js";
import { NAMES } from "./standing.js";

export function matrixOf(standing, learner) {
  const title = NAMES[learner] ?? learner;
  const table = make("table", { class: "matrix", id: `matrix-${learner}` },
    make("caption", {}, title),
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "after"), standing.tasks.map((task) =>
      make("th", { scope: "col", title: task }, make("span", {}, task))))),
    make("tbody", {}, rowsOf(standing, learner)));
  return table;
}

function rowsOf(standing, learner) {
  const { number, task, scores } = standing.boundaries(learner);
  const rows = number.map((boundary, row) =>
    rowOf(standing, `${boundary + 1} ${standing.tasks[task[row]] ?? ""}`, valuesOf(standing, learner, boundary, scores[row]), task[row]));
  const now = standing.scoresAt(learner, null);
  return [...rows, rowOf(standing, "now", now, standing.tasks.indexOf(standing.status.current_task), "now")];
}

// The main learner's scores are those of /status, unrounded.
function valuesOf(standing, learner, boundary, kept) {
  const row = learner === "main" ? standing.retention("main").matrix?.[boundary] : undefined;
  if (!row || typeof row !== "object") return kept;
  return standing.tasks.map((task, column) => (Object.hasOwn(row, task) && isNumber(row[task]) ? row[task] : kept[column]));
}

function rowOf(standing, name, values, own, kind = "") {
  return make("tr", { class: kind }, make("th", { scope: "row", title: name }, make("span", {}, name)),
    standing.tasks.map((task, column) => cellOf(values[column], standing.percent, column === own, task)));
}

function cellOf(value, percent, own, task) {
  if (!isNumber(value)) return make("td", { class: "none" });
  const share = Math.min(Math.max(value, 0), 1);
  const cell = make("td", { class: `${share < 0.5 ? "low" : "high"}${own ? " own" : ""}`, title: `${task}: ${score(value, percent)}` },
    shortScore(value, percent));
  cell.style.setProperty("--mix", `${Math.round(100 * Math.abs(2 * share - 1))}%`);
  return cell;
}
