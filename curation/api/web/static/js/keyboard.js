// Keyboard shortcuts: bound in one place, so that the help (?) lists exactly those that work in a view, and so that no key
// acts on something that was not on the screen when it was pressed.

import { make } from "./dom.js";
import { toast } from "./toast.js";

const LEAVING_MS = 3000; // a download asks to leave the page, too, and does not
const WAITS_VISIBLY_MS = 300;
const bindings = new Set();
const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
const SHOWN = {
  Mod: isMac ? "⌘" : "Ctrl", Shift: "Shift", Alt: isMac ? "⌥" : "Alt", " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑",
  ArrowDown: "↓", Escape: "Esc", Enter: "Enter", Delete: "Del",
};

/**
 * Bind keys.
 *
 * @param {Array<{keys: string, label: string, group?: string, run: (event: KeyboardEvent) => void,
 *   when?: () => boolean, scope?: Element, shown?: string, hidden?: boolean, always?: boolean}>} list
 *   `keys`: such as "m", "Shift+X", "Mod+z" (Ctrl, or Cmd on a Mac), "?", "ArrowLeft"; several separated by spaces
 *   ("Space" is the space bar). `scope`: works only while the focus is within this element; while a dialog is open,
 *   only bindings with a scope inside that dialog work. `shown`: what the help shows instead of the keys. `always`: works
 *   while the page waits for an answer, too, because its meaning does not depend on it (going back, moving on).
 * @returns {() => void} Removes the bindings.
 */
export function bind(list) {
  const added = list.map((binding) => ({ group: "This page", ...binding, combos: binding.keys.split(" ").map(parse) }));
  added.forEach((binding) => bindings.add(binding));
  return () => added.forEach((binding) => bindings.delete(binding));
}

let held = 0;
let changedAt = 0; // on the clock of events

/**
 * Keys that are pressed until this has ended do nothing: what they would act on is about to change. To be used around
 * everything after which a key means something else (another photo, a dialog that opens when the service has answered).
 * The promise must end after the view has changed.
 *
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T>} The same.
 */
export function hold(promise) {
  held++;
  const timer = setTimeout(() => document.documentElement.setAttribute("data-waiting", ""), WAITS_VISIBLY_MS);
  const end = () => {
    clearTimeout(timer);
    held--;
    changedAt = performance.now();
    if (!held) {
      document.documentElement.removeAttribute("data-waiting");
      closeHint?.();
    }
  };
  promise.then(end, end);
  return promise;
}

/** Whether keys are held. */
export const isHeld = () => held > 0;

/** The view has changed: keys that were pressed before, and arrive only now, do nothing. */
export function viewChanged() {
  changedAt = performance.now();
}

// From the moment on in which another page was asked for.
let leaving = false;
let leavingTimer = 0;
window.addEventListener("beforeunload", () => {
  leaving = true;
  clearTimeout(leavingTimer);
  leavingTimer = setTimeout(() => { leaving = false; }, LEAVING_MS);
});
window.addEventListener("pageshow", () => { leaving = false; });

let closeHint = null;

function sayWait() {
  closeHint?.();
  closeHint = toast("One moment: the answer is on its way. This key did nothing.");
}

function parse(text) {
  const parts = text === "+" ? ["+"] : text.split("+");
  const key = parts.pop();
  return { key: key === "Space" ? " " : key, mod: parts.includes("Mod"), shift: parts.includes("Shift"), alt: parts.includes("Alt") };
}

// [ is typed with AltGr on many keyboards, and with Option on a Mac.
const isSign = (key) => key.length === 1 && !/[a-z0-9 ]/i.test(key);
const isTypedSign = (event) => event.getModifierState("AltGraph") || (event.ctrlKey && event.altKey) || (isMac && event.altKey && !event.metaKey && !event.ctrlKey);

function matches(combo, event) {
  if (isSign(combo.key) && !combo.mod && !combo.alt && event.key === combo.key && isTypedSign(event)) return true;
  if ((event.ctrlKey || event.metaKey) !== combo.mod || event.altKey !== combo.alt) return false;
  if (combo.shift && !event.shiftKey) return false;
  // A character such as ? needs Shift only on some keyboards; for letters and named keys Shift must match.
  if (!combo.shift && event.shiftKey && !isSign(combo.key)) return false;
  // With Option, a Mac types another character; the place of the digit on the keyboard stays.
  if (combo.alt && /^\d$/.test(combo.key)) return event.code === `Digit${combo.key}` || event.code === `Numpad${combo.key}`;
  return event.key.toLowerCase() === combo.key.toLowerCase();
}

/** Whether the user is typing, so that keyboard shortcuts must not work. */
export function isWriting(target) {
  return target instanceof Element && target.closest("input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable]") !== null;
}

const worksNow = (binding, dialog) => {
  if (dialog ? !(binding.scope && dialog.contains(binding.scope)) : binding.scope && !binding.scope.contains(document.activeElement)) return false;
  return !binding.when || binding.when();
};

function onKeydown(event) {
  if (event.defaultPrevented || event.isComposing || isWriting(event.target)) return;
  const dialog = document.querySelector("dialog[open]");
  for (const binding of [...bindings].reverse()) {
    if (!binding.combos.some((combo) => matches(combo, event))) continue;
    if (!worksNow(binding, dialog)) continue;
    event.preventDefault();
    if (!binding.always && (held || leaving || event.timeStamp < changedAt)) {
      if (held && !event.repeat) sayWait();
      return;
    }
    binding.run(event);
    return;
  }
}

/** Show the keyboard shortcuts that work in this view now. */
export function showKeys() {
  const working = [...bindings].filter((binding) => !binding.hidden && (!binding.when || binding.when()) && (!binding.scope || binding.scope.isConnected));
  const groups = new Map();
  for (const binding of working) groups.set(binding.group, [...(groups.get(binding.group) ?? []), binding]);
  const sections = [...groups].map(([group, list]) =>
    make("section", {}, make("h3", {}, group), make("dl", {},
      ...list.flatMap((b) => [make("dt", {}, ...shownKeys(b)), make("dd", {}, b.label)])),
    ),
  );
  const dialog = make("dialog", { "aria-labelledby": "keys-title" },
    make("form", { class: "dialog-form", method: "dialog" },
      make("h2", { id: "keys-title" }, "Keyboard shortcuts"),
      make("div", { class: "keys" }, ...sections),
      make("div", { class: "buttons" }, make("button", { class: "button", autofocus: true }, "Close")),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function shownKeys(binding) {
  if (binding.shown) return binding.shown.split(" ").map((key) => make("kbd", {}, key));
  const combo = binding.combos[0];
  const keys = [combo.mod && "Mod", combo.alt && "Alt", combo.shift && "Shift"].filter(Boolean);
  return [...keys, combo.key].map((key) => make("kbd", {}, SHOWN[key] ?? key.toUpperCase()));
}

document.addEventListener("keydown", onKeydown);
