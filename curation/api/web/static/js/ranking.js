// The ranking follows labels, corrections and rules by itself. A page that shows it learns here that it has changed.

import { get, send } from "./api.js";
import { counted, make } from "./dom.js";
import { root } from "./root.js";
import { toastError } from "./toast.js";

const LOOK_EVERY_MS = 3000;
const LOOK_SOON_MS = 700; // while it is being made again

/**
 * Dispatches `curation:ranking` on the document when the ranking has changed, with {version, current, waiting, new_photos,
 * problem}: a list should then be fetched again without losing place, focus or selection.
 *
 * @param {{version?: string, note?: Element|null}} [options] `version`: of the ranking that the page was drawn with, if
 *   it says so; `note`: an element that tells which photos wait for a run, and offers it.
 */
export function followRanking({ version = "", note = null } = {}) {
  let shown = version;
  let timer = 0;
  let turn = 0;

  async function look() {
    clearTimeout(timer);
    if (document.visibilityState === "hidden") return;
    const mine = ++turn;
    let state = null;
    try {
      state = await get(`${root}/ranking`);
    } catch {
      // Before the first ranking, or while the service is away: it is asked again.
    }
    if (mine !== turn) return;
    if (state) {
      if (shown && state.version !== shown) document.dispatchEvent(new CustomEvent("curation:ranking", { detail: state }));
      shown = state.version;
      if (note) tell(note, state);
    }
    timer = setTimeout(look, state && !state.current && !state.problem ? LOOK_SOON_MS : LOOK_EVERY_MS);
  }

  document.addEventListener("visibilitychange", look);
  document.addEventListener("curation:job", ({ detail }) => { if (detail.finished_at) look(); });
  window.addEventListener("pageshow", (event) => event.persisted && look());
  window.addEventListener("pagehide", () => clearTimeout(timer));
  look();
}

let told = "";

function tell(note, { current, waiting, new_photos: fresh, problem }) {
  const parts = [];
  if (problem) parts.push(`The ranking cannot follow: ${problem}.`);
  else if (!current) parts.push("The photos are being ranked again.");
  if (fresh) parts.push(`${counted(fresh, "photo is", "photos are")} new: nobody has looked through ${fresh === 1 ? "it" : "them"} yet.`);
  if (waiting && !problem) parts.push(`${counted(waiting, "photo has", "photos have")} to be looked at again; until then the old score counts.`);
  const text = parts.join(" ");
  if (text === told) return;
  told = text;
  note.hidden = !text;
  const address = fresh ? `${root}/look-through` : `${root}/score`;
  const button = (fresh || waiting) && make("button", { type: "button", class: "button", on: { click: () => start(address) } }, `Look ${fresh ? "through" : "at"} ${(fresh || waiting) === 1 ? "it" : "them"}`);
  note.replaceChildren(make("span", {}, text), ...(button ? [button] : []));
}

async function start(address) {
  try {
    await send("POST", address);
    document.dispatchEvent(new CustomEvent("curation:started"));
  } catch (error) {
    toastError(error);
  }
}
