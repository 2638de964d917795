// "Same person?": one suggested merge at a time. Neither answer is the usual one, so no button stands out.

import { get } from "./api.js";
import { questionPlace } from "./asking.js";
import { choosePerson } from "./choose-person.js";
import { counted, make } from "./dom.js";
import { isPerson } from "./give-face.js";
import { differ, merge } from "./people-actions.js";
import { root } from "./root.js";

const ASKED_FOR = 20;
const MOST_ASKED_FOR = 100;
const FACES_SHOWN = 3;

/** Show the questions in this element, as long as there are any. */
export function startQuestions(element) {
  const later = new Set();
  let turn = 0;
  const place = questionPlace(element, {
    yes: (asked) => answered(asked, () => merge(pair(asked))),
    no: (asked) => answered(asked, () => differ(pair(asked))),
    later: (asked) => answered(asked, () => {}),
  });

  async function next() {
    const mine = ++turn;
    const limit = Math.min(MOST_ASKED_FOR, ASKED_FOR + later.size);
    const { suggestions } = await get(`${root}/suggestions/merges?limit=${limit}`).catch(() => ({ suggestions: [] }));
    if (mine !== turn) return;
    const found = suggestions.find((one) => !later.has(key(one))) ?? null;
    const present = place.asked();
    if (found && present && key(found) === key(present) && effect(found) === effect(present)) return; // it is shown already
    place.ask(found, found ? content(found) : []);
  }

  function content(one) {
    const { first, second } = one;
    return [
      faces(first),
      faces(second),
      make("div", { class: "question-text" },
        make("h2", {}, "Same person?"),
        make("p", {}, `${words(first)} and ${words(second)}.${effect(one)}`),
      ),
      make("div", { class: "buttons" },
        place.button("Same", "yes"), place.button("Different", "no"),
        make("button", { type: "button", class: "button button-quiet", on: { click: somebodyElse } }, "Somebody else …"),
        place.button("Later", "later", "button-quiet"),
      ),
    ];
  }

  const faces = (person) => make("a", { class: "question-faces", href: `${root}/review/people/${person.cluster_id}`, "aria-label": `All faces of ${title(person)}` },
    ...person.sample_face_ids.slice(0, FACES_SHOWN).map((face) => make("img", { src: `${root}/faces/${face}/picture`, alt: "" })));
  const title = (person) => person.name ?? `Person ${person.cluster_id}`;
  const words = (person) => `${title(person)} (${counted(person.photos, "photo")})`;
  const effect = (one) => one.top_photos_changed ? ` It would change ${one.top_photos_changed} of the best photos.` : "";

  /** Neither: the second one is a third person, or nobody of them. */
  async function somebodyElse() {
    const asked = place.asked();
    if (!asked) return;
    const { second } = asked;
    const [face] = second.sample_face_ids;
    const whose = await choosePerson({ title: `Who is ${title(second)}?`, faceId: face, picture: `${root}/faces/${face}/picture` });
    if (whose === null || place.asked() !== asked) return;
    await answered(asked, () => isPerson(second.cluster_id, whose, () => differ(pair(asked))));
  }

  async function answered(asked, run) {
    place.answered();
    later.add(key(asked));
    if (await run() === null) later.delete(key(asked)); // it was refused: asked again
    next();
  }

  document.addEventListener("curation:changed", ({ detail }) => {
    if (!detail.labels) next();
  });
  next();
}

const pair = (suggestion) => [suggestion.first.cluster_id, suggestion.second.cluster_id];
const key = (suggestion) => pair(suggestion).sort((a, b) => a - b).join(" ");
