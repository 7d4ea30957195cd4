// One call: the playhead, the transcript and the address move together; while it lives, the page grows.
"use strict";

const page = document.querySelector("[data-call-page]");
const audio = page.querySelector("audio");
const slider = page.querySelector(".wave input");
const head = page.querySelector(".wave .playhead");
const position = page.querySelector("[data-position]");
const playButton = page.querySelector("[data-play]");
const durationMs = Number(slider?.max || 0);
const still = matchMedia("(prefers-reduced-motion: reduce)");

const turns = () => [...page.querySelectorAll(".entry[data-ms]")];
const asClock = (ms) => `${String(Math.floor(ms / 60000)).padStart(2, "0")}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;

let nowMs = 0;
let current = null;

function show(ms, { scroll = false } = {}) {
  nowMs = Math.min(Math.max(ms, 0), durationMs || ms);
  if (slider) {
    slider.value = nowMs;
    slider.setAttribute("aria-valuetext", asClock(nowMs));
    const x = durationMs ? (nowMs / durationMs) * 1000 : 0;
    head.setAttribute("x1", x);
    head.setAttribute("x2", x);
  }
  if (position) position.textContent = asClock(nowMs);
  const entry = turns().findLast((turn) => Number(turn.dataset.ms) <= nowMs + 20) || null;
  if (entry === current) return;
  current?.classList.remove("now");
  entry?.classList.add("now");
  current = entry;
  if (scroll && entry) entry.scrollIntoView({ block: "nearest", behavior: still.matches ? "auto" : "smooth" });
}

function seek(ms, { scroll = true } = {}) {
  if (audio) audio.currentTime = ms / 1000;
  show(ms, { scroll });
  history.replaceState(null, "", `#t=${Math.floor(nowMs / 1000)}`);
}

function jump(by) {
  const all = turns();
  const at = all.indexOf(current);
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  if (next) seek(Number(next.dataset.ms));
}

function toggle() {
  if (audio) audio.paused ? audio.play() : audio.pause();
}

function fromAddress(scroll) {
  const second = /^#t=(\d+)$/.exec(location.hash);
  if (second) {
    if (audio) audio.currentTime = Number(second[1]);
    show(Number(second[1]) * 1000, { scroll });
  }
}

if (audio) {
  audio.addEventListener("timeupdate", () => show(audio.currentTime * 1000, { scroll: !audio.paused }));
  const state = () => playButton.setAttribute("aria-pressed", String(!audio.paused));
  for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, () => {
    state();
    playButton.querySelector("use").setAttribute("href", playButton.dataset[audio.paused ? "iconPlay" : "iconPause"]);
  });
  playButton.addEventListener("click", toggle);
  const rate = page.querySelector("[data-rate]");
  rate.addEventListener("click", () => {
    audio.playbackRate = { 1: 1.5, 1.5: 2 }[audio.playbackRate] || 1;
    rate.textContent = `${audio.playbackRate}×`;
  });
}
slider?.addEventListener("input", () => seek(Number(slider.value)));

page.addEventListener("click", (event) => {
  const entry = event.target.closest(".entry[data-ms]");
  if (!entry || event.target.closest("summary, details[open], a") || String(getSelection())) return;
  seek(Number(entry.dataset.ms), { scroll: false });
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=range]), textarea, select, [popover]")) return;
  if (event.key === " " && !event.target.closest("button, summary, a")) {
    event.preventDefault();
    toggle();
  } else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
    event.preventDefault();
    jump(event.key === "ArrowRight" ? 1 : -1);
  }
});
addEventListener("hashchange", () => fromAddress(true));
if (audio) audio.addEventListener("loadedmetadata", () => fromAddress(false), { once: true });
fromAddress(true);

// -- while the call lives --------------------------------------------------------------------------
const interim = document.getElementById("interim");
let asking = false;
let askAgain = false;

async function grow() {
  if (asking) {
    askAgain = true;
    return;
  }
  asking = true;
  const atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 120;
  const line = document.getElementById("line");
  const last = line.querySelector(":scope > li:last-child");
  const url = `${page.dataset.growth}?turn=${last?.dataset.turn ?? -1}&event=${last?.dataset.event ?? 0}`;
  try {
    await htmx.ajax("GET", url, { target: "#line", swap: "beforeend" });
  } finally {
    asking = false;
  }
  if (atEnd) scrollTo({ top: document.documentElement.scrollHeight, behavior: still.matches ? "auto" : "smooth" });
  if (askAgain) {
    askAgain = false;
    grow();
  }
}

function words({ role, text }) {
  interim.hidden = !text;
  interim.className = `entry interim ${role === "user" ? "user" : "assistant"}`;
  interim.querySelector(".who").textContent = role === "user" ? interim.dataset.caller : interim.dataset.agent;
  interim.querySelector(".said").textContent = text;
}

document.addEventListener("patter:live", ({ detail }) => {
  if (!interim) return;
  if (detail.type === "again") grow();
  if (detail.type !== "entry" || detail.call !== page.dataset.callPage) return;
  if (detail.entry.kind === "interim") words(detail.entry);
  else {
    if (detail.entry.kind === "turn") interim.hidden = true;
    grow();
  }
});
