// Puts the page together: three views, one stream of live values, and the button that pauses.

import { element, write } from "./dom.js";
import { clock, duration, fromIso, number } from "./format.js";
import { facts, fill, words } from "./texts.js";
import { confirm, post, say } from "./ask.js";
import { listen } from "./live.js";
import { renew } from "./renew.js";
import * as faces from "./faces.js";
import * as health from "./health.js";
import * as history from "./history.js";
import * as picture from "./picture.js";
import * as today from "./today.js";

const VIEWS = { now: today, history, health };
const SILENT_SECONDS = 10; // a camera gives a frame each 5 s at the slowest

let message = { connected: true, live: null };
let lostAt = null;

function route() {
  if (location.hash === "#main") return; // the link that skips to the content
  const name = location.hash.slice(1) in VIEWS ? location.hash.slice(1) : "now";
  for (const [other, view] of Object.entries(VIEWS)) {
    element(`view-${other}`).hidden = other !== name;
    const link = document.querySelector(`nav a[href="#${other}"]`);
    if (other === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    if (other !== name && view.close) view.close();
  }
  document.title = `${facts.device} – ${words.page[name]}`;
  VIEWS[name].open();
  wantPictures();
}

function take(newer) {
  if (renew(newer)) return;
  message = newer;
  lostAt = null;
  show();
}

function lose(trouble) {
  lostAt ||= Date.now() / 1000;
  message = { ...message, live: null, trouble };
  show();
}

function show() {
  const [state, text] = describe();
  element("dot").dataset.state = state;
  write(element("state"), text);
  const button = element("pause");
  const paused = Boolean(message.live && message.live.paused);
  write(button, paused ? words.page.resume : words.page.pause);
  button.disabled = !message.live;
  picture.show(message);
  faces.show(message.live);
  wantPictures();
}

function wantPictures() {
  const live = message.live;
  picture.want(!element("view-now").hidden && Boolean(live) && !live.paused && live.camera.state === "watching");
}

/** The state as a name and as a sentence. */
function describe() {
  const w = words.state;
  const live = message.live;
  if (message.trouble === "signed_out") return ["gone", w.signed_out];
  if (message.trouble === "crowded") return ["gone", w.crowded];
  if (message.trouble) return ["gone", fill(w.page_lost, { time: clock(lostAt) })];
  if (!message.connected) return ["gone", fill(w.daemon_gone, { time: clock(fromIso(message.since_utc)) })];
  if (!live) return ["unknown", w.connecting];
  if (live.paused) return ["paused", w.paused];
  const state = live.camera.state;
  if (state !== "watching") return ["unknown", w[state] || live.camera.text];
  if (message.silent_seconds > SILENT_SECONDS) return ["gone", fill(w.silent, { duration: duration(message.silent_seconds) })];
  const rate = live.frames_per_second === null ? "–" : number(live.frames_per_second);
  return ["watching", fill(w.watching, { name: live.camera.name, rate })];
}

async function switchPause() {
  const paused = message.live && message.live.paused;
  const w = words.pause;
  if (!paused && !(await confirm({ title: w.title, more: w.more, yes: w.yes }))) return;
  try {
    await post(paused ? "/api/resume" : "/api/pause");
  } catch (error) {
    say(fill(w.failed, { error: error.message }));
  }
}

element("pause").addEventListener("click", switchPause);
for (const node of document.querySelectorAll(".zone")) write(node, fill(words.page.times_in, { zone: facts.zone }));
window.addEventListener("hashchange", route);
listen(take, lose);
route();
