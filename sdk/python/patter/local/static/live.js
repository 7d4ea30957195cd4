"use strict";

// Texts come from callers: they are only ever set as text, never as markup.
const NAMES = { user: "Caller", assistant: "Agent", system: "System", tool: "Tool" };
const EVERY_MS = 1000;

function made(tag, text, className) {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  if (className) element.className = className;
  return element;
}

function title(call) {
  const [from, to] = [call.caller || "withheld", call.callee || "unknown"];
  return call.direction === "inbound" ? `${from} calls ${to}` : `${to}, called from ${from}`;
}

function status(call) {
  if (call.status !== "ended") return call.status;
  const seconds = call.duration_s === null ? "" : `, ${Math.round(call.duration_s)} s`;
  return `ended: ${call.reason.replaceAll("_", " ")}${seconds}`;
}

function card(call) {
  const article = made("article", "", call.status === "ended" ? "ended" : "");
  const heading = made("h2", title(call));
  heading.append(made("span", status(call), "status"));
  const turns = made("dl");
  for (const turn of call.turns) {
    turns.append(made("dt", NAMES[turn.role] || turn.role, turn.role));
    const said = made("dd", turn.text);
    if (turn.interrupted) said.append(made("span", " (cut by the caller)", "cut"));
    turns.append(said);
  }
  article.append(heading, turns);
  return article;
}

let shown = "";

async function look() {
  const state = document.getElementById("state");
  try {
    const answer = await fetch("calls.json");
    if (!answer.ok) throw new Error(String(answer.status));
    const { calls } = await answer.json();
    const live = calls.filter((call) => call.status !== "ended").length;
    state.textContent = live ? `${live} live` : "No call right now";
    const now = JSON.stringify(calls);
    if (now !== shown) document.getElementById("calls").replaceChildren(...calls.map(card));
    shown = now;
  } catch {
    state.textContent = "The process does not answer";
  }
  setTimeout(look, EVERY_MS);
}

look();
