// The choice of the page Choose: its photos for the page Export, as long as the browser tab is open, and what was asked for,
// for who comes back by the menu. Each event has its own.

import { root } from "./root.js";

const PHOTOS = `curation.choice${root}`;
const ASKED = `curation.choice-asked${root}`;

/**
 * @param {string[]} ids Of the chosen photos.
 * @param {Record<string, string>} [asked] The parameters of the page's address.
 */
export function storeChoice(ids, asked = null) {
  try {
    sessionStorage.setItem(PHOTOS, JSON.stringify(ids));
    if (asked) localStorage.setItem(ASKED, JSON.stringify(asked));
  } catch {
    // Without storage the choice can still be turned into picks.
  }
}

export function chosenPhotos() {
  try {
    const ids = JSON.parse(sessionStorage.getItem(PHOTOS) ?? "[]");
    return Array.isArray(ids) ? ids.filter((id) => typeof id === "string" && /^[0-9a-f]{16}$/.test(id)) : [];
  } catch {
    return [];
  }
}

/** What was asked for the last time, as parameters of the page's address. */
export function recallChoice() {
  try {
    const asked = JSON.parse(localStorage.getItem(ASKED) ?? "{}");
    return asked && typeof asked === "object" ? Object.fromEntries(Object.entries(asked).filter(([, value]) => typeof value === "string")) : {};
  } catch {
    return {};
  }
}
