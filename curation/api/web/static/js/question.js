// "Same person?": one suggested merge at a time. Neither answer is the usual one, so no button stands out.

import { get } from "./api.js";
import { counted, make } from "./dom.js";
import { bind } from "./keyboard.js";
import { differ, merge } from "./people-actions.js";
import { root } from "./root.js";

const ASKED_FOR = 20;
const FACES_SHOWN = 3;

/** Show the questions in this element, as long as there are any. */
export function startQuestions(element) {
  const later = new Set();
  let present = null;

  async function next() {
    const { suggestions } = await get(`${root}/suggestions/merges?limit=${ASKED_FOR}`).catch(() => ({ suggestions: [] }));
    present = suggestions.find((one) => !later.has(key(one))) ?? null;
    draw();
  }

  function draw() {
    element.hidden = present === null;
    element.replaceChildren();
    if (!present) return;
    const { first, second } = present;
    const button = (text, hint, run, kind = "") =>
      make("button", { type: "button", class: `button ${kind}`, on: { click: run } }, text, make("kbd", {}, hint));
    element.append(
      faces(first),
      faces(second),
      make("div", { class: "question-text" },
        make("h2", {}, "Same person?"),
        make("p", {}, `${words(first)} and ${words(second)}.${effect(present)}`),
      ),
      make("div", { class: "buttons" },
        button("Same", "Y", same), button("Different", "D", different), button("Later", "L", skip, "button-quiet"),
      ),
    );
  }

  const faces = (person) => make("a", { class: "question-faces", href: `${root}/review/people/${person.cluster_id}`, "aria-label": `All faces of ${title(person)}` },
    ...person.sample_face_ids.slice(0, FACES_SHOWN).map((face) => make("img", { src: `${root}/faces/${face}/picture`, alt: "" })));
  const title = (person) => person.name ?? `Person ${person.cluster_id}`;
  const words = (person) => `${title(person)} (${counted(person.photos, "photo")})`;
  const effect = (one) => one.top_photos_changed ? ` It would change ${one.top_photos_changed} of the best photos.` : "";

  async function answered(run) {
    const asked = present;
    if (!asked) return;
    later.add(key(asked));
    present = null;
    await run(asked);
  }
  const same = () => answered((asked) => merge(pair(asked)));
  const different = () => answered((asked) => differ(pair(asked)));
  const skip = () => answered(next);

  const when = () => present !== null;
  bind([
    { group: "Same person?", keys: "y", label: "The same", when, run: same },
    { group: "Same person?", keys: "d", label: "Different people", when, run: different },
    { group: "Same person?", keys: "l", label: "Later", when, run: skip },
  ]);
  document.addEventListener("curation:changed", ({ detail }) => {
    if (!detail.labels) next();
  });
  next();
}

const pair = (suggestion) => [suggestion.first.cluster_id, suggestion.second.cluster_id];
const key = (suggestion) => pair(suggestion).sort((a, b) => a - b).join(" ");
