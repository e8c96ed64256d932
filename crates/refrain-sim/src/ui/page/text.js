// Discord's markdown, as far as bots use it, made into elements. Everything unknown stays text.

import { channelName, nameOf, store } from "./store.js";
import { clockText, el, link, safeLink } from "./dom.js";

const BLOCKS = /```(?:\w*\n)?([\s\S]*?)```/;

const INLINE = [
  [/`([^`\n]+)`/, (found) => el("code", {}, found[1])],
  [/\[([^\]\n]+)\]\((\S+?)\)/, (found) => (safeLink(found[2]) ? link(found[2], inline(found[1])) : found[0])],
  [/<?(https?:\/\/[^\s<>]+[^\s<>.,;:!?)'"\]])>?/, (found) => link(found[1], found[1])],
  [/\*\*([\s\S]+?)\*\*/, (found) => el("strong", {}, inline(found[1]))],
  [/__([\s\S]+?)__/, (found) => el("u", {}, inline(found[1]))],
  [/~~([\s\S]+?)~~/, (found) => el("s", {}, inline(found[1]))],
  [/\|\|([\s\S]+?)\|\|/, (found) => el("span", { class: "spoiler", tabindex: 0 }, inline(found[1]))],
  [/\*([^*\s](?:[^*]*[^*\s])?)\*/, (found) => el("em", {}, inline(found[1]))],
  [/(?<![\w\\])_([^_\s](?:[^_]*[^_\s])?)_(?!\w)/, (found) => el("em", {}, inline(found[1]))],
  [/<@!?(\d+)>/, (found) => el("span", { class: "mention" }, `@${nameOf(found[1])}`)],
  [/<@&(\d+)>/, (found) => el("span", { class: "mention" }, `@${roleName(found[1])}`)],
  [/<#(\d+)>/, (found) => el("span", { class: "mention" }, `#${channelName(found[1])}`)],
  [/<\/([^:>]+):\d+>/, (found) => el("span", { class: "mention" }, `/${found[1]}`)],
  [/<a?:(\w+):\d+>/, (found) => el("span", { class: "emoji" }, `:${found[1]}:`)],
  [/<t:(\d+)(?::(\w))?>/, (found) => timeText(Number(found[1]), found[2])],
  [/\\([\\`*_~|<>#\-])/, (found) => found[1]],
];

function roleName(id) {
  const roles = store.world.guilds.flatMap((one) => one.roles ?? []);
  return roles.find((one) => one.id === id)?.name ?? id;
}

function timeText(seconds, style) {
  const when = new Date(seconds * 1000);
  if (Number.isNaN(when.getTime())) return String(seconds);
  const distance = seconds - Date.now() / 1000;
  const far = clockText(Math.abs(distance) * 1000).replace(/\.\d$/, "");
  const words = style === "R" ? (distance >= 0 ? `in ${far}` : `${far} ago`) : when.toLocaleString();
  return el("time", { datetime: when.toISOString(), title: when.toLocaleString() }, words);
}

/** The parts of one stretch of text: what stands first is made, the rest follows. */
export function inline(text) {
  const parts = [];
  let rest = String(text ?? "");
  while (rest !== "") {
    let best = null;
    for (const [pattern, make] of INLINE) {
      const found = pattern.exec(rest);
      if (found && (best === null || found.index < best.found.index)) best = { found, make };
    }
    if (best === null) break;
    const { found, make } = best;
    parts.push(rest.slice(0, found.index), make(found));
    rest = rest.slice(found.index + found[0].length);
  }
  parts.push(rest);
  return parts;
}

function line(text) {
  const heading = /^(#{1,3}) +(.+)$/.exec(text);
  if (heading) return el("div", { class: `heading h${heading[1].length}` }, inline(heading[2]));
  if (text.startsWith("-# ")) return el("div", { class: "subtext" }, inline(text.slice(3)));
  if (text.startsWith("> ")) return el("div", { class: "quote" }, inline(text.slice(2)));
  const item = /^(\s*)[-*] +(.+)$/.exec(text);
  if (item) return el("div", { class: "item" }, inline(item[2]));
  return el("div", { class: "line" }, text === "" ? "\u00a0" : inline(text));
}

/** A whole text: code blocks, lines, and what is in them. */
export function rich(text) {
  const parts = [];
  let rest = String(text ?? "");
  for (let found = BLOCKS.exec(rest); found; found = BLOCKS.exec(rest)) {
    if (found.index > 0) parts.push(rest.slice(0, found.index).replace(/\n$/, "").split("\n").map(line));
    parts.push(el("pre", { class: "block", tabindex: 0 }, found[1].replace(/\n$/, "")));
    rest = rest.slice(found.index + found[0].length).replace(/^\n/, "");
  }
  if (rest !== "") parts.push(rest.split("\n").map(line));
  return parts;
}
