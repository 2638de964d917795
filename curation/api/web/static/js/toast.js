// Short messages at the lower edge of the page, with at most one action.

import { make } from "./dom.js";

const SHOWN_MS = 5000;
const SHOWN_WITH_ACTION_MS = 9000;
const MAX_SHOWN = 3;

/**
 * Show a message.
 *
 * @param {string} text One sentence.
 * @param {object} [options] `kind`: "good" or "bad" (stays until it is closed); `action`: {label, run}.
 * @returns {() => void} Closes the message.
 */
export function toast(text, { kind = "good", action } = {}) {
  const region = document.getElementById("toasts");
  let timer;
  const close = () => {
    clearTimeout(timer);
    element.remove();
  };
  const element = make(
    "div",
    { class: "toast", dataset: { kind }, role: kind === "bad" ? "alert" : null },
    make("span", {}, text),
    action
      ? make("button", { type: "button", class: "toast-action", on: { click: () => { close(); action.run(); } } }, action.label)
      : null,
    make("button", { type: "button", "aria-label": "Close", on: { click: close } }, "✕"),
  );
  const start = () => {
    clearTimeout(timer);
    if (kind !== "bad") timer = setTimeout(close, action ? SHOWN_WITH_ACTION_MS : SHOWN_MS);
  };
  // A message with the pointer or the focus on it does not disappear.
  element.addEventListener("pointerenter", () => clearTimeout(timer));
  element.addEventListener("pointerleave", start);
  element.addEventListener("focusin", () => clearTimeout(timer));
  element.addEventListener("focusout", start);
  // Only the last success message is shown; errors stay until they are closed.
  if (kind !== "bad") for (const other of region.querySelectorAll("[data-kind=good]")) other.remove();
  region.append(element);
  while (region.children.length > MAX_SHOWN) region.firstElementChild.remove();
  start();
  return close;
}

/** Show an error; anything but a Problem is a bug and is logged to the console too. */
export function toastError(error) {
  if (error.name === "AbortError") return;
  if (error.code === "offline" && document.getElementById("no-answer")) return; // it is said already
  if (error.name !== "Problem") console.error(error);
  toast(error.message, { kind: "bad" });
}
