// The page's parts, put together.

import { asking } from "./asking.js";
import { byId, clockText, fill, toast } from "./dom.js";
import { commands } from "./commands.js";
import { emit, load, nowMs, on } from "./store.js";
import { faults } from "./faults.js";
import { follow } from "./stream.js";
import { messages } from "./messages.js";
import { places } from "./places.js";
import { sound } from "./sound.js";
import { wire } from "./wire.js";

theme();
views();
tabs();
places();
messages();
commands();
asking();
sound();
faults();
wire();
link();
start();

async function start() {
  try {
    await load("world");
    await follow();
  } catch (error) {
    toast(error.message, "bad");
    setTimeout(start, 2000);
  }
}

/** Whether the page hears the simulator, and its clock. */
function link() {
  on("trouble", (error) => toast(error.message, "bad"));
  on("link", (up) => {
    byId("link").className = up ? "link up" : "link";
    fill(byId("link"), up ? "live" : "no connection");
    if (up) refresh();
  });
  setInterval(() => fill(byId("clock"), clockText(nowMs()).replace(/\.\d$/, "")), 500);
}

/** After a pause of the stream everything may have changed. */
function refresh() {
  for (const part of ["world", "bots", "commands", "faults", "voice", "messages"]) load(part);
}

function theme() {
  const root = document.documentElement;
  const saved = localStorage.getItem("theme");
  if (saved) root.dataset.theme = saved;
  byId("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
    emit("theme");
  });
}

/** On a narrow screen one part is seen at a time. */
function views() {
  const buttons = [...document.querySelectorAll("[data-goto]")];
  const draw = () => buttons.forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.goto === document.body.dataset.view)));
  for (const one of buttons) {
    one.addEventListener("click", () => {
      document.body.dataset.view = one.dataset.goto;
      draw();
    });
  }
  on("view", draw);
}

function tabs() {
  const all = [byId("tab-faults"), byId("tab-wire")];
  const choose = (tab) => {
    for (const one of all) {
      one.setAttribute("aria-selected", String(one === tab));
      one.tabIndex = one === tab ? 0 : -1;
      byId(one.getAttribute("aria-controls")).hidden = one !== tab;
    }
  };
  all.forEach((tab, at) => {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      const other = all[(at + 1) % all.length];
      choose(other);
      other.focus();
    });
  });
}
