// "Anna? 97 %": names of the gallery, one at a time, the person of the event beside the known person.

import { get, send } from "./api.js";
import { questionPlace } from "./asking.js";
import { counted, make } from "./dom.js";
import { inOrder } from "./queue.js";
import { root } from "./root.js";
import { toast, toastError } from "./toast.js";
import { announceChange, toastUndoable } from "./undo.js";

const ASKED_FOR = 20;
const FACES_SHOWN = 3;

/** Show the proposals in this element, as long as there are any. */
export function startKnownQuestions(element) {
  const later = new Set();
  let turn = 0;
  const place = questionPlace(element, {
    yes: (one) => answered(one, "accept", ({ cluster_id: id, name }) => `Person ${id} is ${name}`),
    no: (one) => answered(one, "refuse", ({ cluster_id: id, name }) => `Person ${id} is not ${name}; it is not asked again`),
    later: (one) => {
      place.answered();
      later.add(key(one));
      next();
    },
  });

  async function next() {
    const mine = ++turn;
    const page = await get(`${root}/known-people/proposals?limit=${ASKED_FOR + later.size}`).catch(() => ({ proposals: [], total: 0 }));
    if (mine !== turn) return;
    const found = page.proposals.find((one) => !later.has(key(one))) ?? null;
    const present = place.asked();
    if (found && present && key(found) === key(present) && found.name === present.name) return; // it is shown already
    place.ask(found, found ? content(found, page.total) : []);
  }

  function content(one, total) {
    const percent = `${Math.min(99, Math.floor(one.certainty * 100))} %`;
    return [
      make("a", { class: "question-faces", href: `${root}/review/people/${one.cluster_id}`, "aria-label": `All faces of person ${one.cluster_id}` },
        ...one.face_ids.slice(0, FACES_SHOWN).map((face) => make("img", { src: `${root}/faces/${face}/picture`, alt: "" }))),
      make("span", { class: "question-faces question-known", role: "img", "aria-label": `${one.name}, as known` },
        ...one.known_face_urls.slice(0, FACES_SHOWN).map((url) => make("img", { src: url, alt: "" }))),
      make("div", { class: "question-text" },
        make("h2", {}, `${one.name}? ${percent}`),
        make("p", {}, `Person ${one.cluster_id} (${counted(one.photos, "photo")}) ${one.answer === "name" ? "is recognised as" : "may be"} ${one.name}. `,
          total > 1 ? make("a", { href: `${root}/review/known-people` }, `All ${total.toLocaleString("en")} proposals`) : null),
      ),
      make("div", { class: "buttons" }, place.button("Yes", "yes"), place.button("No", "no"), place.button("Later", "later", "button-quiet")),
    ];
  }

  async function answered(one, answer, text) {
    place.answered();
    try {
      const { data } = await inOrder(() => send("POST", `${root}/known-people/proposals/${one.cluster_id}`, { person_id: one.person_id, answer }));
      announceChange({ labels: true, ids: [String(one.cluster_id)] });
      if (data.can_add) offer(one);
      else toastUndoable(text(one));
    } catch (error) {
      toastError(error);
      announceChange();
    }
    next();
  }

  // The new faces are offered, never added unasked.
  function offer(one) {
    toast(`Person ${one.cluster_id} is ${one.name}. Add the new faces to the gallery?`, {
      action: {
        label: "Add",
        run: async () => {
          try {
            const { data } = await send("POST", `${root}/known-people`, { names: [one.name] });
            toast(`${one.name} is known by ${counted(data.people[0].person?.faces ?? 0, "face")} now`);
          } catch (error) {
            toastError(error);
          }
        },
      },
    });
  }

  document.addEventListener("curation:changed", next);
  next();
}

const key = (one) => `${one.cluster_id} ${one.person_id}`;
