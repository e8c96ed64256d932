// Buttons, menus, and the layout components of a message.

import { post } from "./api.js";
import { attempt, el, link } from "./dom.js";
import { guild, store } from "./store.js";
import { track } from "./asking.js";
import { rich } from "./text.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 6: "primary" };

export function components(message) {
  return message.components.map((one) => component(message, one, 0));
}

function component(message, data, depth) {
  if (depth > 5) return null;
  const inner = () => (data.components ?? []).map((one) => component(message, one, depth + 1));
  switch (data.type) {
    case 1:
      return el("div", { class: "row" }, inner());
    case 2:
      return button(message, data);
    case 3:
    case 5:
    case 6:
    case 7:
    case 8:
      return menu(message, data);
    case 9:
      return el("div", { class: "section" }, el("div", { class: "grow" }, inner()), data.accessory && component(message, data.accessory, depth + 1));
    case 10:
      return el("div", { class: "content" }, rich(data.content));
    case 11:
      return el("span", { class: "picture thumb", title: data.description ?? "" }, "picture");
    case 12:
      return el("div", { class: "row" }, (data.items ?? []).map((one) => el("span", { class: "picture wide" }, one.description ?? "picture")));
    case 14:
      return el("hr");
    case 17: {
      const box = el("div", { class: "embed container" }, el("div", { class: "embed-main" }, inner()));
      if (Number.isInteger(data.accent_color)) box.style.setProperty("--stripe", `#${(data.accent_color & 0xffffff).toString(16).padStart(6, "0")}`);
      return box;
    }
    default:
      return el("div", { class: "subtext" }, `component of type ${data.type}`);
  }
}

function use(message, data, values) {
  if (store.person === null) throw new Error("Nobody is there to press it: choose a person first.");
  const asked = post("/components", { message: message.id, user: store.person, custom_id: data.custom_id, values });
  return asked.then((answer) => track(answer.interaction, data.label ?? data.placeholder ?? data.custom_id));
}

const emoji = (data) => data.emoji && el("span", { class: "emoji" }, data.emoji.id ? `:${data.emoji.name}:` : data.emoji.name);

function button(message, data) {
  if (data.style === 5) return link(data.url, el("span", { class: "button secondary" }, emoji(data), data.label, " ↗"));
  return el(
    "button",
    {
      type: "button",
      class: `button ${STYLES[data.style] ?? "secondary"}`,
      disabled: data.disabled === true,
      data: { customId: data.custom_id },
      "aria-label": data.label ? undefined : (data.emoji?.name ?? data.custom_id),
      on: { click: () => attempt(() => use(message, data, [])) },
    },
    emoji(data),
    data.label,
  );
}

/** What a menu offers: its own options, or the guild's people, roles and channels. */
function offered(data) {
  const here = guild();
  const people = here?.members.map((one) => ({ value: one.user, label: one.nick ?? one.name })) ?? [];
  const roles = here?.roles.map((one) => ({ value: one.id, label: one.name })) ?? [];
  switch (data.type) {
    case 3:
      return data.options ?? [];
    case 5:
      return people;
    case 6:
      return roles;
    case 7:
      return [...people, ...roles];
    default:
      return here?.channels.map((one) => ({ value: one.id, label: one.name })) ?? [];
  }
}

/** A menu that opens a list: one choice is sent at once, several when they are confirmed. */
function menu(message, data) {
  const most = data.max_values ?? 1;
  const options = offered(data);
  const chosen = options.find((one) => one.default);
  const words = data.placeholder ?? "Choose";
  const summary = el("summary", { class: "menu-name", data: { customId: data.custom_id } }, chosen && most === 1 ? chosen.label : words);
  if (data.disabled) return el("div", { class: "menu disabled" }, el("div", { class: "menu-name" }, words));
  const box = el("details", { class: "menu", on: { toggle: () => box.open && box.scrollIntoView({ block: "nearest" }), keydown: (event) => {
    if (event.key === "Escape" && box.open) {
      box.open = false;
      summary.focus();
      event.stopPropagation();
    }
  } } });
  const send = (values) => attempt(async () => {
    await use(message, data, values);
    box.open = false;
  });
  const text = (one) => [emoji(one), el("span", {}, one.label), one.description && el("span", { class: "subtext" }, one.description)];
  const list = most === 1
    ? options.map((one) => el("button", { type: "button", class: "option", data: { value: one.value }, on: { click: () => send([one.value]) } }, text(one)))
    : [
        options.map((one) => el("label", { class: "option" }, el("input", { type: "checkbox", value: one.value, checked: one.default === true }), text(one))),
        el("button", { type: "button", class: "button primary", on: { click: () => send([...box.querySelectorAll("input:checked")].map((one) => one.value)) } }, "Choose"),
      ];
  box.append(summary, el("div", { class: "menu-list" }, list));
  return box;
}
