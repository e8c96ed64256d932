// Elements made of plain data. Text is only ever put in as text nodes: nothing here can turn it into markup.

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") {
      for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    } else if (name === "class") {
      node.className = value;
    } else if (name === "data") {
      Object.assign(node.dataset, value);
    } else if (["value", "checked", "selected", "disabled", "hidden", "open"].includes(name)) {
      node[name] = value;
    } else {
      node.setAttribute(name, value === true ? "" : String(value));
    }
  }
  append(node, children);
  return node;
}

export function append(node, children) {
  for (const child of children.flat(9)) {
    if (child === undefined || child === null || child === false || child === "") continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

export function fill(node, ...children) {
  node.replaceChildren();
  append(node, children);
}

export const byId = (id) => document.getElementById(id);

/** Only links that lead to a page; anything else stays text. */
export function safeLink(url) {
  try {
    const parsed = new URL(url);
    return ["http:", "https:"].includes(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}

export function link(url, ...children) {
  const href = safeLink(url);
  if (href === null) return el("span", {}, ...children);
  return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** Simulator time: minutes, seconds and tenths since its start. */
export function clockText(ms) {
  const tenths = Math.floor(Math.max(0, ms) / 100);
  const seconds = Math.floor(tenths / 10) % 60;
  return `${Math.floor(tenths / 600)}:${String(seconds).padStart(2, "0")}.${tenths % 10}`;
}

/** A short word to the person, gone after a while. */
export function toast(words, kind = "note") {
  const note = el("div", { class: `toast ${kind}` }, words);
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), 6000);
}

/** Runs an act of the person; what goes wrong is told. */
export async function attempt(act) {
  try {
    return await act();
  } catch (error) {
    toast(error.message, "bad");
    return undefined;
  }
}
