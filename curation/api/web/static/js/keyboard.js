// Keyboard shortcuts: bound in one place, so that the help (?) lists exactly those that work on a page.

import { make } from "./dom.js";

const bindings = new Set();
const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
const SHOWN = {
  Mod: isMac ? "⌘" : "Ctrl", Shift: "Shift", Alt: "Alt", " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑",
  ArrowDown: "↓", Escape: "Esc", Enter: "Enter",
};

/**
 * Bind keys.
 *
 * @param {Array<{keys: string, label: string, group?: string, run: (event: KeyboardEvent) => void,
 *   when?: () => boolean, scope?: Element, shown?: string, hidden?: boolean}>} list
 *   `keys`: such as "m", "Shift+X", "Mod+z" (Ctrl, or Cmd on a Mac), "?", "ArrowLeft"; several separated by spaces
 *   ("Space" is the space bar). `scope`: works only while the focus is within this element; while a dialog is open,
 *   only bindings with a scope inside that dialog work. `shown`: what the help shows instead of the keys.
 * @returns {() => void} Removes the bindings.
 */
export function bind(list) {
  const added = list.map((binding) => ({ group: "This page", ...binding, combos: binding.keys.split(" ").map(parse) }));
  added.forEach((binding) => bindings.add(binding));
  return () => added.forEach((binding) => bindings.delete(binding));
}

function parse(text) {
  const parts = text === "+" ? ["+"] : text.split("+");
  const key = parts.pop();
  return { key: key === "Space" ? " " : key, mod: parts.includes("Mod"), shift: parts.includes("Shift"), alt: parts.includes("Alt") };
}

function matches(combo, event) {
  if ((event.ctrlKey || event.metaKey) !== combo.mod || event.altKey !== combo.alt) return false;
  if (combo.shift && !event.shiftKey) return false;
  // A character such as ? needs Shift only on some keyboards; for letters and named keys Shift must match.
  const isSign = combo.key.length === 1 && !/[a-z0-9 ]/i.test(combo.key);
  if (!combo.shift && event.shiftKey && !isSign) return false;
  return event.key.toLowerCase() === combo.key.toLowerCase();
}

/** Whether the user is typing, so that keyboard shortcuts must not work. */
export function isWriting(target) {
  return target instanceof Element && target.closest("input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable]") !== null;
}

function onKeydown(event) {
  if (event.defaultPrevented || event.isComposing || isWriting(event.target)) return;
  const dialog = document.querySelector("dialog[open]");
  for (const binding of [...bindings].reverse()) {
    if (!binding.combos.some((combo) => matches(combo, event))) continue;
    if (dialog && !(binding.scope && dialog.contains(binding.scope))) continue;
    if (!dialog && binding.scope && !binding.scope.contains(document.activeElement)) continue;
    if (binding.when && !binding.when()) continue;
    event.preventDefault();
    binding.run(event);
    return;
  }
}

/** Show all keyboard shortcuts of this page. */
export function showKeys() {
  const groups = Map.groupBy ? Map.groupBy([...bindings], (b) => b.group) : groupBy([...bindings]);
  const sections = [...groups].map(([group, list]) =>
    make("section", {}, make("h3", {}, group), make("dl", {},
      ...list.filter((b) => !b.hidden).flatMap((b) => [make("dt", {}, ...shownKeys(b)), make("dd", {}, b.label)])),
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

function groupBy(list) {
  const groups = new Map();
  for (const binding of list) groups.set(binding.group, [...(groups.get(binding.group) ?? []), binding]);
  return groups;
}

function shownKeys(binding) {
  if (binding.shown) return binding.shown.split(" ").map((key) => make("kbd", {}, key));
  const combo = binding.combos[0];
  const keys = [combo.mod && "Mod", combo.alt && "Alt", combo.shift && "Shift"].filter(Boolean);
  return [...keys, combo.key].map((key) => make("kbd", {}, SHOWN[key] ?? key.toUpperCase()));
}

document.addEventListener("keydown", onKeydown);
