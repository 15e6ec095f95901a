"""How far text stands out from its ground."""

from __future__ import annotations

LEAST_CONTRAST = 4.5
"""Of text and its ground: WCAG 2.2, 1.4.3."""

CONTRASTS = """
const parts = (colour) => {
  const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d");
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const light = (colour) => parts(colour).slice(0, 3).map((each) => each / 255)
  .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
  .reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
const ground = (element) => {
  const colour = getComputedStyle(element).backgroundColor;
  return element.parentElement && parts(colour)[3] === 0 ? ground(element.parentElement) : colour;
};
return [...document.querySelectorAll(arguments[0])].map((element) => {
  const both = [light(getComputedStyle(element).color), light(ground(element))];
  return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
});
"""
