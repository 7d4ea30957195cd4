// What every page does: keys, times in the viewer's zone, copying, menus, toasts, the light switch.
"use strict";

const typing = (element) => element.closest("input, select, textarea, [contenteditable]") !== null;

// -- times ---------------------------------------------------------------------------------------
const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto", style: "short" });
const exact = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "long" });
const dayAndTime = new Intl.DateTimeFormat(document.documentElement.lang, {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});
const clock = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium", hourCycle: "h23" });

function inWords(date) {
  const seconds = (date - Date.now()) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return relative.format(Math.round(seconds), "second");
  if (size < 3570) return relative.format(Math.round(seconds / 60), "minute");
  if (size < 82800) return relative.format(Math.round(seconds / 3600), "hour");
  return dayAndTime.format(date);
}

function showTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const date = new Date(element.dateTime);
    element.title = exact.format(date);
    element.textContent = "clock" in element.dataset ? clock.format(date) : inWords(date);
  }
}

// -- keys ----------------------------------------------------------------------------------------
let pending = "";
let forget = 0;

function rowLinks() {
  return [...document.querySelectorAll(".rows a.whole")];
}

function step(by) {
  const links = rowLinks();
  if (!links.length) return;
  const at = links.indexOf(document.activeElement);
  links[Math.min(Math.max(at + by, 0), links.length - 1)].focus();
}

function follow(name) {
  const link = document.querySelector(`.rail nav a[data-key="${name}"]`);
  if (link) link.click();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
    if (event.target.matches("input[type=search]")) event.target.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (pending === "g") {
    pending = "";
    follow(event.key);
    return;
  }
  if (event.key === "g") {
    pending = "g";
    clearTimeout(forget);
    forget = setTimeout(() => (pending = ""), 1200);
  } else if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "?") {
    document.getElementById("keys")?.togglePopover();
  } else if (event.key === "ArrowDown" && rowLinks().length) {
    event.preventDefault();
    step(1);
  } else if (event.key === "ArrowUp" && rowLinks().length) {
    event.preventDefault();
    step(-1);
  }
});

// -- clicks --------------------------------------------------------------------------------------
document.addEventListener("click", async (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    await navigator.clipboard?.writeText(copy.dataset.copy);
    toast(copy.dataset.copied);
  }
  if (event.target.closest("[data-dismiss]")) event.target.closest(".toast").remove();
});

function toast(text) {
  const box = document.createElement("div");
  box.className = "toast";
  box.textContent = text;
  document.querySelector(".toasts")?.append(box);
  setTimeout(() => box.remove(), 4000);
}

// -- light and dark: the server reads the cookie, so that no page flashes --------------------------
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-appearance]") || !event.submitter) return;
  event.preventDefault();
  const theme = event.submitter.value;
  document.cookie = `theme=${theme};path=/;max-age=31536000;samesite=lax`;
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  for (const button of event.target.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button === event.submitter));
  }
});

// -- forms ---------------------------------------------------------------------------------------
document.querySelector("[aria-invalid=true]")?.focus();
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});
for (const element of document.querySelectorAll("[data-with-script]")) element.hidden = false;
for (const element of document.querySelectorAll("[data-without-script]")) element.hidden = true;

showTimes(document);
setInterval(() => showTimes(document), 20000);
document.addEventListener("htmx:afterSettle", () => showTimes(document));
