// How the model is held to its retention budget: what is done now, for which tasks, and what comes next.

import { byId, make } from "./elements.js";
import { count, points } from "./numbers.js";

const DONE = {
  calm: "Every task is inside its budget",
  boost: "More of a task is rehearsed",
  rollback: "Relearning from an earlier state",
  freeze: "Nothing is learned",
  trial: "Learning again, on trial",
};

export function showBudget({ status, percent }) {
  const { budget, stability } = status;
  const rows = [...dialRows(stability), ...(budget ? rowsOf(budget, percent) : [])];
  byId("budget").hidden = rows.length === 0;
  byId("budget-rows").replaceChildren(...rows.map(([name, value]) =>
    make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, value))));
}

// 0: learn what is new. 1: keep what is old.
const dialRows = (stability) => (typeof stability === "number" ? [["Stability, from 0 to 1", `${stability}`]] : []);

function rowsOf(budget, percent) {
  const { stage, causes, budgets, boosts, evaluations_frozen: frozen, events_left: left, entered, let_go: gone } = budget;
  const times = Object.entries(entered).filter(([name, number]) => name !== "calm" && number > 0);
  return [
    ["Now", DONE[stage] ?? stage],
    ...(causes.length ? [["Because of", causes.join(", ")]] : []),
    ...Object.entries(boosts).map(([task, level]) => [`Rehearsed more: ${task}`, `${level} times a step's rows`]),
    ...(frozen > 0 ? [["Learning is tried again after", `${count(frozen)} evaluations`]] : []),
    ...(left !== null ? [["Let go in", `${count(left)} events`]] : []),
    ...Object.entries(budgets).map(([task, most]) => [`May be lost: ${task}`, points(most, percent)]),
    ...times.map(([name, number]) => [`So far: ${name}`, count(number)]),
    ...(gone > 0 ? [["Tasks let go", count(gone)]] : []),
  ];
}
