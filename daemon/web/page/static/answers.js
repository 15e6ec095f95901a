// What waits for labels and what came of them, where they come later; how often intervals held; what was odd.

import { byId, make } from "./elements.js";
import { count, duration, isNumber, NONE, score } from "./numbers.js";

export function showAnswers({ status, percent }) {
  const rows = [...labelRows(status.labels, percent), ...intervalRows(status.intervals), ...anomalyRows(status.anomalies)];
  byId("answers-card").hidden = rows.length === 0;
  byId("answers").tBodies[0].replaceChildren(...rows.map(([name, value]) =>
    make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, value))));
}

function labelRows(labels, percent) {
  if (!labels) return [];
  const { waiting_rows: waiting, early_labels: early, outcomes, by_delay: delays, estimate } = labels;
  const came = Object.entries(outcomes).filter(([name, number]) => name === "learned" || number > 0);
  const late = Object.entries(delays).filter(([, each]) => each.rows > 0);
  return [
    ["Events that wait for a label", count(waiting)],
    ...(early > 0 ? [["Labels that wait for an event", count(early)]] : []),
    ...came.map(([name, number]) => [`Labels: ${name}`, count(number)]),
    ...estimateRows(estimate, percent),
    ...late.map(([bound, each]) => [`Score, ${lateBy(bound)}`, score(each.score, percent)]),
  ];
}

const estimateRows = (estimate, percent) => !estimate ? [] : [
  ["Accuracy of the newest answers (an estimate)", score(estimate.accuracy, percent)],
  ...(isNumber(estimate.was) ? [["Accuracy of the newest labelled", score(estimate.was, percent)],
    ["That was estimated to be", score(estimate.estimated_then, percent)]] : []),
];

const lateBy = (bound) => (bound === "+Inf" ? "labels later than that" : `labels up to ${duration(Number(bound))} late`);

const intervalRows = (intervals) => Object.entries(intervals ?? {}).map(([task, { coverage, width }]) =>
  [`Interval, ${task}`, `${(100 * coverage).toFixed(1)} %, ${isNumber(width) ? wide(width) : NONE}`]);

const anomalyRows = (anomalies) => !anomalies ? [] : [
  ["Anomalies", count(anomalies.anomalies)],
  ["Odd events", `${count(anomalies.odd)} of ${count(anomalies.scored)}`],
];

const wide = (width) => `${Number(width.toPrecision(3)).toLocaleString("en")} wide`;
