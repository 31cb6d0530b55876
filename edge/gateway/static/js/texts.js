// The page's words and facts, which the server wrote into it.

const written = JSON.parse(document.getElementById("facts").textContent);

export const facts = written.facts;
export const words = written.words;

/** `text` with each {name} replaced by its value. */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}
