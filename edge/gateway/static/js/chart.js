// Stacked shares over time, by uPlot, which draws no stacks: each emotion is drawn from the ground up to the sum of
// those below it, the highest sum first.

import { make, write } from "./dom.js";
import { clock, day, duration, percent } from "./format.js";
import { facts, fill, words } from "./texts.js";
import { colourOf, labelsOf, nameOf } from "./labels.js";

const DAY = 86400;
const dark = window.matchMedia("(prefers-color-scheme: dark)");

/** Draw `history` into `place`; `onZoom(since, until)` is called where somebody drags over the chart. */
export function timeline(place, { height, minutes = false, onZoom = null }) {
  const frame = make("div", { class: "chart", tabIndex: 0, role: "group", "aria-label": words.history.chart });
  const charts = make("div", {});
  const reading = make("p", { class: "reading", "aria-live": "polite" });
  const legend = make("ul", { class: "legend" });
  frame.append(charts);
  place.replaceChildren(frame, make("div", { class: "under" }, legend, reading));
  let plots = [];
  let shown = null;
  let at = null; // the bar that is read

  function draw(history) {
    const time = at === null ? null : shown.times[at];
    shown = history;
    for (const plot of plots) plot.destroy();
    const data = stack(history);
    const sync = { key: place.id };
    const width = Math.max(charts.clientWidth, 200);
    const options = { width, height: height * rem() / 16, sync, history, onZoom, read: (bar) => read(history, bar) };
    plots = [new uPlot(sharesOptions(options), data.shares, charts)];
    if (minutes) plots.push(new uPlot(minutesOptions({ ...options, height: 6.2 * rem() }), data.minutes, charts));
    list(history);
    read(history, time === null ? null : barAt(history, time));
  }

  function read(history, bar) {
    at = bar;
    write(reading, bar === null ? "" : sentence(history, bar));
  }

  function list(history) {
    const labels = labelsOf(history);
    const all = labels.reduce((sum, emotion) => sum + history.totals[emotion].seconds, 0);
    const items = labels.filter((emotion) => history.totals[emotion].seconds > 0).map((emotion) =>
      make("li", { "data-emotion": emotion }, nameOf(emotion), make("b", { text: percent(history.totals[emotion].seconds / all) })),
    );
    if (history.gaps.some((gap) => gap.kind === "not_running")) items.push(make("li", { class: "hatched", text: words.history.hatched }));
    legend.replaceChildren(...items);
  }

  frame.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !plots.length) return;
    event.preventDefault();
    const last = shown.times.length - 1;
    const next = Math.max(0, Math.min(last, at === null ? (step > 0 ? 0 : last) : at + step));
    const middle = Math.min(Math.max(shown.times[next] + shown.bucket_seconds / 2, shown.since), shown.until);
    plots[0].setCursor({ left: plots[0].valToPos(middle, "x"), top: 10 });
    read(shown, next);
  });
  new ResizeObserver(() => {
    for (const plot of plots) if (charts.clientWidth > 0 && plot.width !== charts.clientWidth) plot.setSize({ width: charts.clientWidth, height: plot.height });
  }).observe(charts);
  dark.addEventListener("change", () => shown && draw(shown));
  return draw;
}

/** The bar that holds the time `seconds`; null outside. */
function barAt(history, seconds) {
  const { times, bucket_seconds: length } = history;
  let bar = times.findLastIndex((time) => time <= seconds);
  if (bar < 0 || seconds >= times[bar] + length * 1.1) bar = -1;
  return bar < 0 ? null : bar;
}

export function sentence(history, bar) {
  const time = barTime(history, bar);
  const labels = labelsOf(history);
  const all = labels.reduce((sum, emotion) => sum + history.seconds[emotion][bar], 0);
  if (!all) return fill(words.history.reading_empty, { time });
  const shares = labels.filter((emotion) => history.seconds[emotion][bar] > 0)
    .map((emotion) => `${nameOf(emotion)} ${percent(history.seconds[emotion][bar] / all)}`)
    .join(", ");
  return fill(words.history.reading, { time, shares, duration: duration(all) });
}

export function barTime(history, bar) {
  const start = history.times[bar];
  if (history.bucket_seconds >= DAY) {
    return history.bucket_seconds === DAY ? day(start) : `${day(start)} – ${day(start + history.bucket_seconds - 1)}`;
  }
  const date = history.until - history.since > DAY ? `${day(start)}, ` : "";
  return `${date}${clock(start)} – ${clock(start + history.bucket_seconds)}`;
}

