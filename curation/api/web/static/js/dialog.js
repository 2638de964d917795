// Questions as modal dialogs: the browser keeps the focus inside and restores it afterwards.

import { make } from "./dom.js";

/**
 * Ask yes or no.
 *
 * @returns {Promise<boolean>}
 */
export async function ask({ title, text, yes = "Yes", no = "Cancel", bad = false }) {
  const answer = await show(title, text ? [make("p", { class: "muted" }, text)] : [], [
    make("button", { class: "button", value: "" }, no),
    make("button", { class: `button ${bad ? "button-bad" : "button-main"}`, value: "yes", autofocus: true }, yes),
  ]);
  return answer.value === "yes";
}

/**
 * Ask for a line of text.
 *
 * @param {object} question `suggest`: an async function that returns completions of the text.
 * @returns {Promise<string|null>} Null if the user cancelled.
 */
export async function askText({ title, text, label, value = "", placeholder = "", yes = "OK", maxLength = 80, required = false, suggest = null, type = "text", min }) {
  const input = make("input", {
    class: "field", name: "text", type, min, value, placeholder, maxlength: maxLength, required, autocomplete: "off", "aria-label": label, autofocus: true,
    spellcheck: "false",
  });
  if (suggest) complete(input, suggest);
  const answer = await show(title, [text ? make("p", { class: "muted" }, text) : null, input], [
    make("button", { class: "button", value: "", formnovalidate: true, type: "button", dataset: { cancel: "" } }, "Cancel"),
    make("button", { class: "button button-main", value: "yes" }, yes),
  ], () => input.select());
  return answer.value === "yes" ? input.value.trim() : null;
}

/**
 * Ask with fields of the caller's, who reads them afterwards; the answer is no as long as one of them is not valid.
 *
 * @returns {Promise<boolean>}
 */
export async function askWith({ title, content, yes = "OK", shown }) {
  const answer = await show(title, content, [
    make("button", { class: "button", value: "", type: "button", dataset: { cancel: "" } }, "Cancel"),
    make("button", { class: "button button-main", value: "yes" }, yes),
  ], shown);
  return answer.value === "yes";
}

const SEEN_AFTER_MS = 300;
let lists = 0;

/** Offer completions while the user types into a field. */
export function complete(input, suggest) {
  const list = make("datalist", { id: `completions-${++lists}` });
  input.setAttribute("list", list.id);
  let asked = 0;
  const refresh = async () => {
    const turn = ++asked;
    const names = await suggest(input.value).catch(() => []);
    if (turn === asked) list.replaceChildren(...names.map((name) => make("option", { value: name })));
  };
  input.addEventListener("input", refresh);
  input.addEventListener("focus", refresh);
  input.after(list);
  // The list must be in the document; if the field is not there yet, the list is inserted with it.
  queueMicrotask(() => { if (!list.isConnected) (input.parentElement ?? document.body).append(list); });
}

function show(title, content, buttons, shown = () => {}) {
  return new Promise((resolve) => {
    const dialog = make("dialog", { "aria-label": title },
      make("form", { class: "dialog-form", method: "dialog" },
        make("h2", {}, title),
        ...content.filter((part) => part !== null),
        make("div", { class: "buttons" }, ...buttons),
      ),
    );
    const opened = performance.now();
    let isSeen = false; // whoever moves about in it has seen it
    // Enter or Space that was meant for what stood here before presses no button of this question.
    dialog.addEventListener("keydown", (event) => {
      const isPress = event.key === "Enter" || event.key === " ";
      const isUnseen = event.timeStamp < opened || (!isSeen && event.target.matches("button") && event.timeStamp < opened + SEEN_AFTER_MS);
      if (isPress && (isUnseen || event.repeat)) event.preventDefault();
      if (!isPress && event.timeStamp >= opened) isSeen = true;
    }, true);
    dialog.querySelector("[data-cancel]")?.addEventListener("click", () => dialog.close(""));
    dialog.addEventListener("cancel", () => { dialog.returnValue = ""; });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve({ value: dialog.returnValue });
    });
    document.body.append(dialog);
    dialog.showModal();
    shown();
  });
}
