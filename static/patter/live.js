// One socket for what changes while you look. The page says what it follows, in data attributes:
//   <… data-live-organisation="slug">  calls that begin or change
//   <… data-live-call="call_…">        one call's turns, words and state
// What arrives goes out again as the event "patter:live"; fragments are fetched from the server.
"use strict";

const follows = () => [
  ...[...document.querySelectorAll("[data-live-organisation]")].map((e) => ({ organisation: e.dataset.liveOrganisation })),
  ...[...document.querySelectorAll("[data-live-call]")].map((e) => ({ call: e.dataset.liveCall })),
];

let waitMs = 500;

function connect() {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/live`);
  socket.addEventListener("open", () => {
    for (const what of follows()) socket.send(JSON.stringify({ type: "subscribe", ...what }));
    if (waitMs > 500) document.dispatchEvent(new CustomEvent("patter:live", { detail: { type: "again" } }));
    waitMs = 500;
  });
  socket.addEventListener("message", (event) => {
    document.dispatchEvent(new CustomEvent("patter:live", { detail: JSON.parse(event.data) }));
  });
  socket.addEventListener("close", (event) => {
    if (event.code >= 4400 && event.code < 4500) return; // signed out, or no member any more
    setTimeout(connect, waitMs);
    waitMs = Math.min(waitMs * 2, 15000);
  });
}

if (follows().length) connect();
