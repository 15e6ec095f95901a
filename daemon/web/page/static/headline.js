// State and the six figures at the top.

import { byId, make, say } from "./elements.js";
import { count, duration, isNumber, points, rate, score } from "./numbers.js";
import { NAMES } from "./standing.js";

const SILENT_SECONDS = 30;

export function showState(standing) {
  const { status, now, stream } = standing;
  say(byId("name"), status.name ?? "");
  document.title = status.name ? `${status.name} · retaind` : "retaind";
  const silent = now - (stream.at.at(-1) ?? now);
  if (silent > SILENT_SECONDS) state("broken", `The loop has not reported for ${duration(silent)}`);
  else if (status.ready === undefined) state("waiting", "Starting");
  else if (!status.ready) state("waiting", `Not ready: ${status.reason}`);
  else if (!standing.events) state("waiting", "Waiting for the first event");
  else if (status.budget?.stage === "freeze") state("waiting", "Predicting only: a retention budget is passed");
  else state("good", "Learning");
  say(byId("since"), status.started ? since(status, now) : "");
}

export function showDisconnected(lastSeen) {
  const since = lastSeen ? ` What is shown is from ${lastSeen.toLocaleTimeString("en-GB")}.` : "";
  state("broken", `No answer from the daemon.${since}`);
}

function state(kind, text) {
  const element = byId("state");
  element.className = `state ${kind}`;
  say(element, text);
}

function since(status, now) {
  const saved = status.checkpoint?.at;
  const durable = saved ? `last checkpoint ${duration(now - saved)} ago` : "no checkpoint since the start";
  // Not in the state above, which is read aloud whenever it changes: tasks may change with every event.
  const task = status.current_task ? `task ${status.current_task} · ` : "";
  return `${task}up ${duration(now - status.started)} · ${durable}`;
}

export function showTiles(standing, companion) {
  byId("tiles").replaceChildren(...tilesOf(standing, companion).map(([name, value, beside]) => tile(name, value, beside)));
}

function tile(name, value, beside) {
  return make("div", { class: "tile" }, make("dt", {}, name), make("dd", { class: "value" }, value),
    make("dd", { class: "beside" }, beside));
}

function tilesOf(standing, companion) {
  const { status, percent, stream, lag } = standing;
  const retention = standing.retention("main");
  const name = companion ? NAMES[companion]?.toLowerCase() ?? companion : "";
  const speed = stream.rate.at(-1);
  return [
    ["Score now, all tasks", score(retention.average_score, percent),
      companion ? ahead(standing.averageLead(companion)?.lead, name, percent) : ""],
    ["Forgotten", points(retention.forgetting, percent), forgottenBeside(standing, companion, name)],
    ["Predicted on arrival", score((status.committee ?? status).prequential?.window_score, percent),
      ahead(status.leads?.no_change?.lead, "no-change", percent)],
    ["Events", count(status.events), isNumber(status.steps) ? `${count(status.steps)} steps` : ""],
    ["Events per second", rate(speed), ""],
    ["Lag", count(lag), catchUp(lag, speed)],
  ];
}

// A lead is of the same events or rows for both; the difference of two figures on this page need not be.
function ahead(lead, of, percent) {
  if (!isNumber(lead)) return "";
  return `${points(Math.abs(lead), percent)} ${lead < 0 ? "behind" : "ahead of"} ${of}`;
}

// What the companion forgot, where that is known of the same evaluation.
function forgottenBeside(standing, companion, name) {
  const { forgetting } = standing.retention(companion);
  return companion && isNumber(forgetting) && standing.isOfNow(companion) ? `${name} ${points(forgetting, standing.percent)}` : "";
}

function catchUp(lag, speed) {
  if (!isNumber(lag)) return "end of the stream unknown";
  if (lag === 0) return "at the end of the stream";
  return speed > 0 ? `${duration(lag / speed)} at this rate` : "records to be read";
}
