// The list of events of note, newest first.

import { byId, make } from "./elements.js";
import { clockTime, moment } from "./numbers.js";

const KINDS = {
  ready: "State", boundary: "Boundary", drift: "Drift", anomaly: "Anomaly", checkpoint: "Checkpoint", failed: "Not saved",
  rejected: "Rejected", skipped: "Skipped", step: "Step", budget: "Budget",
};
const SHOWN = 30;
const DAY = 86400;

// The time of day; of what is longer ago, the date too.
const when = (at, now) => (now - at < DAY / 2 ? clockTime(at) : moment(at));

export function showNotes(standing) {
  const notes = standing.notes.slice(0, SHOWN).map((note) =>
    make("li", { class: `note ${note.kind}` },
      make("time", { datetime: new Date(1000 * note.at).toISOString(), title: moment(note.at) }, when(note.at, standing.now)),
      make("span", { class: "kind" }, KINDS[note.kind] ?? note.kind),
      make("span", { class: "text" }, note.count > 1 ? `${note.text} (${note.count.toLocaleString("en")} times)` : note.text)));
  byId("notes").replaceChildren(...(notes.length ? notes : [make("li", { class: "empty" }, "Nothing yet.")]));
}
