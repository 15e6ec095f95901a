// Numbers as people read them. What is undefined is a dash, never a zero.

export const NONE = "–";

export const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

export function count(value) {
  return isNumber(value) ? Math.round(value).toLocaleString("en") : NONE;
}

export function rate(value) {
  if (!isNumber(value)) return NONE;
  return value < 10 ? value.toFixed(1) : count(value);
}

// A score: accuracy in percent, or R² with two decimals where there are no classes.
export function score(value, percent) {
  if (!isNumber(value)) return NONE;
  return percent ? `${(100 * value).toFixed(1)} %` : signed(value, 2);
}

// The same where there is little room.
export function shortScore(value, percent) {
  if (!isNumber(value)) return "";
  return percent ? (100 * value).toFixed(0) : signed(value, 2);
}

// A difference of scores.
export function points(value, percent) {
  if (!isNumber(value)) return NONE;
  return percent ? `${signed(100 * value, 1)} points` : signed(value, 2);
}

function signed(value, decimals) {
  return value.toFixed(decimals).replace(/^-(?=.*[1-9])/, "−").replace(/^-/, "");
}

export function duration(seconds) {
  if (!isNumber(seconds)) return NONE;
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 120) return `${whole} s`;
  if (whole < 7200) return `${Math.floor(whole / 60)} min`;
  if (whole < 172800) return `${Math.floor(whole / 3600)} h`;
  return `${Math.floor(whole / 86400)} days`;
}

export function clockTime(seconds) {
  return new Date(1000 * seconds).toLocaleTimeString("en-GB");
}

export function moment(seconds) {
  return new Date(1000 * seconds).toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC");
}

// About so many round steps between 0 and the greatest value.
export function ticks(greatest, wanted) {
  if (!(greatest > 0)) return [0];
  const rough = greatest / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each >= rough);
  return Array.from({ length: Math.floor(greatest / step + 1e-9) + 1 }, (_, index) => index * step);
}

export function compact(value) {
  return new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(value);
}
