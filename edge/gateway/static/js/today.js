// The last hour and the figures of today, below the picture.

import { element, make } from "./dom.js";
import { duration, number, percent } from "./format.js";
import { fill, words } from "./texts.js";
import { get } from "./ask.js";
import { timeline } from "./chart.js";
import { labelsOf, nameOf } from "./labels.js";

const EACH_MS = 15000; // rows reach the log each 10 s

let draw = null;
let timer = 0;

export async function open() {
  clearTimeout(timer);
  timer = setTimeout(open, EACH_MS);
  if (document.hidden) return;
  try {
    const [hour, today, health] = await Promise.all([get("/api/history?since=1h"), get("/api/history?since=today"), get("/api/health")]);
    draw ||= timeline(element("hour-chart"), { height: 150 });
    draw(hour);
    tiles(today, health);
  } catch (error) {
    draw = null;
    element("hour-chart").replaceChildren(nothing(error));
    element("today").replaceChildren();
  }
}

export function close() {
  clearTimeout(timer);
}

/** What stands where a chart would, for want of a log. */
export function nothing(error) {
  const none = error.status === 404;
  const title = none ? words.history.no_log : words.history.failed;
  return make("p", { class: "nothing" }, make("strong", { text: title }), none ? words.history.no_log_more : error.message);
}

function tiles(today, health) {
  const w = words.today;
  const labels = labelsOf(today);
  const seconds = labels.reduce((sum, emotion) => sum + today.totals[emotion].seconds, 0);
  const certain = labels.reduce((sum, emotion) => sum + today.totals[emotion].certain_seconds, 0);
  const most = labels.reduce((best, emotion) => (today.totals[emotion].seconds > today.totals[best].seconds ? emotion : best));
  const shown = [
    [w.face_time, duration(seconds)],
    [w.faces, number(today.faces)],
    [w.most, seconds ? `${nameOf(most)} ${percent(today.totals[most].seconds / seconds)}` : w.nothing],
    [w.certain, seconds ? percent(certain / seconds) : "–"],
  ];
  if (health.temperature_celsius !== null) {
    shown.push([health.undervoltage ? w.undervoltage : w.temperature, `${Math.round(health.temperature_celsius)} °C`]);
  }
  shown.push([w.lost, number(today.rows_lost)]);
  const nodes = shown.map(([name, value]) => make("div", {}, make("dt", { text: name }), make("dd", { text: value })));
  element("today").replaceChildren(...nodes);
}
