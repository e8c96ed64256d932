// How loud it is now, and the last minute of it with silences and faults.

import { byId, clockText, el, fill } from "./dom.js";
import { channelName, nameOf, nowMs, on, store } from "./store.js";
import { faultWords } from "./faults.js";

const SPAN_MS = 60_000;
const STEP_MS = 100;
const FLOOR = -60;
const SILENT = -65;

let tenths = [];
let decoding = true;
/** Whether there was sound before the oldest tenth that is kept: silence counts from the first sound on. */
let heardBefore = false;
const marks = [];

export function sound() {
  fill(
    byId("sound"),
    el("div", { class: "sound-head" }, el("h2", {}, "Sound"), el("span", { id: "sound-words", class: "subtext" })),
    el("div", { id: "meters", class: "meters" }),
    el("canvas", { id: "strip", class: "strip", role: "img", "aria-label": "The level of the last minute" }),
    el("div", { class: "legend" }, el("span", { class: "key level" }, "level"), el("span", { class: "key silence" }, "silence"), el("span", { class: "key fault" }, "fault"), el("span", { class: "grow" }), el("span", { id: "silences" })),
  );
  on("levels", levels);
  on("guild", () => {
    tenths = [];
    heardBefore = false;
    draw();
  });
  on("voice world guild", meters);
  on("event", mark);
  new ResizeObserver(draw).observe(byId("strip"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  on("theme", draw);
  // Time goes on also when nothing is heard.
  setInterval(() => document.hidden || draw(), 250);
  meters();
}

function levels(news) {
  if (news.guild !== store.guild) return;
  decoding = news.decoding;
  news.dbfs.forEach((dbfs, at) => {
    const at_ms = news.from_ms + at * STEP_MS;
    if (tenths.length === 0 || at_ms > tenths.at(-1).at_ms) tenths.push({ at_ms, dbfs, music: news.music[at] });
  });
  const gone = tenths.splice(0, Math.max(0, tenths.length - SPAN_MS / STEP_MS));
  heardBefore ||= gone.some((one) => !isSilent(one));
  draw();
}

function mark(event) {
  if (event.kind === "fault") marks.push({ id: event.id, guild: event.guild, from: event.at_ms, until: null, words: faultWords(event) });
  if (event.kind === "fault_ended") {
    const ended = marks.find((one) => one.id === event.id);
    if (ended) ended.until = event.at_ms;
  }
  marks.splice(0, Math.max(0, marks.length - 200));
}

const inVoice = () => store.voice.filter((one) => one.bot && one.channel !== null);

function meters() {
  const bots = inVoice();
  fill(byId("meters"), bots.map((one) =>
    el(
      "div",
      { class: "meter-row" },
      el("span", { class: "name" }, nameOf(one.user), el("span", { class: "subtext" }, ` in ${channelName(one.channel)}`)),
      el("div", { class: "meter", role: "meter", "aria-label": `Level of ${nameOf(one.user)}`, "aria-valuemin": FLOOR, "aria-valuemax": 0, "aria-valuenow": FLOOR, data: { bot: one.user } }, el("div", { class: "needle" })),
      el("span", { class: "dbfs" }, "–"),
    ),
  ));
  fill(byId("sound-words"), bots.length === 0 ? "no bot is in voice" : bots.length > 1 ? "the bots of a guild are heard together" : "");
  draw();
}

/** Whether nothing was to be heard. */
const isSilent = (one) => (decoding ? one.dbfs < SILENT : !one.music);

const loudness = (one) => (decoding ? Math.max(0, 1 - one.dbfs / FLOOR) : one.music ? 0.6 : 0);

function draw() {
  const newest = tenths.at(-1);
  const fresh = newest && nowMs() - newest.at_ms < 1500 ? newest : undefined;
  for (const row of byId("meters").children) {
    const [meter, words] = [row.querySelector(".meter"), row.querySelector(".dbfs")];
    const heard = fresh && !isSilent(fresh);
    meter.firstElementChild.style.transform = `scaleX(${heard ? loudness(fresh) : 0})`;
    meter.setAttribute("aria-valuenow", String(heard && decoding ? fresh.dbfs : FLOOR));
    words.textContent = !heard ? "silent" : decoding ? `${fresh.dbfs.toFixed(0)} dB` : "plays";
  }
  strip();
}

function strip() {
  const canvas = byId("strip");
  const [width, height, ratio] = [canvas.clientWidth, canvas.clientHeight, devicePixelRatio || 1];
  if (width === 0) return;
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
  const silent = silences();
  paint.fillStyle = colour("--silence");
  for (const one of silent) paint.fillRect(x(one.from), 4, Math.max(1.5, x(one.until) - x(one.from)), floor - 4);
  paint.fillStyle = colour("--good");
  for (const one of tenths) {
    const tall = loudness(one) * (floor - 6);
    if (!isSilent(one) && x(one.at_ms) > -5) paint.fillRect(x(one.at_ms), floor - tall, step, tall);
  }
  flags(paint, x, floor, colour("--bad"), end);
  paint.fillStyle = colour("--muted");
  paint.font = "10px system-ui, sans-serif";
  for (const back of [60, 45, 30, 15]) paint.fillText(back === 60 ? "−60 s" : `−${back}`, back === 60 ? 2 : x(end - back * 1000) - 8, height - 2);
  paint.textAlign = "right";
  paint.fillText("now", width - 2, height - 2);
  paint.textAlign = "left";
  describe(silent, end);
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

/** Stretches of the last minute without sound, between music or since it. */
function silences() {
  const found = [];
  let heard = heardBefore;
  let open = null;
  for (const one of tenths) {
    if (!isSilent(one)) {
      heard = true;
      open = null;
    } else if (heard && open) {
      open.until = one.at_ms + STEP_MS;
    } else if (heard) {
      open = { from: one.at_ms, until: one.at_ms + STEP_MS };
      found.push(open);
    }
  }
  return found;
}

function describe(silent, end) {
  const recent = silent.filter((one) => one.until > end - SPAN_MS);
  const longest = Math.max(0, ...recent.map((one) => one.until - one.from));
  const words = longest > 0 ? `longest silence ${(longest / 1000).toFixed(1)} s` : "";
  if (byId("silences").textContent !== words) byId("silences").textContent = words;
  const hit = marks.filter(ours).filter((one) => one.from > end - SPAN_MS).map((one) => `${one.words} at ${clockText(one.from)}`);
  const label = ["The level of the last minute", words, hit.length > 0 && `faults: ${hit.join("; ")}`].filter(Boolean).join(". ");
  if (byId("strip").getAttribute("aria-label") !== label) {
    byId("strip").setAttribute("aria-label", label);
    byId("strip").title = label;
  }
}
