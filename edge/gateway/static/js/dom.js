// Small steps with the document. Text is set as text, never as markup.

export function element(id) {
  return document.getElementById(id);
}

export function make(tag, values = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(values)) {
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name.startsWith("data-") || name.startsWith("aria-") || ["role", "scope", "colspan"].includes(name)) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children);
  return node;
}

/** Write `text` only where it is new, so that nothing is drawn or read aloud again. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A table with a head of `columns`, and `rows` of cells, each a text or a node. */
export function table(columns, rows, wide = -1) {
  const head = make("tr", {}, ...columns.map((text) => make("th", { scope: "col", text })));
  const body = rows.map((cells) =>
    make("tr", {}, ...cells.map((cell, place) => make("td", place === wide ? { class: "text" } : {}, cell))),
  );
  return make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
}

export function swatch(emotion, text) {
  const node = make("span", { class: "swatch", "data-emotion": emotion, "aria-hidden": "true" });
  return make("span", {}, node, text);
}
