// Guilds, channels, and who is in voice.

import { post } from "./api.js";
import { attempt, byId, el, fill } from "./dom.js";
import { emit, guild, load, nameOf, on, store } from "./store.js";

export function places() {
  byId("guild").addEventListener("change", (event) => chooseGuild(event.target.value));
  byId("person").addEventListener("change", (event) => {
    store.person = event.target.value;
    emit("person");
  });
  on("world", world);
  on("world voice channel unread person guild", channels);
  on("bots", bots);
}

export function chooseGuild(id) {
  store.guild = id;
  store.voice = [];
  const first = guild()?.channels.find((one) => one.type === "text") ?? guild()?.channels[0];
  fillPeople();
  emit("guild");
  load("voice");
  chooseChannel(first?.id ?? null);
}

export function chooseChannel(id) {
  store.channel = id;
  store.messages = [];
  store.unread.delete(id);
  emit("channel");
  emit("messages");
  load("messages");
}

function world() {
  fill(byId("guild"), store.world.guilds.map((one) => el("option", { value: one.id }, one.name)));
  if (!guild()) {
    chooseGuild(store.world.guilds[0]?.id ?? null);
  } else {
    byId("guild").value = store.guild;
    fillPeople();
    if (!guild().channels.some((one) => one.id === store.channel)) chooseGuild(store.guild);
  }
}

function fillPeople() {
  const people = guild()?.members.filter((one) => !one.bot) ?? [];
  if (!people.some((one) => one.user === store.person)) {
    // The owner may do everything, so a plain member shows more of what a bot meets.
    const plain = people.find((one) => one.user !== guild().owner && one.roles.length > 0);
    store.person = (plain ?? people[0])?.user ?? null;
    emit("person");
  }
  fill(byId("person"), people.map((one) => el("option", { value: one.user }, one.nick ?? one.name)));
  byId("person").value = store.person ?? "";
}

function bots() {
  fill(byId("bots"), store.bots.map((bot) => {
    const words = bot.connected ? "connected" : "not connected";
    const state = bot.connected ? "on" : "off";
    return el("li", { class: `pill ${state}`, title: `${bot.name}: ${words}` }, bot.name, el("span", { class: "sr" }, `, ${words}`));
  }));
}

function channels() {
  const focused = document.activeElement?.dataset?.keep;
  const all = guild()?.channels ?? [];
  const part = (kind, title) => {
    const some = all.filter((one) => one.type === kind);
    return some.length > 0 && [el("h3", {}, title), el("ul", {}, some.map(row))];
  };
  fill(byId("channels"), part("text", "Text"), part("voice", "Voice"));
  if (focused) byId("channels").querySelector(`[data-keep="${CSS.escape(focused)}"]`)?.focus();
}

function row(channel) {
  const here = channel.id === store.channel;
  const isVoice = channel.type !== "text";
  const go = () => {
    chooseChannel(channel.id);
    document.body.dataset.view = "chat";
    emit("view");
  };
  const name = el(
    "button",
    { type: "button", class: "channel", "aria-current": here && "true", data: { keep: `go-${channel.id}`, channel: channel.id }, on: { click: go } },
    el("span", { class: "sign", "aria-hidden": "true" }, isVoice ? "♪" : "#"),
    el("span", { class: "name" }, channel.name),
    store.unread.has(channel.id) && el("span", { class: "dot", title: "new messages" }),
  );
  return el("li", {}, el("div", { class: "place" }, name, isVoice && door(channel)), isVoice && people(channel));
}

/** In or out, for the person one acts as. */
function door(channel) {
  if (store.person === null) return null;
  const inside = store.voice.some((one) => one.user === store.person && one.channel === channel.id);
  const act = () => place(store.person, inside ? null : channel.id);
  const words = `${inside ? "Leave" : "Join"} ${channel.name} as ${nameOf(store.person)}`;
  return el("button", { type: "button", class: "door", "aria-label": words, title: words, data: { keep: `door-${channel.id}`, join: channel.id }, on: { click: act } }, inside ? "leave" : "join");
}

const place = (user, channel) => attempt(() => post(`/users/${user}/voice`, { guild: store.guild, channel }));

function people(channel) {
  const inside = store.voice.filter((one) => one.channel === channel.id);
  if (inside.length === 0) return null;
  return el("ul", { class: "inside" }, inside.map((one) => {
    const name = nameOf(one.user);
    return el(
      "li",
      { class: one.bot ? "person bot" : "person", data: { user: one.user } },
      el("span", { class: "face", "aria-hidden": "true" }, name.slice(0, 1)),
      el("span", { class: "name" }, name),
      one.bot && el("span", { class: "tag" }, "bot"),
      one.self_mute && el("span", { class: "state", title: "muted itself" }, "muted"),
      one.self_deaf && el("span", { class: "state", title: "deafened itself" }, "deaf"),
      !one.bot && el("button", { type: "button", class: "out", title: `Take ${name} out`, "aria-label": `Take ${name} out of voice`, on: { click: () => place(one.user, null) } }, "×"),
    );
  }));
}
