// Puts the sections together, and shows them anew with every answer of the daemon.

import { showAdvice } from "./advice.js";
import { showAges } from "./ages.js";
import { showAnswers } from "./answers.js";
import { showCommittee } from "./committee.js";
import { Curves } from "./curves.js";
import { showBudget } from "./budget.js";
import { byId, make, say } from "./elements.js";
import { showFields } from "./fields.js";
import { Flows } from "./flow.js";
import { showDisconnected, showState, showTiles } from "./headline.js";
import { matrixOf } from "./matrix.js";
import { showMemory } from "./memory.js";
import { showNotes } from "./notes.js";
import { poll } from "./poll.js";
import { NAMES, Standing } from "./standing.js";
import { ofOneTarget, showTargets } from "./targets.js";
import { showTasks } from "./tasks.js";

const flows = new Flows();
const curves = new Map();
let latest = null;
let standing = null;
let seen = null;
let chosen = null;
let cursor = null;
let offered = "";

const companion = () => (standing.companions.includes(chosen) ? chosen : standing.companions[0] ?? null);

function show(answer) {
  latest = answer;
  seen = new Date();
  showLatest();
}

function showLatest() {
  standing = new Standing(ofOneTarget(latest));
  showTargets(standing, showLatest);
  showState(standing);
  showAdvice(standing);
  flows.show(standing);
  showFields(standing);
  showCommittee(standing);
  showAnswers(standing);
  showMemory(standing);
  showNotes(standing);
  offerCompanions();
  showRetention();
}

function showRetention() {
  showTiles(standing, companion());
  byId("retention-empty").hidden = standing.evaluated;
  byId("retention-body").hidden = !standing.evaluated;
  if (!standing.evaluated) return;
  const learners = ["main", ...(companion() ? [companion()] : [])];
  const charts = learners.map(chartOf);
  place(byId("curves"), charts.map((chart) => chart.element));
  charts.forEach((chart) => chart.show(standing, cursor));
  showTasks(standing, companion(), cursor);
  showBudget(standing);
  showAges(standing);
  place(byId("matrices"), learners.map(frameOf));
  for (const learner of learners) frameOf(learner).replaceChildren(matrixOf(standing, learner));
  say(byId("scale-low"), standing.percent ? "0 %" : "0");
  say(byId("scale-high"), standing.percent ? "100 %" : "1");
}

function chartOf(learner) {
  if (!curves.has(learner)) curves.set(learner, new Curves(learner, pointAt));
  return curves.get(learner);
}

const frames = new Map();

// A matrix may be wider than the screen: it scrolls in its own frame, by keyboard too.
function frameOf(learner) {
  if (!frames.has(learner)) {
    const label = `Retention matrix, ${NAMES[learner] ?? learner}`;
    frames.set(learner, make("div", { class: "scroll", role: "region", "aria-label": label, tabindex: "0" }));
  }
  return frames.get(learner);
}

// Moves elements only where they are not in their place, so that none loses the focus.
function place(container, elements) {
  const same = elements.length === container.children.length && elements.every((each, index) => each === container.children[index]);
  if (!same) container.replaceChildren(...elements);
}

function pointAt(events) {
  if (events === cursor) return;
  cursor = events;
  for (const chart of ["main", companion()].filter(Boolean).map(chartOf)) chart.show(standing, cursor);
  showTasks(standing, companion(), cursor);
}

function offerCompanions() {
  const names = standing.companions;
  if (names.join() === offered) return;
  offered = names.join();
  const choices = names.map((name) => {
    const input = make("input", { type: "radio", name: "companion", value: name, checked: name === companion() });
    input.addEventListener("change", () => {
      chosen = name;
      showRetention();
    });
    return make("label", {}, input, make("span", {}, name));
  });
  byId("companions").replaceChildren(make("legend", {}, "versus"), ...choices);
  byId("companions").hidden = names.length === 0;
}

new ResizeObserver(() => {
  if (standing === null) return;
  flows.show(standing);
  showRetention();
}).observe(byId("retention"));

poll(show, (error) => {
  showDisconnected(seen);
  if (!(error instanceof TypeError || error instanceof DOMException)) console.warn(error.message);
});
