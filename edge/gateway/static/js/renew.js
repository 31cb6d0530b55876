// Loads the page again when the device runs another release or model than it was made for: pages stay open for months.

import { facts } from "./texts.js";

let leaving = false;

/** Whether the page is being left; not while a question is open, as an answer may be half typed. */
export function renew(message) {
  if (leaving || !isOutdated(message) || document.querySelector("dialog[open]")) return leaving;
  leaving = true; // once: each reload would break off the one before, and ten messages a second come
  location.reload();
  return leaving;
}

function isOutdated(message) {
  const labels = (message.daemon && message.daemon.labels) || facts.labels;
  return message.version !== facts.version || labels.join() !== facts.labels.join();
}
