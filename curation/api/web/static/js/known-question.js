// "Anna? 97 %": names of the gallery, one at a time, the person of the event beside the known person.

import { get, send } from "./api.js";
import { counted, make } from "./dom.js";
import { bind } from "./keyboard.js";
import { inOrder } from "./queue.js";
import { root } from "./root.js";
import { toast, toastError } from "./toast.js";
import { announceChange, toastUndoable } from "./undo.js";

const ASKED_FOR = 20;
const FACES_SHOWN = 3;
const SEEN_AFTER_MS = 300; // a key that is pressed sooner was meant for what stood here before

/** Show the proposals in this element, as long as there are any. */
export function startKnownQuestions(element) {
  const later = new Set();
  let present = null;
  let shownAt = Infinity; // when the user can have seen what is asked, on the clock of events
  let turn = 0;

  async function next() {
    const mine = ++turn;
    const page = await get(`${root}/known-people/proposals?limit=${ASKED_FOR + later.size}`).catch(() => ({ proposals: [], total: 0 }));
    if (mine !== turn) return;
    const found = page.proposals.find((one) => !later.has(key(one))) ?? null;
    if (found && present && key(found) === key(present) && found.name === present.name) return; // it is shown already
    present = found;
    draw(page.total);
  }

  function draw(total) {
    shownAt = Infinity;
    element.hidden = present === null;
    element.replaceChildren();
    if (!present) return;
    const one = present;
    const button = (text, hint, run, kind = "") =>
      make("button", { type: "button", class: `button ${kind}`, on: { click: () => run(one) } }, text, make("kbd", {}, hint));
    const percent = `${Math.min(99, Math.floor(one.certainty * 100))} %`;
    element.append(
      make("a", { class: "question-faces", href: `${root}/review/people/${one.cluster_id}`, "aria-label": `All faces of person ${one.cluster_id}` },
        ...one.face_ids.slice(0, FACES_SHOWN).map((face) => make("img", { src: `${root}/faces/${face}/picture`, alt: "" }))),
      make("span", { class: "question-faces question-known", role: "img", "aria-label": `${one.name}, as known` },
        ...one.known_face_urls.slice(0, FACES_SHOWN).map((url) => make("img", { src: url, alt: "" }))),
      make("div", { class: "question-text" },
        make("h2", {}, `${one.name}? ${percent}`),
        make("p", {}, `Person ${one.cluster_id} (${counted(one.photos, "photo")}) ${one.answer === "name" ? "is recognised as" : "may be"} ${one.name}. `,
          total > 1 ? make("a", { href: `${root}/review/known-people` }, `All ${total.toLocaleString("en")} proposals`) : null),
      ),
      make("div", { class: "buttons" },
        button("Yes", "A", accept), button("No", "R", refuse), button("Later", "T", skip, "button-quiet"),
      ),
    );
    // Seen once its pictures are there and the page was painted with them.
    const pictures = [...element.querySelectorAll("img")].map((image) => image.decode().catch(() => {}));
    Promise.all(pictures).then(() => requestAnimationFrame(() => requestAnimationFrame(() => {
      if (present === one) shownAt = performance.now();
    })));
  }

  async function answered(one, answer, text) {
    if (present !== one) return;
    present = null;
    shownAt = Infinity;
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
  const accept = (one) => answered(one, "accept", ({ cluster_id: id, name }) => `Person ${id} is ${name}`);
  const refuse = (one) => answered(one, "refuse", ({ cluster_id: id, name }) => `Person ${id} is not ${name}; it is not asked again`);
  const skip = (one) => {
    later.add(key(one));
    next();
  };

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

  function isInView() {
    const box = element.getBoundingClientRect();
    return box.top >= 0 && box.bottom <= window.innerHeight;
  }

  // A key answers only what the user has seen when it was pressed.
  const onKey = (run) => (event) => {
    if (event.repeat || event.timeStamp < shownAt + SEEN_AFTER_MS) return;
    if (!isInView()) {
      element.scrollIntoView({ block: "center" });
      shownAt = performance.now();
      return;
    }
    run(present);
  };
  const when = () => present !== null;
  bind([
    { group: "Known people", keys: "a", label: "Yes, accept the name", when, run: onKey(accept) },
    { group: "Known people", keys: "r", label: "No, somebody else", when, run: onKey(refuse) },
    { group: "Known people", keys: "t", label: "Later", when, run: onKey(skip) },
  ]);
  document.addEventListener("curation:changed", next);
  next();
}

const key = (one) => `${one.cluster_id} ${one.person_id}`;
