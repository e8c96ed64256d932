// The command box: type a slash, choose a command, fill in its options.

import { post } from "./api.js";
import { attempt, byId, el, fill } from "./dom.js";
import { guild, on, store } from "./store.js";
import { optionField } from "./options.js";
import { track } from "./asking.js";

let chosen = null;
let fields = [];
let marked = 0;

export function commands() {
  const input = el("input", {
    id: "command", type: "text", placeholder: "/ for commands", autocomplete: "off", spellcheck: "false", role: "combobox",
    "aria-label": "Command", "aria-expanded": "false", "aria-controls": "offers", "aria-autocomplete": "list",
    on: { input: offer, focus: offer, keydown: key, blur: () => setTimeout(hideOffers, 150) },
  });
  fill(
    byId("composer"),
    el("ul", { id: "offers", class: "offers", role: "listbox", "aria-label": "Commands", hidden: true }),
    el("form", { id: "ask", class: "ask", on: { submit: send } }, input, el("div", { id: "options", class: "options" }), el("button", { type: "submit", class: "button primary", id: "send", disabled: true }, "Send")),
    el("div", { id: "asked", class: "asked", role: "status" }),
  );
  on("guild channel", clear);
  on("commands", () => document.activeElement === input && offer());
}

/** Every command of this guild's bots, with its sub-commands written out. */
function all() {
  const members = new Set(guild()?.members.map((one) => one.user));
  const bots = store.world.bots.filter((bot) => members.has(bot.id));
  const found = [];
  for (const set of store.commands) {
    const bot = bots.find((one) => one.application_id === set.application);
    if (!bot || (set.guild !== null && set.guild !== store.guild)) continue;
    for (const command of set.commands) {
      if ((command.type ?? 1) === 1) walk(bot, command, command.name, found);
    }
  }
  return found.sort((one, other) => one.name.localeCompare(other.name));
}

function walk(bot, spec, name, found) {
  const subs = (spec.options ?? []).filter((one) => one.type === 1 || one.type === 2);
  if (subs.length === 0) found.push({ bot, name, description: spec.description, options: spec.options ?? [] });
  for (const sub of subs) walk(bot, sub, `${name} ${sub.name}`, found);
}

const typed = () => byId("command").value.trim().replace(/^\//, "").toLowerCase();

function offered() {
  const words = typed();
  return all().filter((one) => one.name.includes(words)).sort((one, other) => other.name.startsWith(words) - one.name.startsWith(words));
}

function offer() {
  if (chosen && `/${chosen.name}` !== byId("command").value) choose(null);
  const some = offered();
  marked = Math.min(marked, Math.max(0, some.length - 1));
  const list = byId("offers");
  const single = chosen !== null;
  list.hidden = single;
  byId("command").setAttribute("aria-expanded", String(!single));
  if (single) return;
  const empty = all().length === 0 ? "No bot registered a command yet." : "No command is called so.";
  fill(list, some.length === 0 && el("li", { class: "subtext" }, empty), some.map((one, at) =>
    el(
      "li",
      { role: "option", id: `offer-${at}`, class: "offer", "aria-selected": String(at === marked), data: { command: one.name }, on: { mousedown: (event) => {
        event.preventDefault();
        choose(one);
      } } },
      el("span", { class: "offer-name" }, `/${one.name}`),
      el("span", { class: "offer-words" }, one.description),
      el("span", { class: "tag" }, one.bot.name),
    ),
  ));
  byId("command").setAttribute("aria-activedescendant", some.length > 0 ? `offer-${marked}` : "");
  list.children[marked]?.scrollIntoView({ block: "nearest" });
}

function hideOffers() {
  byId("offers").hidden = true;
  byId("command").setAttribute("aria-expanded", "false");
}

function key(event) {
  const some = offered();
  if (chosen || byId("offers").hidden) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const step = event.key === "ArrowDown" ? 1 : -1;
    marked = (marked + step + some.length) % Math.max(1, some.length);
    offer();
    event.preventDefault();
  } else if ((event.key === "Enter" || event.key === "Tab") && some[marked] && typed() !== "") {
    choose(some[marked]);
    event.preventDefault();
  } else if (event.key === "Escape") {
    hideOffers();
  }
}

function choose(command) {
  chosen = command;
  marked = 0;
  const ask = (options, focused) => ({ ...question(), options, focused });
  fields = (command?.options ?? []).map((spec) => optionField(spec, values, ask));
  fill(byId("options"), fields.map((field) => field.node));
  byId("send").disabled = command === null;
  if (command === null) return;
  byId("command").value = `/${command.name}`;
  hideOffers();
  (fields.find((field) => field.required) ?? fields[0])?.focus();
  if (fields.length === 0) byId("send").focus();
}

const question = () => ({ guild: store.guild, channel: store.channel, user: store.person, bot: chosen.bot.id, name: chosen.name });

function values() {
  const given = fields.map((field) => [field.name, field.value()]);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

function clear() {
  byId("command").value = "";
  choose(null);
  hideOffers();
}

function send(event) {
  event.preventDefault();
  if (!chosen) return;
  attempt(async () => {
    const name = chosen.name;
    const answer = await post("/interactions", { ...question(), options: values() });
    clear();
    byId("command").focus();
    hideOffers();
    await track(answer.interaction, `/${name}`);
  });
}