function stack(history) {
  const labels = labelsOf(history);
  const sums = history.times.map((_, bar) => labels.reduce((sum, emotion) => sum + history.seconds[emotion][bar], 0));
  const below = sums.map(() => 0);
  const layers = [...labels].reverse().map((emotion) => // unpleasant ones below
    sums.map((sum, bar) => {
      below[bar] += history.seconds[emotion][bar];
      return below[bar] ? below[bar] / sum : null; // a bar without height would be a line
    }),
  );
  return {
    shares: [history.times, ...layers.reverse()],
    minutes: [history.times, sums.map((sum) => (sum ? sum / 60 : null))],
  };
}

function sharesOptions(options) {
  const layers = labelsOf(options.history).map((emotion) => ({
    fill: colourOf(emotion),
    width: 0,
    points: { show: false },
    paths: bars(),
  }));
  const shares = { scale: "y", range: [0, 1], values: (_, values) => values.map((value) => `${Math.round(100 * value)} %`) };
  return { ...common(options, shares), series: [{}, ...layers] };
}

function minutesOptions(options) {
  const layer = { fill: colour("--edge"), width: 0, points: { show: false }, paths: bars() };
  const minutes = { scale: "y", range: (_, __, most) => [0, Math.max(most, 0.1) * 1.05], values: (_, values) => values.map((value) => `${value} min`) };
  return { ...common(options, minutes), series: [{}, layer] };
}

function bars() {
  return uPlot.paths.bars({ size: [1, Infinity], align: 1, gap: window.devicePixelRatio > 1 ? 1 : 0.5 });
}

function common(options, vertical) {
  const { width, height, sync, history, onZoom, read } = options;
  const font = `${Math.round(0.78 * rem())}px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { font, stroke: colour("--faint"), ticks: { show: false } };
  const small = width < 420;
  return {
    width,
    height,
    padding: [8, 1.3 * rem(), 0, 0],
    legend: { show: false },
    cursor: { sync, y: false, points: { show: false }, drag: { x: Boolean(onZoom), y: false, setScale: false } },
    scales: { x: { time: true, range: [history.since, history.until] }, y: { range: vertical.range } },
    axes: [
      { ...axis, size: 1.7 * rem(), gap: 4, grid: { show: false }, space: small ? 64 : 90, incrs: INCREMENTS, values: (_, times, __, ___, step) => times.map((time) => tick(time, step)), splits: splits(history) },
      { ...axis, grid: { stroke: colour("--rule"), width: 1 }, size: 3.5 * rem(), gap: 6, space: 26, values: vertical.values },
    ],
    hooks: {
      drawClear: [(plot) => hatch(plot, history)],
      setCursor: [(plot) => read(plot.cursor.left >= 0 ? barAt(history, plot.posToVal(plot.cursor.left, "x")) : null)],
      setSelect: [
        (plot) => {
          if (!onZoom || plot.select.width < 5) return;
          const since = plot.posToVal(plot.select.left, "x");
          const until = plot.posToVal(plot.select.left + plot.select.width, "x");
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          onZoom(since, until);
        },
      ],
    },
  };
}

const INCREMENTS = [60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 91 * DAY, 182 * DAY];

/** Places of the numbers below: as the clock in the device's zone counts, so that days begin at midnight. */
function splits(history) {
  return (plot, _, from, to, step) => {
    const offset = zoneOffset(from);
    const found = [];
    for (let time = Math.ceil((from + offset) / step) * step - offset; time <= to; time += step) found.push(time);
    return found.map((time) => time - (zoneOffset(time) - offset));
  };
}

/** Seconds that the device's zone is ahead of UTC at that time. */
function zoneOffset(seconds) {
  const local = uPlot.tzDate(new Date(seconds * 1000), facts.zone);
  return Math.round((local.getTime() - local.getTimezoneOffset() * 60000 - seconds * 1000) / 60000) * 60;
}

function tick(time, step) {
  if (step >= DAY || clock(time) === "00:00") return day(time);
  return clock(time);
}

/** When the daemon did not run, behind the bars. */
function hatch(plot, history) {
  const context = plot.ctx;
  const { left, top, width, height } = plot.bbox;
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.strokeStyle = colour("--rule");
  context.lineWidth = window.devicePixelRatio;
  for (const gap of history.gaps) {
    if (gap.kind !== "not_running") continue;
    const from = plot.valToPos(gap.start, "x", true);
    const to = plot.valToPos(gap.end, "x", true);
    stripes(context, from, to, top, height);
  }
  context.restore();
}

function stripes(context, from, to, top, height) {
  const step = 7 * window.devicePixelRatio;
  context.save();
  context.beginPath();
  context.rect(from, top, to - from, height);
  context.clip();
  context.beginPath();
  for (let x = Math.floor((from - height) / step) * step; x < to; x += step) {
    context.moveTo(x, top + height);
    context.lineTo(x + height, top);
  }
  context.stroke();
  context.restore();
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function rem() {
  return parseFloat(getComputedStyle(document.documentElement).fontSize);
}
