// One option of a command: the right field for its type.

import { post } from "./api.js";
import { el, fill, toast } from "./dom.js";
import { guild } from "./store.js";

/** A field with its name, its value (undefined when left empty) and its element. */
export function optionField(spec, values, ask) {
  const box = input(spec);
  const hint = `${spec.description ?? ""}${spec.required ? "" : " (optional)"}`;
  const node = el("label", { class: "option-field", title: hint }, el("span", { class: spec.required ? "needed" : "" }, spec.name), box);
  if (spec.autocomplete) suggest(spec, box, node, values, ask);
  const value = () => read(spec, box);
  return { name: spec.name, required: spec.required === true, node, value, focus: () => box.focus() };
}

function input(spec) {
  const common = { "aria-label": spec.name, required: spec.required === true, data: { option: spec.name }, title: spec.description };
  if (spec.choices?.length > 0) return choice(common, spec.choices.map((one) => [String(one.value), one.name]));
  switch (spec.type) {
    case 4:
      return el("input", { ...common, type: "number", step: 1, min: spec.min_value, max: spec.max_value });
    case 5:
      return choice(common, [["true", "true"], ["false", "false"]]);
    case 6:
      return choice(common, people());
    case 7:
      return choice(common, channels(spec));
    case 8:
      return choice(common, roles());
    case 9:
      return choice(common, [...people(), ...roles()]);
    case 10:
      return el("input", { ...common, type: "number", step: "any", min: spec.min_value, max: spec.max_value });
    default:
      return el("input", { ...common, type: "text", autocomplete: "off", minlength: spec.min_length, maxlength: spec.max_length ?? 6000, placeholder: spec.description });
  }
}

const choice = (common, options) =>
  el("select", common, el("option", { value: "" }, "—"), options.map(([value, name]) => el("option", { value }, name)));

const people = () => guild()?.members.map((one) => [one.user, one.nick ?? one.name]) ?? [];
const roles = () => guild()?.roles.map((one) => [one.id, one.name]) ?? [];
const NUMBERS = { text: 0, voice: 2 };
const channels = (spec) => {
  const fits = (one) => !spec.channel_types || spec.channel_types.includes(NUMBERS[one.type] ?? 0);
  return guild()?.channels.filter(fits).map((one) => [one.id, one.name]) ?? [];
};

function read(spec, box) {
  if (box.value === "") return undefined;
  if (box.dataset.exact !== undefined && box.dataset.shown === box.value) return JSON.parse(box.dataset.exact);
  switch (spec.type) {
    case 4:
    case 10:
      return Number(box.value);
    case 5:
      return box.value === "true";
    default:
      return box.value;
  }
}

/** While one types, the bot is asked for choices. */
function suggest(spec, box, node, values, ask) {
  const list = el("ul", { class: "offers small", role: "listbox", "aria-label": `Choices for ${spec.name}`, hidden: true });
  node.append(list);
  box.setAttribute("role", "combobox");
  let timer = 0;
  let turn = 0;
  let marked = -1;
  const hide = () => {
    list.hidden = true;
    marked = -1;
  };
  const take = (one) => {
    box.value = one.name;
    box.dataset.shown = one.name;
    box.dataset.exact = JSON.stringify(one.value);
    hide();
  };
  const mark = () => [...list.children].forEach((one, at) => one.setAttribute("aria-selected", String(at === marked)));
  const request = async () => {
    const mine = (turn += 1);
    try {
      const answer = await post("/autocomplete", ask({ ...values(), [spec.name]: box.value }, spec.name));
      if (mine !== turn || document.activeElement !== box) return;
      marked = -1;
      list.hidden = (answer.choices ?? []).length === 0;
      fill(list, (answer.choices ?? []).map((one) => el("li", { role: "option", class: "offer", "aria-selected": "false", on: { mousedown: (event) => {
        event.preventDefault();
        take(one);
      } } }, one.name)));
      list.choices = answer.choices ?? [];
    } catch (error) {
      if (mine === turn) toast(error.message, "bad");
    }
  };
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(request, 200);
  });
  box.addEventListener("blur", () => setTimeout(hide, 150));
  box.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      marked = (marked + (event.key === "ArrowDown" ? 1 : -1) + list.choices.length) % list.choices.length;
      mark();
      event.preventDefault();
    } else if (event.key === "Enter" && marked >= 0) {
      take(list.choices[marked]);
      event.preventDefault();
    } else if (event.key === "Escape") {
      hide();
    }
  });
}
