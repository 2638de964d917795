// Picking, rejecting and rating: shown at once, saved by the service, and undone with Ctrl+Z.

import { send } from "./api.js";
import { counted } from "./dom.js";
import { bind } from "./keyboard.js";
import { inOrder } from "./queue.js";
import { root } from "./root.js";
import { toast, toastError } from "./toast.js";

const MOST_KEPT = 200;
const RECENT_MS = 30_000;
const done = []; // the picks before each change, the newest last
const recent = new Map(); // photo_id -> its last pick and rating, and when they were set

/**
 * Change picks and ratings. Views of photos listen for `curation:picked` on the document, whose detail is a list of
 * {photo_id, pick, rating}; it is dispatched at once, and again with the old values if the service refuses.
 *
 * @param {Array<{photo_id: string, pick?: string|null, rating?: number|null}>} changes Omitted values stay.
 * @param {Array<{photo_id: string, pick: string|null, rating: number|null}>} before The current values of these photos.
 * @returns {Promise<boolean>} Whether they were saved.
 */
export async function changePicks(changes, before) {
  announce(changes);
  try {
    await inOrder(async () => {
      const { data } = await send("PATCH", `${root}/picks`, { changes });
      if (!data.changed) return;
      done.push(data.photos.map(({ photo_id, before: old }) => ({ photo_id, pick: old.pick, rating: old.rating })));
      if (done.length > MOST_KEPT) done.shift();
    });
    recount();
    return true;
  } catch (error) {
    announce(before);
    toastError(error);
    return false;
  }
}

/** Undo the last change. */
export async function undoPick() {
  try {
    const changes = await inOrder(async () => {
      const last = done.at(-1);
      if (last) await send("PATCH", `${root}/picks`, { changes: last });
      return done.pop();
    });
    if (!changes) {
      toast("There is nothing to undo on this page");
      return;
    }
    announce(changes);
    recount();
    toast(changes.length === 1 ? "Undone" : `Undone for ${counted(changes.length, "photo")}`);
  } catch (error) {
    toastError(error);
  }
}

/** Go to another page when all changes have arrived at the service. */
export function leaveFor(address) {
  inOrder(() => location.assign(address));
}

function announce(changes) {
  for (const change of changes) {
    recent.set(change.photo_id, { values: { ...recent.get(change.photo_id)?.values, ...change }, at: performance.now() });
  }
  document.dispatchEvent(new CustomEvent("curation:picked", { detail: changes }));
}

let counting = 0;

async function recount() {
  const turn = ++counting;
  const places = document.querySelectorAll("[data-count]");
  if (!places.length) return;
  try {
    const { data } = await send("GET", `${root}/picks?limit=1`);
    if (turn !== counting) return;
    const all = Number(document.querySelector("[data-count=all]")?.textContent.replace(/\D/g, "") ?? 0);
    const counts = { picked: data.picked, rejected: data.rejected, none: Math.max(0, all - data.picked - data.rejected) };
    for (const place of places) {
      if (place.dataset.count in counts) place.textContent = counts[place.dataset.count].toLocaleString("en");
    }
  } catch {
    // The counts are not essential; the picks themselves were saved.
  }
}

/** The current pick and rating of an element with data-id, data-pick and data-rating. */
export function currentPick(element) {
  return {
    photo_id: element.dataset.id,
    pick: element.dataset.pick || null,
    rating: Number(element.dataset.rating) || null,
  };
}

/** Show picks and ratings in all elements of these photos within `root`. */
export function paint(root, changes) {
  for (const { photo_id: id, pick, rating } of changes) {
    for (const element of root.querySelectorAll(`[data-id="${id}"]`)) {
      if (pick !== undefined) element.dataset.pick = pick ?? "";
      if (rating !== undefined) element.dataset.rating = rating ?? 0;
      const current = currentPick(element);
      for (const button of element.querySelectorAll("button[data-pick]")) {
        button.setAttribute("aria-pressed", String(button.dataset.pick === current.pick));
      }
      for (const star of element.querySelectorAll("button[data-star]")) {
        star.setAttribute("aria-pressed", String(Number(star.dataset.star) <= (current.rating ?? 0)));
      }
      for (const stars of element.querySelectorAll(".stars, .shot-stars")) stars.dataset.rating = current.rating ?? 0;
    }
  }
}

/** Show recent changes in photos that were just loaded: the service may have sent them before a change arrived. */
export function paintRecent(root) {
  const since = performance.now() - RECENT_MS;
  for (const [id, { at }] of recent) if (at < since) recent.delete(id);
  paint(root, [...recent.values()].map(({ values }) => values));
}

/**
 * Handle the buttons of photos, and bind the keys P, X, U, 0 to 5 and Ctrl+Z.
 *
 * @param {Element} root The element with the photos; each has data-id, data-pick and data-rating.
 * @param {object} options `targets()`: the elements that keys work on; `next()`: moves to the next photo.
 */
export function pickControls(root, { targets, next = null }) {
  const each = (elements, change) => {
    if (!elements.length) return Promise.resolve(false);
    const before = elements.map(currentPick);
    return changePicks(before.map((old) => ({ photo_id: old.photo_id, ...change(old) })), before);
  };
  const group = { group: "Pick and rate" };
  const choose = (pick) => each(targets(), () => ({ pick }));
  const rate = (rating) => each(targets(), () => ({ rating }));

  root.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-pick], button[data-star]");
    const photo = button?.closest("[data-id]");
    if (!photo) return;
    event.preventDefault();
    event.stopPropagation();
    // A second click on the same button removes the pick or rating.
    if (button.dataset.pick) each([photo], (old) => ({ pick: old.pick === button.dataset.pick ? null : button.dataset.pick }));
    else each([photo], (old) => ({ rating: old.rating === Number(button.dataset.star) ? null : Number(button.dataset.star) }));
  });
  document.addEventListener("curation:picked", ({ detail }) => paint(root, detail));

  const undoButton = document.getElementById("undo-button");
  undoButton.hidden = false;
  undoButton.addEventListener("click", undoPick);

  bind([
    { ...group, keys: "p", label: "Pick", run: () => choose("picked") },
    { ...group, keys: "x", label: "Reject", run: () => choose("rejected") },
    { ...group, keys: "u", label: "Undecided", run: () => choose(null) },
    { ...group, keys: "1", shown: "1 … 5", label: "Stars", run: () => rate(1) },
    ...[2, 3, 4, 5].map((stars) => ({ ...group, keys: String(stars), hidden: true, label: "Stars", run: () => rate(stars) })),
    { ...group, keys: "0", label: "No stars", run: () => rate(null) },
    ...(next === null ? [] : [
      { ...group, keys: "Shift+P", label: "Pick, then next photo", run: () => { choose("picked"); next(); } },
      { ...group, keys: "Shift+X", label: "Reject, then next photo", run: () => { choose("rejected"); next(); } },
    ]),
    { ...group, keys: "Mod+z", label: "Undo", run: undoPick },
  ]);
}
