// "Is this Anna?": people without a face, by what they wear, one at a time, beside the body that it was learnt from.

import { get, send } from "./api.js";
import { questionPlace } from "./asking.js";
import { make, makeSvg } from "./dom.js";
import { inOrder } from "./queue.js";
import { root } from "./root.js";
import { toastError } from "./toast.js";
import { announceChange, toastUndoable } from "./undo.js";

const ASKED_FOR = 20;
const MOST_ASKED_FOR = 100;
const MARGIN = 0.15; // of the body's larger side, shown around it

/** Show the suggestions in this element, as long as there are any; where people dress alike, say so. */
export function startFromBehind(element) {
  const later = new Set();
  let turn = 0;
  const place = questionPlace(element, {
    yes: (one) => answered(one, "accept", `${one.name} is on ${one.image_path}`),
    no: (one) => answered(one, "refuse", `Not ${one.name}`),
    later: (one) => {
      place.answered();
      later.add(one.id);
      next();
    },
  });

  async function next() {
    const mine = ++turn;
    const limit = Math.min(MOST_ASKED_FOR, ASKED_FOR + later.size);
    const page = await get(`${root}/outfits/suggestions?limit=${limit}`).catch(() => ({ suggestions: [], off: "", without_face: 0 }));
    if (mine !== turn) return;
    const found = page.suggestions.find((one) => !later.has(one.id)) ?? null;
    if (found && place.asked()?.id === found.id) return; // it is shown already
    const off = page.without_face ? page.off : "";
    if (found) place.ask(found, content(found));
    else place.ask(null, off ? [make("p", { class: "small muted" }, `From behind: nobody is suggested, as ${off}.`)] : [], { isNote: off !== "" });
  }

  function content(one) {
    const { name, learnt_from: source } = one;
    return [
      body(one, `Somebody without a face on ${one.image_path}`),
      body(source, `${name} on ${source.image_path}`),
      make("div", { class: "question-text" },
        make("h2", {}, `From behind: is this ${name}?`),
        make("p", {}, `The same clothes as ${name} wears on ${source.image_path}.`),
      ),
      make("div", { class: "buttons" }, place.button("Yes", "yes"), place.button("No", "no"), place.button("Later", "later", "button-quiet")),
    ];
  }

  async function answered(one, answer, text) {
    place.answered();
    try {
      await inOrder(() => send("POST", `${root}/outfits/suggestions/${one.id}`, { answer }));
      toastUndoable(text);
      announceChange();
    } catch (error) {
      toastError(error);
    }
    next();
  }

  document.addEventListener("curation:changed", next);
  next();
}

function body({ photo_id: photo, box, photo_width: width, photo_height: height }, label) {
  const margin = MARGIN * Math.max(box.width, box.height);
  const view = [box.x - margin, box.y - margin, box.width + 2 * margin, box.height + 2 * margin].map(Math.round).join(" ");
  return make("a", { class: "question-body", href: `${root}/review/photos/${photo}`, "aria-label": label, title: label },
    makeSvg("svg", { viewBox: view, role: "img", "aria-hidden": "true" },
      makeSvg("image", { width, height, href: `${root}/photos/${photo}/picture?size=screen` })));
}
