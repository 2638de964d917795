// Why a photo is good or not, in words; fetched for many photos at once, after they are shown.

import { get } from "./api.js";
import { make } from "./dom.js";
import { root } from "./root.js";

const AT_ONCE = 100;

/** Reasons by photo id; photos without reasons are skipped. */
export async function reasonsOf(ids) {
  const found = new Map();
  for (let start = 0; start < ids.length; start += AT_ONCE) {
    const query = new URLSearchParams(ids.slice(start, start + AT_ONCE).map((id) => ["photo_id", id]));
    const { photos } = await get(`${root}/reasons?${query}`);
    for (const photo of photos) found.set(photo.photo_id, photo.reasons);
  }
  return found;
}

/** Insert the reasons against a photo into the cards of `root` that are marked with data-why. */
export async function fillReasons(root) {
  const cards = [...root.querySelectorAll("[data-why]")];
  if (!cards.length) return;
  for (const card of cards) card.removeAttribute("data-why");
  let found;
  try {
    found = await reasonsOf([...new Set(cards.map((card) => card.dataset.id))]);
  } catch {
    return; // the cards show the reasons of the table already
  }
  for (const card of cards) {
    const bad = (found.get(card.dataset.id) ?? []).filter((reason) => reason.kind === "bad");
    const place = card.querySelector(".why");
    if (!bad.length || !place) continue;
    const vetoes = new Set([...place.querySelectorAll("b")].map((veto) => veto.textContent));
    const parts = bad.map(({ text }) => {
      const veto = [...vetoes].find((one) => text.startsWith(one));
      if (!veto) return [text];
      vetoes.delete(veto);
      return [make("b", {}, veto), text.slice(veto.length)];
    });
    const rest = [...vetoes].map((veto) => [make("b", {}, veto)]);
    place.classList.remove("why-fine");
    place.replaceChildren(...[...rest, ...parts].flatMap((part, at) => (at ? ["; ", ...part] : part)));
    place.title = place.textContent;
  }
}

/** A list of all reasons of one photo, with links to better ones. */
export function reasonList(reasons, { addressOf, iconOf }) {
  return reasons.map(({ kind, text, face_id: face, better_photo_id: better }) => make("li", { dataset: { kind, ...(face ? { face } : {}) } },
    iconOf(kind),
    make("span", {}, text, ...(better ? [" ", make("a", { href: addressOf(better), dataset: { go: better } }, "Show it")] : []))));
}
