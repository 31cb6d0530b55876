// How the device is.

import { element, make } from "./dom.js";
import { bytes, clockSeconds, fromIso, number, when } from "./format.js";
import { facts, fill, words } from "./texts.js";
import { get } from "./ask.js";

const EACH_MS = 5000;
const MARKS = { ok: "✓", warning: "▲", problem: "✕" };

let timer = 0;

export async function open() {
  clearTimeout(timer);
  timer = setTimeout(open, EACH_MS);
  if (document.hidden) return;
  try {
    show(await get("/api/health"));
  } catch (error) {
    element("health").replaceChildren(make("p", { class: "card", text: fill(words.health.failed, { error: error.message }) }));
    element("findings").replaceChildren();
  }
}

export function close() {
  clearTimeout(timer);
}

function show(health) {
  const w = words.health;
  const cards = [
    card(w.camera, camera(health)),
    card(w.device, device(health)),
    card(w.storage, storage(health)),
    card(w.software, [
      [w.page_version, health.version],
      [w.service_version, health.daemon.version || w.none],
      [w.model, health.daemon.model || w.none],
      [w.detector, health.daemon.detector || w.none],
    ]),
  ];
  element("health").replaceChildren(...cards);
  element("findings").replaceChildren(...health.findings.map(finding));
}

function camera(health) {
  const w = words.health;
  const gone = fill(words.state.daemon_gone, { time: when(fromIso(health.daemon.since_utc)) });
  const state = health.camera ? (health.paused ? words.state.paused : health.camera.text) : w.none;
  return [
    [w.state, health.daemon.connected ? state : gone, !health.daemon.connected],
    [w.source, health.camera ? health.camera.name : w.none],
    [w.rate, health.frames_per_second === null ? w.none : number(health.frames_per_second, 1)],
    [w.dropped, health.dropped === null ? w.none : number(health.dropped)],
    [w.size, health.frame_px ? `${health.frame_px[0]} × ${health.frame_px[1]} px` : w.none],
  ];
}

function device(health) {
  const w = words.health;
  const celsius = health.temperature_celsius;
  const power = { true: w.power_low, false: w.power_good, null: w.unknown }[String(health.undervoltage)];
  return [
    [w.temperature, celsius === null ? w.unknown : `${number(celsius, 1)} °C`],
    [w.power, power, health.undervoltage === true],
    [w.time, clockSeconds(fromIso(health.utc))],
    [w.zone, health.clock.zone],
    [w.synchronized, health.clock.synchronized ? w.yes : w.unknown],
  ];
}

function storage(health) {
  const w = words.health;
  const rows = [
    [w.disk, fill(w.free_of, { free: bytes(health.disk.free_bytes), total: bytes(health.disk.total_bytes) })],
    [w.log, health.log.bytes === null ? w.log_none : bytes(health.log.bytes)],
    [w.kept, facts.keep_days ? fill(w.kept_days, { days: facts.keep_days }) : fill(w.kept_all, { size: bytes(facts.max_megabytes * 1e6) })],
  ];
  for (const name of health.log.set_aside) rows.push([w.set_aside, name, true]);
  return rows;
}

function card(title, rows) {
  const lines = rows.map(([name, value, low]) => make("div", {}, make("dt", { text: name }), make("dd", { class: low ? "low" : "", text: value })));
  return make("section", { class: "card" }, make("h2", { text: title }), make("dl", { class: "facts" }, ...lines));
}

function finding(found) {
  const level = make("span", { class: "level", text: `${MARKS[found.level]} ${words.health[found.level]}` });
  const node = make("li", { "data-level": found.level }, level, make("span", { text: found.check }), make("p", { text: found.found }));
  if (found.remedy) node.append(make("p", { class: "remedy", text: `→ ${found.remedy}` }));
  return node;
}
