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
  same_person: "One person", different_people: "Somebody else", not_a_face: "Not a face", not_a_person: "Not a person",
  face: "Drawn", cover: "Chosen as cover",
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
  const count = correction.faces + (correction.kind === "same_person" ? correction.others : 0);
  const what = `${WORDS[correction.kind] ?? correction.kind}, ${counted(count, "face")}`;
  const button = make("button", { type: "button", class: "button", "aria-label": `Undo: ${what}`, on: { click: () => undoCorrection(correction, button) } }, "Undo");
  return make("li", { class: "correction" },
    make("div", { class: "correction-faces" }, ...correction.shown.map(face), correction.shown.length < count ? make("span", { class: "small muted" }, `+${count - correction.shown.length}`) : null),
    make("p", {}, what, make("br"), make("time", { class: "small muted", datetime: correction.at }, at)), button);
}

// A face that is not there now is told by its photo.
function face(one) {
  if (one.face_id === null) return make("span", { class: "correction-away small muted", title: `${one.image_path} is not there now` }, one.image_path);
  return make("a", { href: `${root}/review/photos/${one.photo_id}`, title: one.image_path },
    make("img", { src: one.picture_url, alt: `Face in ${one.image_path}`, width: 44, height: 44, loading: "lazy", decoding: "async" }));
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
