// Picking, rejecting and rating: shown at once, saved by the service, which also keeps what can be undone.

import { advances, advanceSwitch } from "./advance.js";
import { send } from "./api.js";
import { counted } from "./dom.js";
import { bind } from "./keyboard.js";
import { inOrder } from "./queue.js";
import { root } from "./root.js";
import { toast, toastError } from "./toast.js";

const RECENT_MS = 30_000;
const recent = new Map(); // photo_id -> its last pick and rating, and when they were set

/**
 * Change picks and ratings, all of them or none. Views of photos listen for `curation:picked` on the document, whose
 * detail is a list of {photo_id, pick, rating}; it is dispatched at once, and again with the old values if the service
 * refuses.
 *
 * @param {Array<{photo_id: string, pick?: string|null, rating?: number|null}>} changes Omitted values stay.
 * @param {Array<{photo_id: string, pick: string|null, rating: number|null}>} before The current values of these photos.
 * @returns {Promise<boolean>} Whether they were saved.
 */
export async function changePicks(changes, before) {
  announce(changes);
  try {
    await inOrder(() => send("PATCH", `${root}/picks`, { changes }));
    recount();
    return true;
  } catch (error) {
    announce(before);
    toastError(error);
    return false;
  }
}

/** Undo the last change, of this page or of an earlier one; `goTo(ids)` shows the photos that it was about. */
export const undoPick = (goTo) => travel("undo", "Undone", goTo);

/** Make the change again that was undone last. */
export const redoPick = (goTo) => travel("redo", "Done again", goTo);

/** Show picks that the service made by itself; `photos` as its answers have them. */
export function picksArrived(photos) {
  announce(photos.map(({ photo_id, pick, rating }) => ({ photo_id, pick, rating })));
  recount();
}

