// The labels of the model and of the log: their order, their names, and colours for those that the style sheet has not.

import { facts, words } from "./texts.js";

const KNOWN = ["positive", "happy", "surprise", "neutral", "sad", "fear", "disgust", "angry", "negative"];

/** Pleasant ones first; those that nobody here knows behind, by name. */
export function ordered(labels) {
  const place = (label) => (KNOWN.includes(label) ? KNOWN.indexOf(label) : KNOWN.length);
  return [...labels].sort((one, other) => place(one) - place(other) || (one < other ? -1 : 1));
}

/** All that `history` tells of. */
export function labelsOf(history) {
  return ordered(Object.keys(history.totals));
}

export function nameOf(label) {
  return words.emotions[label] || label.replaceAll("_", " ");
}

/** As the style sheet has it, or as the device chose it. */
export function colourOf(label) {
  const style = getComputedStyle(document.documentElement);
  return style.getPropertyValue(`--label-${label}`).trim() || style.getPropertyValue(`--${label}`).trim();
}

const sheet = new CSSStyleSheet();
for (const [label, [ground, ink]] of Object.entries(facts.colours)) {
  sheet.insertRule(`:root { --label-${label}: ${ground}; }`);
  sheet.insertRule(`[data-emotion="${label}"] { --colour: var(--label-${label}); --on-colour: ${ink}; }`);
}
document.adoptedStyleSheets = [sheet];
