// Whether the service answers: said on every page when it does not, and noticed when it is back.

import { make } from "./dom.js";
import { wordsOf } from "./problem-words.js";
import { root } from "./root.js";

const ASK_AGAIN_MS = 2000;
const PATIENCE_MS = 5000;

let isAway = false;
let asking = null;

/** Something got no answer: ask the service itself, and say so if it does not answer either. */
export function noAnswer() {
  if (!isAway) asking ??= ask();
}

async function ask() {
  const answers = await isThere();
  asking = null;
  if (answers || isAway) return;
  isAway = true;
  show();
  document.dispatchEvent(new CustomEvent("curation:offline"));
  setTimeout(again, ASK_AGAIN_MS);
}

async function again() {
  if (!(await isThere())) {
    setTimeout(again, ASK_AGAIN_MS);
    return;
  }
  isAway = false;
  document.getElementById("no-answer")?.remove();
  document.dispatchEvent(new CustomEvent("curation:online"));
}

/** Whether the service answers a question that needs nothing. */
async function isThere() {
  try {
    await fetch(`${root}/health`, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    return true; // whatever it says
  } catch {
    return false;
  }
}

/** Whether the page knows that the service does not answer. */
export const isOffline = () => isAway;

function show() {
  document.getElementById("no-answer")?.remove();
  document.querySelector(".head").after(make("div", { class: "no-answer", id: "no-answer", role: "alert" },
    make("strong", {}, "The service does not answer."),
    make("span", {}, ` ${wordsOf("offline").replace("The service does not answer. ", "")} What you have said so far is kept.`)));
}
