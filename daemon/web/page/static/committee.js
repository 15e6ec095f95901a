// Whom the committee believes now.

import { byId, make } from "./elements.js";
import { score } from "./numbers.js";
import { swatch } from "./task_colours.js";

const SHOWN = 8;

export function showCommittee({ status, percent }) {
  const { committee } = status;
  byId("committee-card").hidden = !committee;
  if (!committee) return;
  const believed = Object.entries(committee.weights).sort(([, one], [, other]) => other - one).slice(0, SHOWN);
  const words = believed.map(([name, weight]) => `${title(name)} ${share(weight)}`).join(", ");
  const bar = make("div", { class: "stack", role: "img", "aria-label": `Weights: ${words}` },
    believed.map(([, weight], index) => segment(index, weight)));
  const legend = make("ul", { class: "legend" }, believed.map(([name, weight], index) =>
    make("li", {}, swatch(index), make("span", {}, title(name)), make("b", {}, share(weight)))));
  const beside = committee.lead?.newest;
  const hint = beside
    ? `The answers of the last events: ${score(beside.other, percent)}; the main learner alone: ${score(beside.score, percent)}.`
    : `The answers of the last events: ${score(committee.prequential.window_score, percent)}.`;
  byId("committee").replaceChildren(bar, legend, make("p", { class: "hint muted" }, hint));
}

function segment(index, weight) {
  const part = make("span", { class: `fill task${index % 8}` });
  part.style.width = `${100 * weight}%`;
  return part;
}

const title = (name) => name.replaceAll("_", " ");

const share = (weight) => `${(100 * weight).toFixed(0)} %`;
