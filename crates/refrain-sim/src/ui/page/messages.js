// The messages of a channel, with their embeds.

import { byId, clockText, el, fill, link, safeLink } from "./dom.js";
import { components } from "./components.js";
import { channel, nameOf, on, store } from "./store.js";
import { inline, rich } from "./text.js";

/** What is shown, by message: the node, and what it was made of. */
const shown = new Map();

export function messages() {
  on("messages", draw);
  on("person world", () => {
    shown.clear();
    draw();
  });
  on("channel", () => {
    shown.clear();
    title();
    byId("messages").scrollTop = byId("messages").scrollHeight;
  });
  on("world", title);
}

function title() {
  const here = channel();
  fill(byId("channel-name"), here && el("span", { class: "sign" }, here.type !== "text" ? "♪" : "#"), here?.name ?? "no channel");
}

function draw() {
  const list = byId("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  const focus = focused(list);
  const nodes = store.messages.filter((one) => one.deleted_ms === null).map(node);
  if (nodes.length === 0) nodes.push(el("li", { class: "empty" }, "Nothing was said here yet. Use a command below."));
  // Nodes that stay are not moved: their scrolling and focus stay with them.
  const keep = new Set(nodes);
  for (const old of [...list.children]) if (!keep.has(old)) old.remove();
  nodes.forEach((one, at) => {
    if (list.children[at] !== one) list.insertBefore(one, list.children[at] ?? null);
  });
  if (focus) list.querySelector(focus)?.focus();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

/** Finds the focused button again after its message was drawn anew. */
function focused(list) {
  const active = document.activeElement;
  if (!list.contains(active) || !active.dataset.customId) return null;
  const message = active.closest("[data-message]").dataset.message;
  return `[data-message="${CSS.escape(message)}"] [data-custom-id="${CSS.escape(active.dataset.customId)}"]`;
}

function node(message) {
  const made = JSON.stringify(message);
  const known = shown.get(message.id);
  if (known?.made === made) return known.node;
  const fresh = build(message);
  shown.set(message.id, { node: fresh, made });
  return fresh;
}

function build(message) {
  const name = message.author.name ?? message.author.id;
  const only = message.ephemeral_for;
  const asked = message.command && el("div", { class: "asked-by" }, el("strong", {}, nameOf(message.asked_by)), " used ", el("span", { class: "mention" }, `/${message.command}`));
  return el(
    "li",
    { class: only ? "message whisper" : "message", data: { message: message.id } },
    el("span", { class: "face", "aria-hidden": "true" }, name.slice(0, 1)),
    el(
      "div",
      { class: "body" },
      asked,
      el(
        "div",
        { class: "head" },
        el("span", { class: "author" }, name),
        message.author.bot && el("span", { class: "tag" }, "bot"),
        el("time", { title: "since the simulator's start" }, clockText(message.at_ms)),
      ),
      message.loading ? el("div", { class: "thinking" }, `${name} is thinking…`) : message.content && el("div", { class: "content" }, rich(message.content)),
      message.embeds.map(embed),
      components(message),
      only && el("div", { class: "subtext" }, `Only ${nameOf(only)} sees this.`),
    ),
  );
}

function embed(data) {
  const stripe = el("div", { class: "embed" });
  if (Number.isInteger(data.color)) {
    stripe.style.setProperty("--stripe", `#${(data.color & 0xffffff).toString(16).padStart(6, "0")}`);
  }
  const main = el(
    "div",
    { class: "embed-main" },
    data.author?.name && el("div", { class: "embed-author" }, picture(data.author.icon_url, "author's picture", "dotpic"), data.author.url ? link(data.author.url, data.author.name) : data.author.name),
    data.title && el("div", { class: "embed-title" }, data.url ? link(data.url, inline(data.title)) : inline(data.title)),
    data.description && el("div", { class: "embed-text" }, rich(data.description)),
    data.fields?.length > 0 && el("dl", { class: "fields" }, data.fields.map((field) =>
      el("div", { class: field.inline ? "field inline" : "field" }, el("dt", {}, inline(field.name)), el("dd", {}, rich(field.value))),
    )),
    data.image?.url && picture(data.image.url, "image", "wide"),
    (data.footer?.text || data.timestamp) && el("div", { class: "embed-footer" }, data.footer?.text, data.footer?.text && data.timestamp && " · ", data.timestamp && new Date(data.timestamp).toLocaleString()),
  );
  stripe.append(main);
  if (data.thumbnail?.url) stripe.append(picture(data.thumbnail.url, "thumbnail", "thumb"));
  return stripe;
}

/** A place for a picture: the page loads nothing from elsewhere, but leads there. */
function picture(url, words, kind) {
  if (!url) return null;
  const host = safeLink(url) ? new URL(url).hostname : "attachment";
  const box = el("span", { class: `picture ${kind}`, title: `${words}: ${url}` }, kind === "dotpic" ? "" : el("span", {}, kind === "wide" ? `${words} at ${host}` : "picture"));
  return safeLink(url) && kind !== "dotpic" ? link(url, box) : box;
}
