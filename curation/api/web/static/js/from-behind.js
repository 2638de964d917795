// "Is this Anna?": people without a face, by what they wear, one at a time, beside the body that it was learnt from.

import { get, send } from "./api.js";
import { make, makeSvg } from "./dom.js";
import { bind } from "./keyboard.js";
import { root } from "./root.js";
import { toastError } from "./toast.js";
import { announceChange, toastUndoable } from "./undo.js";

const ASKED_FOR = 20;
const MARGIN = 0.15; // of the body's larger side, shown around it

/** Show the suggestions in this element, as long as there are any; where people dress alike, say so. */
export function startFromBehind(element) {
  const later = new Set();
  let present = null;
  let off = "";

  async function next() {
    const page = await get(`${root}/outfits/suggestions?limit=${ASKED_FOR}`).catch(() => ({ suggestions: [], off: "", without_face: 0 }));
    present = page.suggestions.find((one) => !later.has(one.id)) ?? null;
    off = page.without_face ? page.off : "";
    draw();
  }

  function draw() {
    element.hidden = present === null && !off;
    element.replaceChildren();
    if (!present) {
      if (off) element.append(make("p", { class: "small muted" }, `From behind: nobody is suggested, as ${off}.`));
      return;
    }
    const { name, learnt_from: source } = present;
    const button = (text, hint, run, kind = "") =>
      make("button", { type: "button", class: `button ${kind}`, on: { click: run } }, text, make("kbd", {}, hint));
    element.append(
      body(present, `Somebody without a face on ${present.image_path}`),
      body(source, `${name} on ${source.image_path}`),
      make("div", { class: "question-text" },
        make("h2", {}, `From behind: is this ${name}?`),
        make("p", {}, `The same clothes as ${name} wears on ${source.image_path}.`),
      ),
      make("div", { class: "buttons" },
        button("Yes", "⇧Y", accept), button("No", "⇧D", refuse), button("Later", "⇧L", skip, "button-quiet"),
      ),
    );
  }

  async function answered(answer, text) {
    const asked = present;
    if (!asked) return;
    present = null;
    try {
      await send("POST", `${root}/outfits/suggestions/${asked.id}`, { answer });
      toastUndoable(text(asked));
      announceChange();
    } catch (error) {
      toastError(error);
    }
    next();
  }
  const accept = () => answered("accept", (one) => `${one.name} is on ${one.image_path}`);
  const refuse = () => answered("refuse", (one) => `Not ${one.name}`);
  const skip = () => {
    if (present) later.add(present.id);
    next();
  };

  const when = () => present !== null;
  bind([
    { group: "From behind", keys: "Shift+y", label: "Yes, it is", when, run: accept },
    { group: "From behind", keys: "Shift+d", label: "No, somebody else", when, run: refuse },
    { group: "From behind", keys: "Shift+l", label: "Later", when, run: skip },
  ]);
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
