// Questions to the device, and a dialog that asks a person before something is done.

import { element, make, write } from "./dom.js";
import { words } from "./texts.js";

/** JSON from the API; throws an Error with what the device says. */
export async function get(path) {
  return read(await fetch(path, { cache: "no-store" }));
}

export async function post(path, body = {}) {
  const headers = { "Content-Type": "application/json", "X-Emotion-Edge": "1" };
  return read(await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

async function read(answer) {
  const found = await answer.json().catch(() => ({ error: answer.statusText }));
  if (!answer.ok) {
    const error = new Error(found.error || answer.statusText);
    error.status = answer.status;
    throw error;
  }
  return found;
}

/** Ask, with `choices` of {value: text} or none; gives the choice, or "yes"; null where the person would rather not. */
export function confirm({ title, more = "", yes, choices = {} }) {
  const dialog = element("ask");
  write(element("ask-title"), title);
  write(element("ask-more"), more);
  write(element("ask-yes"), yes);
  element("ask-choices").replaceChildren(
    ...Object.entries(choices).map(([value, text], place) =>
      make("label", {}, make("input", { type: "radio", name: "choice", value, checked: place === 0 }), text),
    ),
  );
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        const chosen = dialog.querySelector("input:checked");
        resolve(dialog.returnValue === "yes" ? (chosen ? chosen.value : "yes") : null);
      },
      { once: true },
    );
  });
}

/** Say something for a while, also to who cannot see it. */
export function say(text) {
  const place = element("said");
  place.hidden = false;
  write(place, text);
  clearTimeout(say.timer);
  say.timer = setTimeout(() => (place.hidden = true), 8000);
}

export async function forget() {
  const w = words.forget;
  const names = { hour: w.hour, day: w.day, before: w.before };
  const chosen = await confirm({ title: w.title, yes: w.go_on, choices: names });
  if (!chosen) return false;
  const what = names[chosen];
  const sure = await confirm({ title: w.sure.replace("{what}", what), more: w.sure_more, yes: w.delete });
  if (!sure) return false;
  const body = { hour: { since: "1h" }, day: { since: "24h" }, before: { until: "now" } }[chosen];
  try {
    const { copies } = await post("/api/forget", body);
    const left = copies.length ? ` ${w.copies.replace("{copies}", copies.join(", "))}` : "";
    say(w.done.replace("{what}", what) + left);
    return true;
  } catch (error) {
    say(w.failed.replace("{error}", error.message));
    return false;
  }
}
