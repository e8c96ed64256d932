// The frames on the wire, newest first.

import { byId, clockText, el, fill } from "./dom.js";
import { on } from "./store.js";
import { frameName, isHeartbeat, kindOf } from "./opcodes.js";

const KEPT = 2000;
const SHOWN = 250;

const kept = [];
let paused = false;
let missed = 0;
let wishes = { text: "", kind: "", heartbeats: false };

export function wire() {
  const choose = (change) => {
    wishes = { ...wishes, ...change };
    redraw();
  };
  const kinds = [["", "all"], ["gateway", "gateway"], ["voice", "voice"], ["rest", "REST"]];
  fill(
    byId("wire"),
    el(
      "div",
      { class: "wire-bar" },
      el("input", { type: "search", id: "wire-filter", placeholder: "filter", "aria-label": "Filter frames", on: { input: (event) => choose({ text: event.target.value.toLowerCase() }) } }),
      el("select", { id: "wire-kind", "aria-label": "Connection", on: { change: (event) => choose({ kind: event.target.value }) } }, kinds.map(([value, name]) => el("option", { value }, name))),
      el("label", { class: "check" }, el("input", { type: "checkbox", on: { change: (event) => choose({ heartbeats: event.target.checked }) } }), "heartbeats"),
      el("button", { type: "button", class: "button secondary small", id: "wire-pause", "aria-pressed": "false", on: { click: pause } }, "Pause"),
    ),
    el("div", { id: "wire-note", class: "subtext", role: "status" }),
    el("ol", { id: "frames", class: "frames", "aria-label": "Frames, newest first" }, el("li", { class: "empty" }, "Nothing went over the wire yet.")),
  );
  on("frames", news);
}

function news({ frames, skipped }) {
  kept.push(...frames);
  kept.splice(0, Math.max(0, kept.length - KEPT));
  // What went by before the page was opened is not missed.
  if (kept.length > frames.length) missed += skipped;
  if (paused) return note();
  const fresh = frames.filter(wanted).map(row).reverse();
  const list = byId("frames");
  if (fresh.length > 0) list.querySelector(".empty")?.remove();
  list.prepend(...fresh);
  while (list.children.length > SHOWN) list.lastElementChild.remove();
  return note();
}

function note() {
  const words = missed > 0 ? `${missed} frames came too fast to be shown; all are in GET /sim/log.` : "";
  if (byId("wire-note").textContent !== words) byId("wire-note").textContent = words;
}

function redraw() {
  const some = kept.filter(wanted).slice(-SHOWN).reverse().map(row);
  fill(byId("frames"), some.length > 0 ? some : el("li", { class: "empty" }, "No frame fits."));
}

function pause() {
  paused = !paused;
  byId("wire-pause").setAttribute("aria-pressed", String(paused));
  byId("wire-pause").textContent = paused ? "Go on" : "Pause";
  if (!paused) redraw();
}

function wanted(frame) {
  if (wishes.kind && kindOf(frame) !== wishes.kind) return false;
  if (!wishes.heartbeats && isHeartbeat(frame)) return false;
  if (wishes.text === "") return true;
  frame.words ??= `${frame.connection} ${frameName(frame)} ${JSON.stringify(frame.payload)}`.toLowerCase();
  return frame.words.includes(wishes.text);
}

function row(frame) {
  const fromBot = frame.direction === "from_client";
  const body = el("pre", { tabindex: 0 });
  // What nobody opens is not printed.
  const open = () => {
    if (details.open && body.textContent === "") body.textContent = JSON.stringify(frame.payload, null, 2);
  };
  const details = el(
    "details",
    { on: { toggle: open } },
    el(
      "summary",
      {},
      el("time", {}, clockText(frame.at_ms)),
      el("span", { class: fromBot ? "way up" : "way down", title: fromBot ? "from the bot" : "to the bot" }, fromBot ? "↑" : "↓"),
      el("span", { class: `origin ${kindOf(frame)}` }, frame.connection),
      el("span", { class: "frame-name" }, frameName(frame)),
      frame.op !== null && el("span", { class: "op" }, `op ${frame.op}`),
    ),
    body,
  );
  return el("li", { data: { op: frame.op ?? "", name: frameName(frame) } }, details);
}
