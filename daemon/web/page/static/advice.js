// What the operator is to hear: the answers are below a reference, and what to do.

import { byId, make } from "./elements.js";
import { count, points } from "./numbers.js";

const NAMES = { no_change: "no-change", naive: "the naive companion" };
let shown = "";

export function showAdvice({ status, percent }) {
  const given = status.advice ?? [];
  // The figures of every window would be read aloud again and again: only what is new is.
  const told = given.map((each) => `${each.reference} ${each.since_events}`).join();
  if (told === shown) return;
  shown = told;
  byId("advice").hidden = given.length === 0;
  byId("advice").replaceChildren(...given.map((each) => paragraph(each, percent)));
}

function paragraph({ reference, since_events: since, lead, why, remedy }, percent) {
  const behind = `${points(-lead.lead, percent)} behind ${NAMES[reference] ?? reference} at ${count(since)} events.`;
  return make("p", {}, make("b", {}, `The answers are ${behind}`), ` ${why} ${remedy}`);
}