async function travel(way, word, goTo) {
  try {
    const { data } = await inOrder(() => send("POST", `${root}/picks/${way}`));
    picksArrived(data.photos);
    toast(`${word}: ${data.what}`);
    goTo?.(data.photos.map((one) => one.photo_id));
  } catch (error) {
    if (error.code === "nothing_to_undo") toast(way === "undo" ? "There is no pick to undo" : "There is nothing to do again");
    else toastError(error);
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

/** The other photos of an element's burst, from its data-rest: [{photo_id, pick}]. */
export function restOf(element) {
  return (element.dataset.rest ?? "").split(" ").filter(Boolean).map((part) => {
    const [photo_id, pick] = part.split(":");
    return { photo_id, pick: pick || null };
  });
}

/** Show picks and ratings in all elements of these photos within `root`. */
export function paint(root, changes) {
  const changed = new Map(changes.map((change) => [change.photo_id, change]));
  for (const element of root.querySelectorAll("[data-rest]")) {
    if (!restOf(element).some((one) => changed.get(one.photo_id)?.pick !== undefined)) continue;
    element.dataset.rest = restOf(element).map(({ photo_id: id, pick }) => {
      const now = changed.get(id)?.pick;
      return `${id}:${(now === undefined ? pick : now) ?? ""}`;
    }).join(" ");
  }
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

const WORDS = { picked: "picked", rejected: "rejected" };

/**
 * Handle the buttons of photos, and bind the keys P, X, U, K, 0 to 5, A and those of undo.
 *
 * @param {Element} root The element with the photos; each has data-id, data-pick and data-rating, and data-rest if it is
 *   in a burst.
 * @param {object} options
 *   `targets()`: the elements that keys work on, or {photo_id, pick, rating} of photos that are not in the page;
 *   `next()`: moves on; it is called only if there is one target, and the user wants it;
 *   `standsFor(element)`: the photos that are rejected with this one, because it is a closed stack; as `restOf`;
 *   `goTo(ids)`: shows photos of which something was undone.
 */
export function pickControls(root, { targets, next = null, standsFor = () => [], goTo = null }) {
  const valuesOf = (target) => (target instanceof Element ? currentPick(target) : target);

  // All in one request, so that all of it is undone at once.
  async function each(elements, change, more = []) {
    if (!elements.length) return false;
    const before = elements.map(valuesOf);
    const own = new Set(before.map((old) => old.photo_id));
    const others = more.filter((one) => !own.has(one.photo_id));
    const changes = [...before.map((old) => ({ photo_id: old.photo_id, ...change(old) })), ...others.map(({ photo_id, to }) => ({ photo_id, pick: to }))];
    const saved = changePicks(changes, [...before, ...others.map(({ photo_id, pick }) => ({ photo_id, pick }))]);
    if (changes.length > 1) sayMany(changes, others);
    return saved;
  }

  function sayMany(changes, others) {
    const action = { label: "Undo", run: () => undoPick(goTo) };
    const kept = changes.length - others.length;
    if (others.some((one) => one.to === "rejected") && changes[0].pick === "picked") {
      toast(`${counted(kept, "photo")} kept, ${others.length.toLocaleString("en")} rejected`, { action });
    } else if ("pick" in changes[0]) toast(`${counted(changes.length, "photo")} ${WORDS[changes[0].pick] ?? "unmarked"}`, { action });
    else toast(`${counted(changes.length, "photo")}: ${changes[0].rating ? counted(changes[0].rating, "star") : "no stars"}`, { action });
  }

  const move = (count) => { if (next && count === 1 && advances()) next(); };
  const acting = (run) => () => {
    const all = targets();
    run(all);
    move(all.length);
  };
  const group = { group: "Pick and rate" };
  const choose = (pick) => (all) => {
    // Whoever rejects a closed stack rejects what it holds, but for what was picked in it.
    const more = pick === "rejected" ? all.flatMap((one) => standsFor(one)).filter((one) => one.pick !== "picked") : [];
    return each(all, () => ({ pick }), more.map((one) => ({ ...one, to: "rejected" })));
  };
  const rate = (rating) => (all) => each(all, () => ({ rating }));

  function keep(all) {
    const rest = all.flatMap((one) => (one instanceof Element ? restOf(one) : []));
    return each(all, () => ({ pick: "picked" }), [...new Map(rest.map((one) => [one.photo_id, { ...one, to: "rejected" }])).values()]);
  }

  root.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-pick], button[data-star]");
    const photo = button?.closest("[data-id]");
    if (!photo) return;
    event.preventDefault();
    event.stopPropagation();
    // A second click on the same button removes the pick or rating.
    if (button.dataset.pick) {
      const pick = currentPick(photo).pick === button.dataset.pick ? null : button.dataset.pick;
      choose(pick)([photo]);
    } else each([photo], (old) => ({ rating: old.rating === Number(button.dataset.star) ? null : Number(button.dataset.star) }));
  });
  document.addEventListener("curation:picked", ({ detail }) => paint(root, detail));

  const undoButton = document.getElementById("undo-button");
  undoButton.hidden = false;
  undoButton.addEventListener("click", () => undoPick(goTo));
  advanceSwitch(document.getElementById("advance"));

  bind([
    { ...group, keys: "p", label: "Pick", run: acting(choose("picked")) },
    { ...group, keys: "x", label: "Reject; a closed stack as a whole", run: acting(choose("rejected")) },
    { ...group, keys: "u", label: "Undecided", run: acting(choose(null)) },
    { ...group, keys: "k", label: "Keep this one, reject the rest of the burst", run: acting(keep) },
    { ...group, keys: "1", shown: "1 … 5", label: "Stars", run: acting(rate(1)) },
    ...[2, 3, 4, 5].map((stars) => ({ ...group, keys: String(stars), hidden: true, label: "Stars", run: acting(rate(stars)) })),
    { ...group, keys: "0", label: "No stars", run: acting(rate(null)) },
    ...(next === null ? [] : [
      { ...group, keys: "Shift+P", label: "Pick, then next photo", run: () => { choose("picked")(targets()); next(); } },
      { ...group, keys: "Shift+X", label: "Reject, then next photo", run: () => { choose("rejected")(targets()); next(); } },
    ]),
    { ...group, keys: "Mod+z", label: "Undo", run: () => undoPick(goTo) },
    { ...group, keys: "Mod+Shift+z Mod+y", label: "Do again", run: () => redoPick(goTo) },
  ]);

  return { choose: (pick) => choose(pick)(targets()), rate: (rating) => rate(rating)(targets()) };
}
