// The view of what was logged: a time to choose, and everything about it.

import { element, make, swatch, table, write } from "./dom.js";
import { day, duration, clockSeconds, longDay, percent, period } from "./format.js";
import { facts, fill, words } from "./texts.js";
import { forget, get } from "./ask.js";
import { barTime, sentence, timeline } from "./chart.js";
import { labelsOf, nameOf } from "./labels.js";
import { nothing } from "./today.js";
import { drawWeek } from "./week.js";

const LENGTHS = { hour: 3600, week: 7 * 86400, month: 30 * 86400, year: 365 * 86400 };
const SHORTEST = 600; // seconds: ten bars

let chosen = { range: "today" };
let draw = null;
let shown = null;
let turns = 0; // loads begun: the newest alone is shown

export function open() {
  load();
}

async function load() {
  for (const button of element("ranges").children) button.setAttribute("aria-pressed", String(button.dataset.range === chosen.range));
  const query = question();
  const turn = ++turns;
  try {
    const [history, episodes] = await Promise.all([get(`/api/history?${query}`), get(`/api/episodes?${query}`)]);
    if (turn === turns) show(history, episodes.episodes, query);
  } catch (error) {
    if (turn !== turns) return;
    draw = null;
    shown = null;
    write(element("period"), "");
    element("line-chart").replaceChildren(nothing(error));
    for (const id of ["line-table", "shares", "week", "episodes", "gaps"]) element(id).replaceChildren();
    for (const id of ["line-help", "shares-help", "episodes-help"]) write(element(id), "");
  }
}

function question() {
  if (chosen.range === "today") return "since=today";
  if (chosen.range === "all") return "";
  if (chosen.range) return `since=${LENGTHS[chosen.range]}s`;
  return new URLSearchParams({ since: iso(chosen.since), until: iso(chosen.until) }).toString();
}

function iso(seconds) {
  return new Date(seconds * 1000).toISOString().slice(0, 19) + "Z";
}

function show(history, episodes, query) {
  shown = history;
  write(element("period"), period(history.since, history.until));
  element("export-rows").href = `/api/export.csv?${query}`;
  element("export-episodes").href = `/api/export.csv?table=episodes&${query}`;
  element("later").disabled = history.until >= Date.now() / 1000 - 5;
  const seconds = labelsOf(history).reduce((sum, emotion) => sum + history.totals[emotion].seconds, 0);
  write(element("problems"), history.problems);
  element("problems").hidden = !history.problems;
  write(element("line-help"), seconds ? fill(words.history.over_time_help, { bucket: duration(history.bucket_seconds) }) : "");
  element("line-details").hidden = !seconds;
  if (seconds) {
    draw ||= timeline(element("line-chart"), { height: 260, minutes: true, onZoom: zoom });
    draw(history);
    lineTable(history);
  } else {
    draw = null;
    const title = make("strong", { text: words.history.empty });
    element("line-chart").replaceChildren(make("p", { class: "nothing" }, title, words.history.empty_more));
  }
  shares(history, seconds);
  weekChoice(labelsOf(history));
  week();
  episodesTable(episodes);
  gapsTable(history.gaps);
}

function lineTable(history) {
  const w = words.history;
  const rows = history.times
    .map((_, bar) => [barTime(history, bar), sentence(history, bar).split(": ").slice(1).join(": ")])
    .filter((_, bar) => labelsOf(history).some((emotion) => history.seconds[emotion][bar] > 0));
  element("line-table").replaceChildren(table([w.start, w.what], rows, 1));
}

function shares(history, seconds) {
  write(element("shares-help"), seconds ? fill(words.history.shares_help, { duration: duration(seconds) }) : words.history.empty);
  const sorted = labelsOf(history).sort((one, other) => history.totals[other].seconds - history.totals[one].seconds);
  const most = Math.max(history.totals[sorted[0]].seconds, 1);
  const rows = sorted.map((emotion) => {
    const total = history.totals[emotion];
    const pale = make("i", { class: "pale" });
    const full = make("i");
    pale.style.setProperty("--share", (total.seconds / most).toFixed(4));
    full.style.setProperty("--share", (total.certain_seconds / most).toFixed(4));
    const text = seconds ? `${percent(total.seconds / seconds)}, ${duration(total.seconds)}` : "–";
    const bar = make("div", { class: "of", "aria-hidden": "true" }, pale, full);
    return make("li", { "data-emotion": emotion }, make("span", { text: nameOf(emotion) }), bar, make("b", { text }));
  });
  element("shares").replaceChildren(...rows);
}

/** The labels to choose from are the log's; what was chosen stays so, where it is among them. */
function weekChoice(labels) {
  const choice = element("week-choice");
  const before = choice.value;
  const options = labels.map((emotion) => make("option", { value: emotion, text: nameOf(emotion) }));
  choice.replaceChildren(choice.firstElementChild, ...options);
  choice.value = labels.includes(before) ? before : "";
}

function week() {
  if (shown) drawWeek(element("week"), shown.week, element("week-choice").value);
}

function episodesTable(episodes) {
  const w = words.history;
  write(element("episodes-help"), fill(w.episodes_help, { count: episodes.length }));
  const rows = episodes.map((episode) => [
    `${day(episode.start)}, ${clockSeconds(episode.start)}`,
    duration(episode.seconds),
    swatch(episode.emotion, nameOf(episode.emotion)),
    percent(episode.mean_score),
    percent(episode.certain_share),
    `#${episode.face}`,
  ]);
  element("episodes").replaceChildren(table([w.start, w.length, w.emotion, w.score, w.certain, w.face], rows));
}

function gapsTable(gaps) {
  const w = words.history;
  const rows = [...gaps].reverse().map((gap) => [
    `${longDay(gap.start)}, ${clockSeconds(gap.start)}`,
    gap.end > gap.start ? duration(gap.end - gap.start) : "",
    gap.kind === "not_running" ? w.not_running : gap.details,
  ]);
  const none = make("p", { class: "help", text: w.gaps_none });
  element("gaps").replaceChildren(rows.length ? table([w.start, w.length, w.what], rows, 2) : none);
}

function zoom(since, until) {
  const middle = (since + until) / 2;
  const half = Math.max(until - since, SHORTEST) / 2;
  const end = Math.min(middle + half, Date.now() / 1000);
  chosen = { since: Math.min(middle - half, end - SHORTEST), until: end };
  load();
}

function move(by) {
  if (!shown) return;
  const length = shown.until - shown.since;
  const until = Math.min(shown.until + by * length, Date.now() / 1000);
  chosen = { since: until - length, until };
  load();
}

element("ranges").addEventListener("click", (event) => {
  if (!event.target.dataset.range) return;
  chosen = { range: event.target.dataset.range };
  load();
});
element("earlier").addEventListener("click", () => move(-1));
element("later").addEventListener("click", () => move(1));
element("out").addEventListener("click", () => shown && zoom(shown.since - (shown.until - shown.since), shown.until + (shown.until - shown.since)));
element("week-choice").addEventListener("change", week);
element("forget").addEventListener("click", async () => (await forget()) && load());
write(element("keep"), facts.keep_days ? fill(words.history.keep, { days: facts.keep_days }) : words.history.keep_all);
