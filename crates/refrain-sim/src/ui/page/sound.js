// How loud it is now, and the last minute of it with silences and faults.

import { byId, clockText, el, fill } from "./dom.js";
import { channelName, nameOf, nowMs, on, store } from "./store.js";
import { faultWords } from "./faults.js";

const SPAN_MS = 60_000;
const STEP_MS = 100;
const FLOOR = -60;
const SILENT = -65;

/** By bot: its tenths, whether they have levels, whether there was sound before the oldest that is kept. */
const heard = new Map();
const marks = [];

export function sound() {
  fill(
    byId("sound"),
    el("div", { class: "sound-head" }, el("h2", {}, "Sound"), el("span", { id: "sound-words", class: "subtext" })),
    el("div", { id: "meters", class: "meters" }),
    el("div", { class: "legend" }, el("span", { class: "key level" }, "level"), el("span", { class: "key silence" }, "silence"), el("span", { class: "key fault" }, "fault"), el("span", { class: "grow" }), el("span", { id: "silences" })),
  );
  on("levels", levels);
  on("guild", () => {
    heard.clear();
    rows();
  });
  on("voice world", rows);
  on("event", mark);
  new ResizeObserver(draw).observe(byId("meters"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  on("theme", draw);
  // Time goes on also when nothing is heard.
  setInterval(() => document.hidden || draw(), 250);
  rows();
}

function levels(news) {
  if (news.guild !== store.guild) return;
  for (const bot of news.bots) {
    if (!heard.has(bot.user)) heard.set(bot.user, { tenths: [], before: false });
    const one = heard.get(bot.user);
    one.decoding = bot.decoding;
    bot.dbfs.forEach((dbfs, at) => {
      const at_ms = bot.from_ms + at * STEP_MS;
      const silent = bot.decoding ? dbfs < SILENT : !bot.music[at];
      if (one.tenths.length === 0 || at_ms > one.tenths.at(-1).at_ms) one.tenths.push({ at_ms, dbfs, silent });
    });
    const gone = one.tenths.splice(0, Math.max(0, one.tenths.length - SPAN_MS / STEP_MS));
    one.before ||= gone.some((tenth) => !tenth.silent);
  }
  rows();
}

function mark(event) {
  if (event.kind === "fault") marks.push({ id: event.id, guild: event.guild, from: event.at_ms, until: null, words: faultWords(event) });
  if (event.kind === "fault_ended") {
    const ended = marks.find((one) => one.id === event.id);
    if (ended) ended.until = event.at_ms;
  }
  marks.splice(0, Math.max(0, marks.length - 200));
}

/** Bots in voice, and those that were to be heard a moment ago. */
function shown() {
  const inside = store.voice.filter((one) => one.bot && one.channel !== null);
  const left = [...heard].filter(([user, one]) => !inside.some((two) => two.user === user) && one.tenths.some((tenth) => !tenth.silent));
  return [...inside, ...left.map(([user]) => ({ user, channel: null }))];
}

let drawn = "";

/** A meter and a strip for each bot. */
function rows() {
  const bots = shown();
  const signature = JSON.stringify(bots.map((one) => [one.user, nameOf(one.user), one.channel && channelName(one.channel)]));
  if (signature !== drawn) {
    drawn = signature;
    fill(byId("meters"), bots.length === 0 ? el("canvas", { class: "strip", data: { strip: "" } }) : bots.map(row));
    fill(byId("sound-words"), bots.length === 0 ? "no bot is in voice" : "");
    byId("meters").classList.toggle("many", bots.length > 1);
  }
  draw();
}

function row({ user, channel }) {
  const name = nameOf(user);
  const place = channel === null ? " left voice" : ` in ${channelName(channel)}`;
  return el(
    "div",
    { class: "heard" },
    el(
      "div",
      { class: "meter-row" },
      el("span", { class: "name" }, name, el("span", { class: "subtext" }, place)),
      el("div", { class: "meter", role: "meter", "aria-label": `Level of ${name}`, "aria-valuemin": FLOOR, "aria-valuemax": 0, "aria-valuenow": FLOOR, data: { bot: user } }, el("div", { class: "needle" })),
      el("span", { class: "dbfs" }, "–"),
    ),
    el("canvas", { class: "strip", role: "img", data: { strip: user } }),
  );
}

const NOTHING = { tenths: [], decoding: true, before: false };

const loudness = (one, tenth) => (tenth.silent ? 0 : one.decoding ? Math.max(0, 1 - tenth.dbfs / FLOOR) : 0.6);

function draw() {
  for (const meter of byId("meters").querySelectorAll(".meter")) {
    const one = heard.get(meter.dataset.bot) ?? NOTHING;
    const newest = one.tenths.at(-1);
    const loud = newest && !newest.silent && nowMs() - newest.at_ms < 1500;
    meter.firstElementChild.style.transform = `scaleX(${loud ? loudness(one, newest) : 0})`;
    meter.setAttribute("aria-valuenow", String(loud && one.decoding ? newest.dbfs : FLOOR));
    meter.nextElementSibling.textContent = !loud ? "silent" : one.decoding ? `${newest.dbfs.toFixed(0)} dB` : "plays";
  }
  let longest = 0;
  for (const canvas of byId("meters").querySelectorAll(".strip")) {
    longest = Math.max(longest, strip(canvas, heard.get(canvas.dataset.strip) ?? NOTHING));
  }
  const words = longest > 0 ? `longest silence ${(longest / 1000).toFixed(1)} s` : "";
  if (byId("silences").textContent !== words) byId("silences").textContent = words;
}

/** Paints a bot's last minute; answers its longest silence. */
function strip(canvas, heardOf) {
  const [width, height, ratio] = [canvas.clientWidth, canvas.clientHeight, devicePixelRatio || 1];
  if (width === 0) return 0;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const style = getComputedStyle(canvas);
  const colour = (name) => style.getPropertyValue(name);
  const paint = canvas.getContext("2d");
  paint.setTransform(ratio, 0, 0, ratio, 0, 0);
  paint.clearRect(0, 0, width, height);
  const end = nowMs();
  const x = (ms) => width * (1 - (end - ms) / SPAN_MS);
  const floor = height - 14;
  paint.fillStyle = colour("--line");
  paint.fillRect(0, floor, width, 1);
  bands(paint, x, floor, colour("--fault-soft"), end);
  const step = Math.max(1, (width * STEP_MS) / SPAN_MS - 0.6);
  const silent = silences(heardOf);
  paint.fillStyle = colour("--silence");
  for (const one of silent) paint.fillRect(x(one.from), 4, Math.max(1.5, x(one.until) - x(one.from)), floor - 4);
  paint.fillStyle = colour("--good");
  for (const one of heardOf.tenths) {
    const tall = loudness(heardOf, one) * (floor - 6);
    if (tall > 0 && x(one.at_ms) > -5) paint.fillRect(x(one.at_ms), floor - tall, step, tall);
  }
  flags(paint, x, floor, colour("--bad"), end);
  paint.fillStyle = colour("--muted");
  paint.font = "10px system-ui, sans-serif";
  for (const back of [60, 45, 30, 15]) paint.fillText(back === 60 ? "−60 s" : `−${back}`, back === 60 ? 2 : x(end - back * 1000) - 8, height - 2);
  paint.textAlign = "right";
  paint.fillText("now", width - 2, height - 2);
  paint.textAlign = "left";
  return describe(canvas, silent, end);
}

const ours = (one) => one.guild === null || one.guild === undefined || one.guild === store.guild;

/** Lasting faults are a band, from when they were ordered until they ended. */
function bands(paint, x, floor, colour, end) {
  paint.fillStyle = colour;
  const lasting = new Set(store.faults.lasting.map((one) => one.id));
  for (const one of marks.filter(ours)) {
    const until = one.until ?? (lasting.has(one.id) ? end : null);
    if (until !== null && until > end - SPAN_MS) paint.fillRect(x(one.from), 0, x(until) - x(one.from), floor);
  }
}

function flags(paint, x, floor, colour, end) {
  paint.fillStyle = colour;
  for (const one of marks.filter(ours)) {
    if (one.from < end - SPAN_MS) continue;
    const at = x(one.from);
    paint.fillRect(at - 0.75, 0, 1.5, floor);
    paint.beginPath();
    paint.moveTo(at - 4, 0);
    paint.lineTo(at + 4, 0);
    paint.lineTo(at, 6);
    paint.fill();
  }
}

/** Stretches of the last minute without sound, since there was some. */
function silences({ tenths, before }) {
  const found = [];
  let sounded = before;
  let open = null;
  for (const one of tenths) {
    if (!one.silent) {
      sounded = true;
      open = null;
    } else if (sounded && open) {
      open.until = one.at_ms + STEP_MS;
    } else if (sounded) {
      open = { from: one.at_ms, until: one.at_ms + STEP_MS };
      found.push(open);
    }
  }
  return found;
}

function describe(canvas, silent, end) {
  const longest = Math.max(0, ...silent.filter((one) => one.until > end - SPAN_MS).map((one) => one.until - one.from));
  const hit = marks.filter(ours).filter((one) => one.from > end - SPAN_MS).map((one) => `${one.words} at ${clockText(one.from)}`);
  const quiet = longest > 0 && `the longest silence ${(longest / 1000).toFixed(1)} s`;
  const label = ["The level of the last minute", quiet, hit.length > 0 && `faults: ${hit.join("; ")}`].filter(Boolean).join(". ");
  if (canvas.title !== label) {
    canvas.title = label;
    canvas.setAttribute("aria-label", label);
  }
  return longest;
}
