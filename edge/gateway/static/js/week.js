// Hours of the week as a table whose cells are darker the more there was; each cell says its value.

import { make } from "./dom.js";
import { duration, percent, weekdays } from "./format.js";
import { fill, words } from "./texts.js";

const HOURS = [...Array(24).keys()];

/** Face time, or with an `emotion` its share of it. */
export function drawWeek(place, week, emotion) {
  const all = weekdays().map((_, day) => HOURS.map((hour) => Object.values(week).reduce((sum, label) => sum + label[day][hour], 0)));
  const most = Math.max(...all.flat(), 1);
  const head = make("tr", {}, make("th", { scope: "col" }, make("span", { class: "hidden", text: words.history.day })), ...HOURS.map(column));
  const rows = weekdays().map((name, day) => {
    const cells = HOURS.map((hour) => {
      const seconds = all[day][hour];
      const share = emotion ? (seconds ? week[emotion][day][hour] / seconds : 0) : seconds / most;
      const value = emotion ? (seconds ? percent(share) : "–") : duration(seconds);
      return cell(fill(words.history.week_cell, { day: name, hour: `${String(hour).padStart(2, "0")}:00`, value }), share, value);
    });
    return make("tr", {}, make("th", { scope: "row", text: name }), ...cells);
  });
  const table = make("table", { class: "week" }, make("thead", {}, head), make("tbody", {}, ...rows));
  if (emotion) {
    table.dataset.emotion = emotion;
    table.style.setProperty("--heat", "var(--colour)");
  }
  place.replaceChildren(table);
}

function column(hour) {
  const name = make("span", { class: hour % 6 ? "hidden" : "", text: `${hour}` });
  return make("th", { scope: "col" }, name);
}

function cell(title, share, value) {
  const node = make("td", { title }, make("span", { class: "hidden", text: value }));
  node.style.setProperty("--share", share.toFixed(3));
  return node;
}
