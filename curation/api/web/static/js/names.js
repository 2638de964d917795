// Completion of names by those that people of this event have already.

import { get } from "./api.js";
import { complete } from "./dialog.js";

export async function knownNames(start) {
  const found = await get(`/people/names?${new URLSearchParams({ q: start })}`);
  return found.names.map((known) => known.name ?? known);
}

/** Let a field offer the names. */
export function completeNames(field) {
  complete(field, knownNames);
}
