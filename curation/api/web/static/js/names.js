// Completion of names from the known names of this event.

import { get } from "./api.js";
import { complete } from "./dialog.js";
import { root } from "./root.js";

export async function knownNames(start) {
  const found = await get(`${root}/people/names?${new URLSearchParams({ q: start })}`);
  return found.names.map((known) => known.name ?? known);
}

/** Offer the known names in a field. */
export function completeNames(field) {
  complete(field, knownNames);
}
