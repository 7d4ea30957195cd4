// An agent's draft saves itself; leaving a page with unsaved words asks first.
"use strict";

const form = document.querySelector("[data-draft]");
let unsaved = false;

form.addEventListener("input", () => (unsaved = true));
form.addEventListener("submit", () => (unsaved = false));
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt === form && event.detail.successful) unsaved = false;
});
// A saved field that was wrong before says so no more, and one that is wrong is marked.
document.addEventListener("htmx:afterSettle", () => {
  for (const message of form.querySelectorAll(".error[id]")) {
    const field = document.getElementById(message.id.replace(/_error$/, ""));
    if (field) field.setAttribute("aria-invalid", String(message.textContent.trim() !== ""));
  }
});
addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});
