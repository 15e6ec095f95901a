// What the operator is to hear: the answers are below a reference, and what to do.

import { byId, make } from "./elements.js";
import { count } from "./numbers.js";

const NAMES = { no_change: "no-change", naive: "the naive companion" };
let shown = "";

export function showAdvice({ status }) {
  const given = status.advice ?? [];
  // Read aloud where it is new. How far behind the answers are changes all the time, and stands below.
  const told = given.map((each) => `${each.reference} ${each.since_events}`).join();
  if (told === shown) return;
  shown = told;
  byId("advice").hidden = given.length === 0;
  byId("advice").replaceChildren(...given.map(paragraph));
}

function paragraph({ reference, since_events: since, why, remedy }) {
  const below = `The answers have been below ${NAMES[reference] ?? reference} since ${count(since)} events.`;
  return make("p", {}, make("b", {}, below), ` ${why} ${remedy}`);
}
