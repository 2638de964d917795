// The list of corrections, and undo of single ones.

import { getAll, send } from "./api.js";
import { counted, make } from "./dom.js";
import { hold } from "./keyboard.js";
import { attempt } from "./people-actions.js";
import { inOrder } from "./queue.js";
import { root } from "./root.js";
import { toast, toastError } from "./toast.js";
import { announceChange } from "./undo.js";

const WORDS = {
  same_person: "Merged as one person", different_people: "Split off as someone else", not_a_face: "Not a face", not_a_person: "Not a person",
};
const SHOWN = 100; // at first, and with each press of the button below

/** Show the corrections, newest first. */
export async function showCorrections() {
  let corrections;
  try {
    corrections = await hold(getAll(`${root}/corrections`, "corrections"));
  } catch (error) {
    toastError(error);
    return;
  }
  const standing = corrections.filter((one) => !one.undone);
  const list = make("ul", { class: "corrections" });
  const place = make("span", { class: "small muted", role: "status" });
  const more = make("button", { type: "button", class: "button button-quiet", on: { click: () => showMore() } }, "Show more");
  function showMore() {
    const from = list.children.length;
    const rows = standing.slice(from, from + SHOWN).map(row);
    list.append(...rows);
    shown += rows.length;
    more.hidden = shown === standing.length;
    place.textContent = `${shown.toLocaleString("en")} of ${counted(standing.length, "correction")}`;
    if (from) rows[0]?.querySelector("button").focus();
  }
  let shown = 0;
  showMore();
  const dialog = make("dialog", { "aria-labelledby": "corrections-title" },
    make("form", { class: "dialog-form", method: "dialog" },
      make("h2", { id: "corrections-title" }, "Corrections"),
      make("p", { class: "muted small" }, standing.length
        ? "Every later run follows them."
        : "None yet. When you merge people or split wrong faces off, the corrections are listed here and can be undone."),
      standing.length ? list : null,
      standing.length > SHOWN ? make("div", { class: "buttons" }, place, more) : null,
      make("div", { class: "buttons" }, make("button", { class: "button", autofocus: true }, "Close")),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function row(correction) {
  const at = new Date(correction.at).toLocaleString(undefined, { dateStyle: "short", timeStyle: "short" });
  const faces = correction.faces + (correction.kind === "same_person" ? correction.others : 0);
  const button = make("button", { type: "button", class: "button", on: { click: () => undoCorrection(correction, button) } }, "Undo");
  return make("li", {}, make("span", {}, `${WORDS[correction.kind] ?? correction.kind}, ${counted(faces, "face")}`),
    make("time", { class: "muted", datetime: correction.at }, at), button);
}

async function undoCorrection(correction, button) {
  button.disabled = true;
  const done = await attempt(() => inOrder(() => send("DELETE", `${root}/corrections/${correction.id}`)));
  if (!done) {
    button.disabled = false;
    return;
  }
  button.closest("li").remove();
  announceChange();
  toast("The correction is undone");
}
