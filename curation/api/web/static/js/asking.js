// The places of a page where one question at a time is asked, and their keys: a key answers only what the user has seen.

import { make } from "./dom.js";
import { bind } from "./keyboard.js";

const SEEN_AFTER_MS = 300; // a key or a click that comes sooner was meant for what stood here before

const places = [];
let isBound = false;

/**
 * A place for questions. Of several places on a page the first one that has a question shows it; the others wait.
 *
 * @param {HTMLElement} element
 * @param {{yes: (asked: object) => void, no: (asked: object) => void, later: (asked: object) => void}} answers
 */
export function questionPlace(element, answers) {
  const place = { element, answers, asked: null, note: false, shownAt: Infinity };
  places.push(place);
  places.sort((a, b) => (a.element.compareDocumentPosition(b.element) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
  bindOnce();

  return {
    /** What is asked now; null while nothing is asked, or an answer is under way. */
    asked: () => place.asked,
    /** Ask something; null asks nothing. `parts`: what is shown; `isNote`: shown although nothing is asked. */
    ask(asked, parts = [], { isNote = false } = {}) {
      Object.assign(place, { asked, note: isNote, shownAt: Infinity });
      element.removeAttribute("aria-busy");
      element.replaceChildren(...parts);
      arrange();
    },
    /** The question is answered; it stays on the screen, and no key or button works, until the next one is asked. */
    answered() {
      place.asked = null;
      place.shownAt = Infinity;
      element.setAttribute("aria-busy", "true");
    },
    /** A button with its key. */
    button(text, answer, kind = "") {
      const run = (event) => {
        // The second click of a double click was meant for the question before.
        if (place.asked && event.detail < 2) answers[answer](place.asked);
      };
      return make("button", { type: "button", class: `button ${kind}`, on: { click: run } }, text, make("kbd", {}, KEYS[answer].shown));
    },
  };
}

const KEYS = {
  yes: { keys: "y", shown: "Y", label: "Yes, the same" },
  no: { keys: "d", shown: "D", label: "No, different people" },
  later: { keys: "l", shown: "L", label: "Later" },
};

function arrange() {
  let isTaken = false;
  for (const place of places) {
    // An answer that is under way keeps its place.
    const hasQuestion = place.asked !== null || place.element.getAttribute("aria-busy") === "true";
    place.element.hidden = !(place.note || (hasQuestion && !isTaken));
    if (place.element.hidden) place.shownAt = Infinity;
    else if (place.asked && place.shownAt === Infinity) see(place);
    isTaken ||= hasQuestion;
  }
}

// Seen once its pictures are there and the page was painted with them.
function see(place) {
  const { asked } = place;
  const pictures = [...place.element.querySelectorAll("img")].map((image) => image.decode().catch(() => {}));
  Promise.all(pictures).then(() => requestAnimationFrame(() => requestAnimationFrame(() => {
    if (place.asked === asked && !place.element.hidden) place.shownAt = performance.now();
  })));
}

function isInView(element) {
  const box = element.getBoundingClientRect();
  return box.top >= 0 && box.bottom <= window.innerHeight;
}

const open = () => places.find((place) => place.asked !== null && !place.element.hidden) ?? null;

function answerWith(answer) {
  return (event) => {
    const place = open();
    if (!place || event.repeat || event.timeStamp < place.shownAt + SEEN_AFTER_MS) return;
    if (!isInView(place.element)) {
      place.element.scrollIntoView({ block: "center" });
      place.shownAt = performance.now();
      return;
    }
    place.answers[answer](place.asked);
  };
}

function bindOnce() {
  if (isBound) return;
  isBound = true;
  bind(Object.entries(KEYS).map(([answer, { keys, label }]) => ({
    group: "Questions", keys, label, when: () => open() !== null, run: answerWith(answer),
  })));
}
