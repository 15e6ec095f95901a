// Makes elements. Children that are strings become text nodes: nothing from the stream is ever read as HTML.

import { seen } from "./seen.js";

const SVG = "http://www.w3.org/2000/svg";
// Attributes that people read, or hear.
const READ = /^(title|aria-|alt|placeholder)/;

export function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function draw(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, READ.test(name) ? seen(value) : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined)
    .map((child) => (typeof child === "string" ? seen(child) : child)));
  return element;
}

export const byId = (id) => document.getElementById(id);

// Sets a text only where it changes, so that screen readers and selections are left in peace.
export function say(element, text) {
  const shown = seen(text);
  if (element.textContent !== shown) element.textContent = shown;
}
