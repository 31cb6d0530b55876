// The stage: the picture, and over it boxes and labels, which belong to the same frame.

import { element, make, write } from "./dom.js";
import { facts, fill, words } from "./texts.js";
import { clock, duration, fromIso } from "./format.js";
import { nameOf } from "./labels.js";

const KEEP_MESSAGES = 40; // four seconds: a picture finds the boxes of its own frame
const RETRY_MS = 1000;

const stage = element("stage");
const canvas = element("picture");
const boxes = element("boxes");
const hasPicture = facts.picture === "full" || facts.picture === "pixelated";
const messages = new Map();

let wanted = false;
let running = false;
let best = 0;
let smallest = Infinity;
let source = "";

/** Whether pictures are to be asked for: while the view is open and the camera gives some. */
export function want(yes) {
  wanted = yes;
  if (wanted && hasPicture && !running) run();
}

export function show(message) {
  const live = message.live;
  showState(message);
  if (!live || live.paused || live.camera.state !== "watching") {
    clear();
    return;
  }
  if (!live.frame_px[0]) return; // watching, and no frame yet
  messages.set(live.sequence, live);
  if (messages.size > KEEP_MESSAGES) messages.delete(messages.keys().next().value);
  if (!hasPicture) {
    fit(...live.frame_px);
    drawBoxes(live);
  }
  showFacts(live);
}

