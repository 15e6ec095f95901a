// What the buffers hold of each task, and what the strategies tell of themselves.

import { byId, make } from "./elements.js";
import { count, isNumber } from "./numbers.js";
import { swatch } from "./task_colours.js";

export function showMemory(standing) {
  const { buffers = {}, strategies = {} } = standing.status;
  const names = Object.keys(strategies);
  const parts = names.flatMap((name) => strategy(standing, name, strategies[name], buffers[name]));
  const none = names.length || !standing.events ? "Nothing yet." : "No strategy: nothing holds the past in place.";
  byId("memory").replaceChildren(...(parts.length ? parts : [make("p", { class: "empty" }, none)]));
}

function strategy(standing, name, gauges, rows) {
  const parts = [make("h3", {}, name)];
  if (rows) parts.push(...composition(standing, gauges, new Map(Object.entries(rows))));
  const told = Object.entries(gauges).filter(([gauge, value]) => !gauge.startsWith("buffer_") && isNumber(value));
  if (told.length) {
    parts.push(make("dl", { class: "gauges" }, told.map(([gauge, value]) =>
      make("div", {}, make("dt", {}, gauge.replaceAll("_", " ")), make("dd", {}, figure(gauge, value))))));
  }
  return parts;
}

function composition(standing, gauges, rows) {
  const total = [...rows.values()].filter(isNumber).reduce((sum, each) => sum + each, 0);
  const shares = standing.tasks.map((task, index) => ({ task, index, held: rows.get(task) }))
    .filter(({ held }) => isNumber(held) && held > 0);
  const words = shares.map(({ task, held }) => `${task} ${share(held, total)}`).join(", ");
  const bar = make("div", { class: "stack", role: "img", "aria-label": `Rows by task: ${words || "none"}` },
    shares.map(({ index, held }) => segment(index, held / total)));
  const legend = make("ul", { class: "legend" }, shares.map(({ task, index, held }) =>
    make("li", {}, swatch(index), make("span", {}, task), make("b", {}, count(held)),
      make("span", { class: "muted" }, share(held, total)))));
  const bytes = isNumber(gauges.buffer_bytes) ? `, ${(gauges.buffer_bytes / 1e6).toFixed(1)} MB` : "";
  const sum = `${count(gauges.buffer_rows)} of ${count(gauges.buffer_capacity_rows)} rows${bytes}; a sample of `
    + `${count(gauges.buffer_seen_rows)} learned.`;
  return [bar, legend, make("p", { class: "hint muted" }, sum)];
}

function segment(index, width) {
  const part = make("span", { class: `fill task${index % 8}` });
  part.style.width = `${100 * width}%`;
  return part;
}

const share = (held, total) => `${(100 * held / total).toFixed(0)} %`;

function figure(gauge, value) {
  if (gauge.endsWith("_active")) return value ? "yes" : "no";
  return Number.isInteger(value) ? count(value) : value.toPrecision(3);
}
