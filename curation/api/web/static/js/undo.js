// Undo of the last change to names, categories and corrections; the service keeps what there is to undo.

import { send } from "./api.js";
import { inOrder } from "./queue.js";
import { toast, toastError } from "./toast.js";

/** Undo the last change and tell the page, which fetches what it shows anew. */
export async function undo() {
  try {
    const { data } = await inOrder(() => send("POST", "/undo"));
    announceChange();
    toast(data?.what ? `Taken back: ${data.what}` : "Taken back");
  } catch (error) {
    if (error.code === "nothing_to_undo") toast("There is nothing to take back");
    else toastError(error);
  }
}

/** Tell the page that people, labels or picks have changed. Pages listen for `curation:changed` on the document. */
export function announceChange(detail = {}) {
  document.dispatchEvent(new CustomEvent("curation:changed", { detail }));
}

/** A message of a change that can be undone at once. */
export function toastUndoable(text) {
  toast(text, { action: { label: "Undo", run: undo } });
}
