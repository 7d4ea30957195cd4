// The list of calls: rows change where they are, new calls ask for a fresh first page.
"use strict";

const waiting = new Map();

function later(key, action) {
  clearTimeout(waiting.get(key));
  waiting.set(key, setTimeout(action, 150));
}

document.addEventListener("patter:live", ({ detail }) => {
  const results = document.getElementById("results");
  if (!results) return;
  const refresh = () => htmx.ajax("GET", location.href, { target: "#results", swap: "outerHTML" });
  if (detail.type === "again") later("all", refresh);
  if (detail.type !== "entry" || !["status", "call"].includes(detail.entry.kind)) return;
  const row = document.getElementById(detail.call);
  if (row) later(detail.call, () => htmx.ajax("GET", row.dataset.row, { target: row, swap: "outerHTML" }));
  else if (!location.search.includes("before=") && !document.activeElement.closest("#results")) later("all", refresh);
});
