// Faults: ordered from a form, listed while they last, ended.

import { post, remove } from "./api.js";
import { attempt, byId, clockText, el, fill } from "./dom.js";
import { channelName, guild, nameOf, on, store } from "./store.js";

let made = "";
let fields = [];
const past = [];

export function faults() {
  const kind = el("select", { id: "fault-kind", on: { change: drawFields } });
  fill(
    byId("faults"),
    el("div", { id: "lasting", class: "lasting", "aria-label": "Lasting faults" }),
    el(
      "form",
      { id: "fault-form", class: "fault-form", on: { submit: order } },
      el("label", { class: "stacked" }, el("span", {}, "Fault"), kind),
      el("p", { id: "fault-words", class: "subtext" }),
      el("div", { id: "fault-fields", class: "fault-fields" }),
      el("button", { type: "submit", class: "button danger" }, "Order it"),
    ),
    el("h3", {}, "Ordered before"),
    el("ol", { id: "past", class: "past" }),
  );
  on("faults", draw);
  on("guild world", drawFields);
  on("event", (event) => {
    if (event.kind !== "fault") return;
    past.unshift(event);
    past.length = Math.min(past.length, 50);
    drawPast();
  });
  drawPast();
}

function draw() {
  const kinds = store.faults.kinds ?? [];
  const signature = kinds.map((one) => one.kind).join();
  if (signature !== made) {
    made = signature;
    const before = byId("fault-kind").value;
    const option = (one) => el("option", { value: one.kind }, one.kind.replaceAll("_", " "));
    fill(byId("fault-kind"), groups(kinds).map(([name, some]) => el("optgroup", { label: name }, some.map(option))));
    if (kinds.some((one) => one.kind === before)) byId("fault-kind").value = before;
    drawFields();
  }
  drawLasting();
}

/** The kinds by what they concern. */
function groups(kinds) {
  const names = { gateway: "main gateway", rest: "REST", op4: "joins", same: "joins", server: "joins", channel: "guild", permission: "guild", guild: "guild", kick: "guild", move: "guild", freeze: "everything" };
  const found = new Map();
  for (const one of kinds) {
    const name = one.kind === "blackhole_all" ? "everything" : one.kind === "server_update" ? "guild" : (names[one.kind.split("_")[0]] ?? "voice");
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(one);
  }
  return [...found];
}

const known = () => store.faults.kinds.find((one) => one.kind === byId("fault-kind").value);

function drawFields() {
  const kind = known();
  fields = (kind?.fields ?? []).map(field);
  if (kind?.lasting !== false) fields.push(field({ name: "for_ms", type: "number", default: null, words: "ends by itself after so long; empty: when it is ended" }));
  if (kind && kind.fields === null) fields.push(json());
  fields.unshift(...whom(kind));
  fill(byId("fault-words"), kind?.words ?? "");
  fill(byId("fault-fields"), fields.map((one) => one.node));
}

/** Which guild and bot it hits, where there is a choice. */
function whom(kind) {
  const parts = [];
  if (kind?.scope === "any") {
    const box = el("select", { data: { field: "guild" } }, el("option", { value: "here" }, "this guild"), el("option", { value: "all" }, "everywhere"));
    parts.push({ node: el("label", { class: "stacked" }, el("span", {}, "where"), box), part: () => (box.value === "here" ? { guild: store.guild } : {}) });
  } else if (kind?.scope !== "everybody") {
    parts.push({ node: null, part: () => ({ guild: store.guild }) });
  }
  const bots = guild()?.members.filter((one) => one.bot) ?? [];
  if (bots.length > 1 && kind?.scope !== "everybody") {
    const box = el("select", { data: { field: "bot" } }, el("option", { value: "" }, "the one there is"), bots.map((one) => el("option", { value: one.user }, one.name)));
    parts.push({ node: el("label", { class: "stacked" }, el("span", {}, "bot"), box), part: () => (box.value ? { bot: box.value } : {}) });
  }
  return parts;
}

