// A task's colour is that of its place among all tasks; beyond eight a dashed line tells them apart.

import { make } from "./elements.js";

const COLOURS = 8;

export const colourClass = (task) => `task${task % COLOURS}${task >= COLOURS ? " dashed" : ""}`;

export function swatch(task) {
  return make("i", { class: `swatch ${colourClass(task)}`, "aria-hidden": "true" });
}
