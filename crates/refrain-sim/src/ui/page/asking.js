// What became of what a person asked: a line under the command box, and the forms that bots answer with.

import { get, post } from "./api.js";
import { attempt, byId, el, fill } from "./dom.js";
import { nameOf, on, store } from "./store.js";

/** The interactions that this page asked for and whose end is not known yet. */
const asked = new Map();
let newest = null;
/** Longer than a bot has for its first answer. */
const PATIENCE_MS = 3500;

export function asking() {
  on("event", (event) => {
    if (event.kind === "interaction" && asked.has(event.interaction)) look(event.interaction);
  });
}

export function track(interaction, words) {
  asked.set(interaction, `${nameOf(store.person)}: ${words}`);
  newest = interaction;
  // Nothing is said when the bot's time is over: one has to look.
  setTimeout(() => asked.has(interaction) && look(interaction), PATIENCE_MS);
  return look(interaction);
}

const WORDS = {
  created: "sent, not answered yet",
  acknowledged: "acknowledged, the bot is thinking",
  answered: "answered",
  expired: "not answered in time",
};

async function look(id) {
  const report = await get(`/interactions/${id}`).catch(() => null);
  if (report === null || !asked.has(id)) return;
  const words = asked.get(id);
  if (id === newest) told(words, report);
  const over = report.state === "answered" || report.state === "expired";
  if (over) asked.delete(id);
  if (over && report.result?.custom_id) form(id, report.result);
}

function told(words, report) {
  const line = byId("asked");
  if (!line) return;
  const end = report.answered_ms ?? report.acknowledged_ms;
  const took = end !== null && report.delivered_ms !== null ? ` after ${Math.round(end - report.delivered_ms)} ms` : "";
  const lost = report.delivered_ms === null && report.state === "created" ? ", the bot is not connected" : "";
  line.dataset.state = report.state;
  fill(line, `${words} · ${WORDS[report.state] ?? report.state}${took}${lost}`);
}

/** A form of the bot's. */
function form(interaction, data) {
  const fields = [];
  const input = (text, label) => {
    const long = text.style === 2;
    const common = {
      name: text.custom_id, placeholder: text.placeholder, required: text.required !== false,
      minlength: text.min_length, maxlength: text.max_length ?? 4000, value: text.value ?? "",
    };
    const box = long ? el("textarea", { ...common, rows: 4 }) : el("input", { ...common, type: "text" });
    fields.push(box);
    return el("label", { class: "stacked" }, el("span", {}, label ?? text.label ?? text.custom_id), box);
  };
  const part = (one) => {
    if (one.type === 1) return (one.components ?? []).map(part);
    if (one.type === 4) return input(one);
    if (one.type === 18 && one.component?.type === 4) return [input(one.component, one.label), one.description && el("div", { class: "subtext" }, one.description)];
    if (one.type === 10) return el("div", { class: "content" }, one.content);
    return el("div", { class: "subtext" }, `component of type ${one.type}: the page cannot fill it`);
  };
  const send = (event) => {
    event.preventDefault();
    const values = Object.fromEntries(fields.map((one) => [one.name, one.value]));
    attempt(async () => {
      const answer = await post("/modals", { interaction, values });
      dialog.close();
      await track(answer.interaction, data.title ?? "form");
    });
  };
  const dialog = el(
    "dialog",
    { class: "form", "aria-labelledby": "form-title", on: { close: () => dialog.remove() } },
    el(
      "form",
      { on: { submit: send } },
      el("h2", { id: "form-title" }, data.title ?? "Form"),
      (data.components ?? []).map(part),
      el(
        "div",
        { class: "row end" },
        el("button", { type: "button", class: "button secondary", on: { click: () => dialog.close() } }, "Cancel"),
        el("button", { type: "submit", class: "button primary" }, "Submit"),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}
