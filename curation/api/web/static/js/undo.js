// Undo of the last change of labels and corrections; the service stores the changes.

import { send } from "./api.js";
import { inOrder } from "./queue.js";
import { root } from "./root.js";
import { toast, toastError } from "./toast.js";

/** Undo the last change and notify the page, which fetches its content again. */
export async function undo() {
  try {
    const { data } = await inOrder(() => send("POST", `${root}/undo`));
    announceChange();
    toast(data?.what ? `Undone: ${data.what}` : "Undone");
  } catch (error) {
    if (error.code === "nothing_to_undo") toast("There is nothing to undo");
    else toastError(error);
  }
}

/** Notify the page that people, labels or corrections have changed: it listens for `curation:changed` on the document. */
export function announceChange(detail = {}) {
  document.dispatchEvent(new CustomEvent("curation:changed", { detail }));
}

/** Show a message about a change, with a button to undo it. */
export function toastUndoable(text) {
  toast(text, { action: { label: "Undo", run: undo } });
}
