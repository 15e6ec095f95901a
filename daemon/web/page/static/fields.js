// The fields that the model sees, and those that it does not, with the reason.

import { byId, make, say } from "./elements.js";
import { count } from "./numbers.js";

export function showFields({ status }) {
  const left = Object.entries(status.left_out ?? {});
  byId("fields").hidden = left.length === 0;
  say(byId("fields-title"), `${counted(left.length, "field")} left out, ${counted((status.features ?? []).length, "feature")} taken`);
  byId("fields-left").replaceChildren(...left.map(([name, why]) => [make("dt", {}, name), make("dd", {}, why)]).flat());
}

const counted = (number, what) => `${count(number)} ${what}${number === 1 ? "" : "s"}`;
