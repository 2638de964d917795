// "Anna? named in 12 photos by Lightroom": names that the files propose by vote, one at a time.

import { get, send } from "./api.js";
import { questionPlace } from "./asking.js";
import { counted, make } from "./dom.js";
import { inOrder } from "./queue.js";
import { root } from "./root.js";
import { toastError } from "./toast.js";
import { announceChange, toastUndoable } from "./undo.js";

const ASKED_FOR = 20;
const FACES_SHOWN = 4;
const AGAIN_AFTER_MS = 2000; // as long as files are being read

/** Show the names in this element, as long as there are any. */
export function startToldQuestions(element) {
  const later = new Set();
  let turn = 0;
  const place = questionPlace(element, {
    yes: (one) => answered(one, "accept", `Person ${one.cluster_id} is ${one.name}`),
    no: (one) => answered(one, "refuse", `Person ${one.cluster_id} is not ${one.name}; it is not asked again`),
    later: (one) => {
      place.answered();
      later.add(key(one));
      next();
    },
  });

  async function next() {
    const mine = ++turn;
    const told = await get(`${root}/told?limit=${ASKED_FOR + later.size}`).catch(() => ({ names: [], complete: true }));
    if (mine !== turn) return;
    const found = told.names.find((one) => !later.has(key(one))) ?? null;
    if (!found && !told.complete) setTimeout(() => mine === turn && next(), AGAIN_AFTER_MS);
    const present = place.asked();
    if (found && present && key(found) === key(present)) return; // it is shown already
    place.ask(found, found ? content(found) : []);
  }

  function content(one) {
    return [
      make("a", { class: "question-faces", href: `${root}/review/people/${one.cluster_id}`, "aria-label": `All faces of person ${one.cluster_id}` },
        ...one.face_ids.slice(0, FACES_SHOWN).map((face) => make("img", { src: `${root}/faces/${face}/picture`, alt: "" }))),
      make("div", { class: "question-text" },
        make("h2", {}, `${one.name}?`),
        make("p", {}, `Person ${one.cluster_id} (${counted(one.photos, "photo")}) is ${one.words}.`),
      ),
      make("div", { class: "buttons" }, place.button("Yes", "yes"), place.button("No", "no"), place.button("Later", "later", "button-quiet")),
    ];
  }

  async function answered(one, answer, text) {
    place.answered();
    try {
      await inOrder(() => send("POST", `${root}/told/names`, { cluster_id: one.cluster_id, name: one.name, answer }));
      announceChange({ labels: true, ids: [String(one.cluster_id)] });
      toastUndoable(text);
    } catch (error) {
      toastError(error);
      announceChange();
    }
    next();
  }

  document.addEventListener("curation:changed", next);
  next();
}

const key = (one) => `${one.cluster_id} ${one.name}`;