/** The part of the order that a field makes, and its element. */
function field(spec) {
  const common = { title: spec.words, data: { field: spec.name } };
  const label = (box) => el("label", { class: "stacked", title: spec.words }, el("span", {}, spec.name.replaceAll("_", " ")), box);
  const one = (box, read) => ({ node: label(box), part: () => {
    const value = read(box);
    return value === undefined ? {} : { [spec.name]: value };
  } });
  switch (spec.type) {
    case "number": {
      const box = el("input", { ...common, type: "number", step: "any", placeholder: spec.words, value: spec.default ?? "" });
      return one(box, () => (box.value !== "" ? Number(box.value) : spec.required ? null : undefined));
    }
    case "flag": {
      const box = el("input", { ...common, type: "checkbox", checked: spec.default });
      const made = one(box, () => box.checked);
      made.node.className = "check";
      return made;
    }
    case "choice": {
      const box = el("select", common, spec.choices.map((value) => el("option", { value }, value.replaceAll("_", " "))));
      // The words true and false are meant as such; nothing is left out.
      const words = { "": undefined, true: true, false: false };
      return one(box, () => (box.value in words ? words[box.value] : box.value));
    }
    case "choices": {
      const boxes = spec.choices.map((value) => el("label", { class: "check" }, el("input", { type: "checkbox", value }), value.replaceAll("_", " ")));
      const node = el("fieldset", { title: spec.words }, el("legend", {}, spec.name.replaceAll("_", " ")), boxes);
      const read = () => [...node.querySelectorAll("input:checked")].map((box) => box.value);
      return { node, part: () => (read().length > 0 ? { [spec.name]: read() } : {}) };
    }
    case "channel": {
      const voice = guild()?.channels.filter((one) => one.type !== "text") ?? [];
      const none = !spec.required && el("option", { value: "" }, "the bot's");
      const box = el("select", common, none, voice.map((value) => el("option", { value: value.id }, value.name)));
      return one(box, () => box.value || undefined);
    }
    default: {
      const box = el("input", { ...common, type: "text", placeholder: spec.words });
      return one(box, () => box.value || undefined);
    }
  }
}

/** For kinds without a description: the fields as JSON. */
function json() {
  const box = el("textarea", { rows: 3, placeholder: '{"field": 1}', spellcheck: "false" });
  return { node: el("label", { class: "stacked" }, el("span", {}, "fields as JSON"), box), part: () => (box.value.trim() ? JSON.parse(box.value) : {}) };
}

function order(event) {
  event.preventDefault();
  attempt(() => {
    const parts = fields.map((one) => one.part());
    return post("/faults", Object.assign({ kind: byId("fault-kind").value }, ...parts));
  });
}

function drawLasting() {
  const lasting = store.faults.lasting ?? [];
  byId("fault-count").hidden = lasting.length === 0;
  byId("fault-count").textContent = lasting.length;
  fill(byId("lasting"), lasting.map((one) =>
    el(
      "div",
      { class: "lasts", data: { fault: one.kind } },
      el("span", { class: "grow" }, el("strong", {}, one.kind.replaceAll("_", " ")), one.guild && one.guild !== store.guild && ` in ${store.world.guilds.find((two) => two.id === one.guild)?.name ?? one.guild}`),
      el("span", { class: "subtext" }, "in force"),
      el("button", { type: "button", class: "button secondary small", on: { click: () => attempt(() => remove(`/faults/${one.id}`)) } }, "End"),
    ),
  ));
}

/** A fault's fields in a few words. */
export function faultWords(event) {
  const { kind, guild: _guild, bot, ...rest } = event.fault;
  const word = (name, value) => {
    if (name === "channel") return `to ${channelName(value)}`;
    if (value === null) return `${name} none`;
    return name === "code" ? String(value) : `${name.replaceAll("_", " ")} ${Array.isArray(value) ? value.join(", ") : value}`;
  };
  // What is as usual is not worth a word.
  const usual = { stage: "steady", count: 1, reason: "" };
  const shown = Object.entries(rest).filter(([name, value]) => usual[name] !== value).map(([name, value]) => word(name, value));
  return [String(kind).replaceAll("_", " "), ...shown, bot && nameOf(bot)].filter(Boolean).join(" · ");
}

function drawPast() {
  if (past.length === 0) return fill(byId("past"), el("li", { class: "empty" }, "None yet."));
  return fill(byId("past"), past.map((event) => el("li", {}, el("time", {}, clockText(event.at_ms)), el("span", {}, faultWords(event)))));
}
