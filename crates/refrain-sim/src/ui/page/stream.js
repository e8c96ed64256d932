// What happens, as it happens: the simulator's stream of events, frames and levels.

import { get } from "./api.js";
import { emit, load, on, store } from "./store.js";

let source = null;
let since = 0;
let after = 0;
let patience = 500;
let retry = 0;

/** Reads the past for the fault marks, then follows. */
export async function follow() {
  const past = await get("/events");
  since = past.last;
  past.events.forEach((event) => emit("event", event));
  open();
  on("guild", open);
}

function open() {
  source?.close();
  clearTimeout(retry);
  const wishes = new URLSearchParams({ since, after, frames: true });
  if (store.guild) wishes.set("levels", store.guild);
  source = new EventSource(`/sim/stream?${wishes}`);
  const hear = (kind, act) => source.addEventListener(kind, (message) => act(JSON.parse(message.data)));
  hear("hello", hello);
  hear("events", events);
  hear("frames", frames);
  hear("levels", (levels) => emit("levels", levels));
  source.addEventListener("error", lost);
}

function hello({ now_ms }) {
  patience = 500;
  store.offset = now_ms - performance.now();
  emit("link", true);
}

function lost() {
  source.close();
  emit("link", false);
  clearTimeout(retry);
  retry = setTimeout(open, patience);
  patience = Math.min(patience * 2, 8000);
}

function frames(news) {
  if (news.frames.length > 0) after = news.frames.at(-1).seq;
  emit("frames", news);
}

function events(news) {
  since = news.last;
  const stale = new Set();
  for (const event of news.events) {
    emit("event", event);
    for (const part of touched(event)) stale.add(part);
  }
  stale.forEach(load);
}

/** Which parts of what the page knows an event makes old. */
function touched(event) {
  switch (event.kind) {
    case "message_create":
    case "message_update":
    case "message_delete":
      if (event.channel === store.channel) return ["messages"];
      if (event.kind === "message_create") {
        store.unread.add(event.channel);
        emit("unread");
      }
      return [];
    case "voice_state":
      return event.guild === store.guild ? ["voice"] : [];
    case "commands":
      return ["commands"];
    case "gateway_ready":
    case "gateway_resumed":
    case "gateway_lost":
      return ["bots"];
    case "interaction":
      return [];
    default:
      // Faults, and whatever else may change the world.
      return ["faults", "world", "bots", "voice"];
  }
}
