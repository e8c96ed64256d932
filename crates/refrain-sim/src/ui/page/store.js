// What the page knows, and who wants to hear of changes.

import { get } from "./api.js";

export const store = {
  world: { guilds: [], users: [], bots: [] },
  bots: [],
  voice: [],
  commands: [],
  faults: { lasting: [], kinds: [] },
  messages: [],
  unread: new Set(),
  guild: null,
  channel: null,
  person: null,
  /** The simulator's clock less the page's. */
  offset: 0,
};

const listeners = new Map();

export function on(topics, act) {
  for (const topic of topics.split(" ")) {
    if (!listeners.has(topic)) listeners.set(topic, []);
    listeners.get(topic).push(act);
  }
}

export function emit(topic, data) {
  for (const act of listeners.get(topic) ?? []) act(data);
}

export const nowMs = () => performance.now() + store.offset;

export const guild = () => store.world.guilds.find((one) => one.id === store.guild);
export const channel = () => guild()?.channels.find((one) => one.id === store.channel);

/** The name of a user or bot, as the selected guild shows it. */
export function nameOf(id) {
  const member = guild()?.members.find((one) => one.user === id);
  const person = [...store.world.users, ...store.world.bots].find((one) => one.id === id);
  return member?.nick ?? member?.name ?? person?.name ?? id;
}

export const channelName = (id) => guild()?.channels.find((one) => one.id === id)?.name ?? id;

const loaders = {
  world: async () => {
    store.world = await get("/world");
  },
  bots: async () => {
    store.bots = await get("/bots");
  },
  commands: async () => {
    store.commands = await get("/commands");
  },
  faults: async () => {
    store.faults = await get("/faults");
  },
  voice: async () => {
    const here = store.guild;
    const told = here ? await get(`/voice?guild=${here}`) : { voice_states: [] };
    if (here === store.guild) store.voice = told.voice_states;
  },
  messages: async () => {
    const here = store.channel;
    const told = here ? await get(`/messages?channel=${here}&limit=100&edits=false`) : [];
    if (here === store.channel) store.messages = told;
  },
};

const waiting = new Map();

/** Reads one part anew; several wishes at about the same time are one request. */
export function load(part) {
  const busy = waiting.get(part);
  if (busy) {
    busy.again = true;
    return busy.done;
  }
  const turn = { again: false };
  let before;
  turn.done = (async () => {
    try {
      do {
        turn.again = false;
        before ??= JSON.stringify(store[part]);
        await loaders[part]();
      } while (turn.again);
    } catch (error) {
      emit("trouble", error);
    } finally {
      waiting.delete(part);
    }
    // What is as it was need not be drawn again.
    if (JSON.stringify(store[part]) !== before) emit(part);
  })();
  waiting.set(part, turn);
  return turn.done;
}
