// The photos that were chosen on the page Coverage, for the page Export; stored as long as the browser tab is open.

const KEY = "curation.choice";

export function storeChoice(ids) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(ids));
  } catch {
    // Without storage the choice can still be turned into picks.
  }
}

export function chosenPhotos() {
  try {
    const ids = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(ids) ? ids.filter((id) => typeof id === "string" && /^[0-9a-f]{16}$/.test(id)) : [];
  } catch {
    return [];
  }
}