async function run() {
  running = true;
  while (wanted && !document.hidden) {
    try {
      await next();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
  running = false;
}

document.addEventListener("visibilitychange", () => want(wanted));

/** One picture; the next is asked for when this one is drawn, so that none waits in a queue. */
async function next() {
  const answer = await fetch("/api/frame.jpg?boxes=0", { cache: "no-store" });
  if (!answer.ok) throw new Error(answer.statusText);
  const received = performance.now();
  const bitmap = await createImageBitmap(await answer.blob());
  if (!wanted) return;
  fit(bitmap.width, bitmap.height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  const live = messages.get(Number(answer.headers.get("X-Sequence"))) || newest();
  if (live) drawBoxes(live);
  showDelay(Number(answer.headers.get("X-Age-Ms")) + performance.now() - received);
  if (answer.headers.has("X-Focus")) showFocus(Number(answer.headers.get("X-Focus")));
}

function newest() {
  return [...messages.values()].pop();
}

function fit(width, height) {
  if (canvas.width === width && canvas.height === height) return;
  canvas.width = width;
  canvas.height = height;
}

/** Nothing of before stays: neither a picture nor its figures. */
function clear() {
  boxes.replaceChildren();
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  for (const name of ["faces", "smallest", "focus", "delay"]) write(element(`fact-${name}`), "–");
  messages.clear();
}

function drawBoxes(live) {
  const [width, height] = live.frame_px;
  const drawn = [];
  const [x, y, w, h] = live.region;
  if (w < 0.999 || h < 0.999) drawn.push(place(make("div", { class: "region", title: words.now.region }), x, y, w, h));
  for (const face of facts.picture === "none" ? [] : live.faces) {
    const [left, top, faceWidth, faceHeight] = face.box_xywh;
    const box = make("div", { class: face.certain ? "box" : "box uncertain", "data-emotion": face.emotion });
    drawn.push(place(box, left / width, top / height, faceWidth / width, faceHeight / height));
    drawn.push(tag(face));
  }
  boxes.replaceChildren(...drawn);
  for (const node of boxes.querySelectorAll(".tag")) settle(node, width, height);
}

function place(node, x, y, width, height) {
  node.style.left = `${100 * x}%`;
  node.style.top = `${100 * y}%`;
  node.style.width = `${100 * width}%`;
  node.style.height = `${100 * height}%`;
  return node;
}

function tag(face) {
  const sure = face.certain ? "" : "?";
  const text = `${nameOf(face.emotion)}${sure} ${Math.round(100 * face.score)} %`;
  const node = make("div", { class: "tag", "data-emotion": face.emotion, text });
  node.box = face.box_xywh;
  return node;
}

/** Put a label above its box, below where there is no room, and never beyond the picture's edges. */
function settle(node, width, height) {
  const [left, top, , boxHeight] = node.box;
  const scale = boxes.clientWidth / width;
  const above = top * scale - node.offsetHeight - 3;
  const below = (top + boxHeight) * scale + 3;
  const y = above >= 0 ? above : Math.min(below, height * scale - node.offsetHeight);
  const x = Math.max(0, Math.min(left * scale, boxes.clientWidth - node.offsetWidth));
  node.style.transform = `translate(${x}px, ${y}px)`;
}

function showState(message) {
  const [kind, title, more] = stateOf(message);
  if (kind) stage.dataset.message = kind;
  else delete stage.dataset.message;
  const [strong, span] = element("stage-message").children;
  write(strong, title || "");
  write(span, more || "");
  const count = counted(message.live);
  const alt = { full: words.now.alt_picture, pixelated: words.now.alt_picture, boxes: words.now.alt_boxes };
  const label = title || fill(alt[facts.picture] || words.now.alt_none, { count });
  if (canvas.getAttribute("aria-label") !== label) canvas.setAttribute("aria-label", label);
}

/** What covers the stage: kind, title and more; nothing where there is a picture to see. */
function stateOf(message) {
  const live = message.live;
  const w = words.now;
  if (message.trouble) return ["lost", w.stage_lost, w.stage_lost_more];
  if (!message.connected) return ["gone", w.stage_gone, message.problem || fill(w.stage_gone_more, { time: clock(fromIso(message.since_utc)) })];
  if (!live) return ["starting", words.state.connecting, ""];
  if (live.paused) return ["paused", w.stage_paused, w.stage_paused_more];
  const state = live.camera.state;
  if (state === "starting") return ["starting", w.stage_starting, w.stage_starting_more];
  if (state === "waiting") return ["waiting", w.stage_waiting, live.camera.text];
  if (state === "ended") return ["ended", w.stage_ended, w.stage_ended_more];
  if (facts.picture === "none") return ["none", w.stage_none, ""];
  if (!live.faces.length) return ["empty", w.stage_empty, ""];
  return [];
}

export function counted(live) {
  const count = live ? live.faces.length : 0;
  if (!count) return words.faces.none;
  return count === 1 ? words.faces.one : fill(words.faces.many, { count });
}

function showFacts(live) {
  if (live.camera.name !== source) [source, best, smallest] = [live.camera.name, 0, Infinity]; // another camera, another lens
  write(element("fact-faces"), String(live.faces.length));
  for (const face of live.faces) smallest = Math.min(smallest, face.box_xywh[2], face.box_xywh[3]);
  const found = Number.isFinite(smallest);
  const text = fill(found ? words.now.smallest_found : words.now.smallest_none, { found: Math.round(smallest), least: live.min_face_px });
  write(element("fact-smallest"), text);
}

function showDelay(milliseconds) {
  write(element("fact-delay"), milliseconds < 10000 ? `${Math.round(milliseconds / 10) * 10} ms` : duration(milliseconds / 1000));
}

function showFocus(value) {
  best = Math.max(best, value);
  write(element("fact-focus"), fill(words.now.focus_value, { value: Math.round(value), best: Math.round(best) }));
}

function showLevel() {
  const why = facts.picture_setting !== "auto" ? words.now.why_set : facts.picture === "full" ? words.now.why_local : words.now.why_elsewhere;
  element("fact-level").replaceChildren(words.now[`level_${facts.picture}`], " ", make("small", { text: `(${why})` }));
  for (const id of ["fact-focus", "fact-delay"]) element(id).parentNode.hidden = !hasPicture;
}

showLevel();
new ResizeObserver(() => {
  const live = newest();
  if (live && boxes.childElementCount) drawBoxes(live);
}).observe(stage);
