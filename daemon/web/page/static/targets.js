// Several targets: how good what is published of each is, and which of them the rest of the page tells of.

import { byId, make, say } from "./elements.js";
import { count, NONE, score } from "./numbers.js";

let chosen = null;

// The answer of the daemon as it would be of the chosen target alone; as it is where there is one label.
export function ofOneTarget({ status, history, now }) {
  const targets = status.targets ?? {};
  const names = Object.keys(targets);
  if (!names.length) return { status, history, now };
  if (!names.includes(chosen)) [chosen] = names;
  const advice = names.flatMap((name) => (targets[name].advice ?? []).map((each) => ({ ...each, why: `${name}: ${each.why}` })));
  return { status: { ...status, ...targets[chosen], advice }, history: { ...history, ...history.targets?.[chosen] }, now };
}

export function showTargets({ status }, choose) {
  const names = Object.keys(status.targets ?? {});
  const body = byId("targets").tBodies[0];
  byId("targets-card").hidden = names.length === 0;
  if (body.rows.length !== names.length || names.some((name, row) => body.rows[row].dataset.target !== name)) {
    body.replaceChildren(...names.map((name) => rowOf(name, choose)));
  }
  names.forEach((name, row) => fill(body.rows[row], status.targets[name]));
}

function rowOf(name, choose) {
  const input = make("input", { type: "radio", name: "target", value: name, checked: name === chosen });
  input.addEventListener("change", () => {
    chosen = name;
    choose();
  });
  const label = make("label", {}, input, make("span", {}, name));
  return make("tr", { "data-target": name }, make("th", { scope: "row" }, label), make("td"), make("td"), make("td"), make("td"));
}

function fill(row, target) {
  const percent = (target.classes ?? []).length > 0;
  const within = Object.values(target.intervals ?? {});
  const said = [
    score((target.committee ?? target).prequential?.window_score, percent),
    score(target.companions?.no_change?.prequential?.window_score, percent),
    within.length ? within.map(({ coverage }) => `${(100 * coverage).toFixed(1)} %`).join(", ") : NONE,
    count(target.labels?.waiting_rows),
  ];
  said.forEach((text, column) => say(row.cells[column + 1], text));
}
