// Each face in view, with a bar for each label. Nodes are used again: ten messages a second come.

import { element, make, write } from "./dom.js";
import { duration } from "./format.js";
import { nameOf, ordered } from "./labels.js";
import { fill, words } from "./texts.js";
import { counted } from "./picture.js";

const MOST = 6; // faces shown one by one
const SAY_MS = 5000; // between two sentences for who cannot see the bars

const list = element("faces");
const shown = new Map();
let saidMs = 0;

export function show(live) {
  if (!live || live.paused || !live.faces.length) {
    empty(live);
    return;
  }
  const faces = live.faces.slice(0, MOST);
  const nodes = faces.map((face) => update(cardOf(face), face));
  const more = live.faces.length - faces.length;
  if (more > 0) nodes.push(make("p", { class: "help", text: fill(words.faces.more, { count: more }) }));
  if (nodes.length !== list.childElementCount || nodes.some((node, place) => list.children[place] !== node)) list.replaceChildren(...nodes);
  const tracks = new Set(faces.map((face) => face.track));
  for (const track of shown.keys()) if (!tracks.has(track)) shown.delete(track);
  say(live);
}

function cardOf(face) {
  const labels = ordered(Object.keys(face.probabilities));
  const known = shown.get(face.track);
  return known && known.dataset.labels === labels.join(" ") ? known : card(face.track, labels);
}

function card(track, labels) {
  const rows = labels.map((emotion) => {
    const bar = make("div", { class: "of", "aria-hidden": "true" }, make("i"));
    return make("li", { "data-emotion": emotion }, make("span", { text: nameOf(emotion) }), bar, make("b"));
  });
  const title = make("h3", {}, make("span"), make("small"));
  const node = make("article", { class: "face", "aria-label": fill(words.faces.face, { track }) }, title, make("ul", { class: "bars" }, ...rows));
  node.dataset.labels = labels.join(" ");
  shown.set(track, node);
  return node;
}

function update(node, face) {
  const [title, list] = node.children;
  if (title.dataset.emotion !== face.emotion) title.dataset.emotion = face.emotion;
  write(title.children[0], nameOf(face.emotion));
  const values = { score: Math.round(100 * face.score), duration: duration(face.since_s) };
  write(title.children[1], fill(words.faces.line, values) + (face.certain ? "" : ` – ${words.faces.uncertain}`));
  title.title = face.certain ? "" : words.faces.uncertain_more;
  for (const row of list.children) {
    const emotion = row.dataset.emotion;
    const share = face.probabilities[emotion] || 0;
    row.classList.toggle("top", emotion === face.emotion);
    row.children[1].firstChild.style.setProperty("--share", share.toFixed(3));
    write(row.children[2], String(Math.round(100 * share)));
  }
  return node;
}

function empty(live) {
  shown.clear();
  const seen = live && !live.paused && live.camera.state === "watching";
  const title = make("strong", { text: seen ? words.faces.empty : words.faces.unknown });
  const more = seen ? fill(words.faces.empty_more, { least: live.min_face_px }) : "";
  if (list.textContent === title.textContent + more) return;
  list.replaceChildren(make("p", { class: "nobody" }, title, more));
}

function say(live) {
  const now = performance.now();
  if (now - saidMs < SAY_MS) return;
  saidMs = now;
  const emotions = live.faces.slice(0, MOST).map((face) => nameOf(face.emotion));
  write(element("faces-said"), fill(words.faces.said, { count: counted(live), emotions: emotions.join(", ") }));
}
