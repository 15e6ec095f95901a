// The table of all tasks: what is known of each, now or at the place that is pointed at.

import { byId, make, say } from "./elements.js";
import { count, isNumber, points, score } from "./numbers.js";
import { NAMES } from "./standing.js";
import { swatch } from "./task_colours.js";

export function showTasks(standing, companion, cursor) {
  const [head, body] = [byId("tasks").tHead, byId("tasks").tBodies[0]];
  say(byId("tasks-caption"), cursor === null ? "Scores now" : `Scores at ${count(cursor)} events`);
  head.replaceChildren(make("tr", {}, headings(standing, companion, cursor).map((text) => make("th", { scope: "col" }, text))));
  const mine = standing.scoresAt("main", cursor);
  const others = companion ? standing.scoresAt(companion, cursor) : [];
  body.replaceChildren(...standing.tasks.map((name, task) =>
    make("tr", {}, heading(standing, name, task), cells(standing, task, mine, others, companion, cursor))));
}

function headings({ percent }, companion, cursor) {
  const names = ["Task", NAMES.main, ...(companion ? [NAMES[companion] ?? companion] : [])];
  return cursor === null ? [...names, percent ? "Forgotten, points" : "Forgotten", "Best", "Probes"] : names;
}

function heading(standing, name, task) {
  const current = name === standing.status.current_task;
  return make("th", { scope: "row" }, swatch(task), make("span", { class: "name" }, name),
    current ? make("span", { class: "tag" }, "now") : null);
}

function cells(standing, task, mine, others, companion, cursor) {
  const { percent } = standing;
  const scores = [score(mine[task], percent), ...(companion ? [score(others[task], percent)] : [])];
  const { best, forgetting, samples } = standing.ofTask("main", task);
  const rest = cursor === null ? [points(forgetting, percent).replace(" points", ""), score(best, percent), count(samples)] : [];
  return [...scores, ...rest].map((text, column) => make("td", { title: column || cursor !== null ? null : give(standing, task) }, text));
}

// How far off a score may be by chance: a standard error, where there is one.
function give(standing, task) {
  const { standard_error: error, samples } = standing.ofTask("main", task);
  return isNumber(error) ? `± ${score(error, standing.percent)}, from ${count(samples)} held-out rows` : null;
}
