// The frame of a line chart in pixels of its container: scales, grid and ticks.

import { draw } from "./elements.js";

const MARGIN = { left: 44, right: 10, top: 8 };
const FOOT = 24;

export class Plot {
  // `foot` is the room below the floor.
  constructor(container, { height, x, y, foot = FOOT }) {
    this.width = Math.max(container.clientWidth, 160);
    this.height = height;
    this.x = scale(x, [MARGIN.left, this.width - MARGIN.right]);
    this.y = scale(y, [height - foot, MARGIN.top]);
    this.floor = height - foot;
    this.svg = draw("svg", { viewBox: `0 0 ${this.width} ${height}`, width: this.width, height, "aria-hidden": "true" });
  }

  add(...elements) {
    this.svg.append(...elements);
  }

  grid(values, label) {
    for (const value of values) {
      const y = this.y(value);
      this.add(draw("line", { class: "grid", x1: MARGIN.left, x2: this.width - MARGIN.right, y1: y, y2: y }),
        draw("text", { class: "tick", x: MARGIN.left - 6, y: y + 4, "text-anchor": "end" }, label(value)));
    }
  }

  // Labels below; those at the edges stay within the picture.
  axis(values, label) {
    for (const value of values) {
      const x = this.x(value);
      const anchor = x > this.width - 30 ? "end" : x < MARGIN.left + 10 ? "start" : "middle";
      this.add(draw("text", { class: "tick", x, y: this.height - 6, "text-anchor": anchor }, label(value)));
    }
  }

  vertical(value, kind) {
    const x = this.x(value);
    this.add(draw("line", { class: kind, x1: x, x2: x, y1: MARGIN.top, y2: this.floor }));
  }
}

function scale([from, to], [start, stop]) {
  const span = to - from || 1;
  const scaled = (value) => start + ((value - from) / span) * (stop - start);
  scaled.back = (pixel) => from + ((pixel - start) / (stop - start)) * span;
  return scaled;
}

// The path through [x, y] pairs; it breaks where y is not a number.
export function path(pairs) {
  let pen = "M";
  const parts = [];
  for (const [x, y] of pairs) {
    if (Number.isFinite(y)) parts.push(`${pen}${x.toFixed(1)} ${y.toFixed(1)}`);
    pen = Number.isFinite(y) ? "L" : "M";
  }
  return parts.join("");
}
