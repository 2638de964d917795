// Links to single photos on pages other than the gallery: Escape leads from the photo back to where it was opened, with all
// that the address of that page says, and the arrow keys go through the photos in the order in which they stand there.

import { root } from "./root.js";

const MOST_PHOTOS = 2000;
const KEY = "curation:walk";

/** Where the page is. */
const here = () => location.pathname + location.search;

/**
 * Make links to photos within an element lead back to this page.
 *
 * @param {Element} holder Contains them, now or later.
 */
export function linkPhotos(holder) {
  const prefix = `${root}/review/photos/`;
  const idOf = (link) => {
    const address = new URL(link.href, location.href);
    return address.origin === location.origin && address.pathname.startsWith(prefix) ? address.pathname.slice(prefix.length) : null;
  };
  // Before the press: a link opened in a new tab leads back as well.
  for (const name of ["pointerdown", "focusin", "click"]) {
    holder.addEventListener(name, (event) => {
      const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
      const id = link && idOf(link);
      if (!id) return;
      const address = new URL(link.href, location.href);
      address.searchParams.set("from", here());
      link.href = address.pathname + address.search;
      const list = link.closest("ul, ol, tbody, [data-walk]") ?? holder;
      const ids = [...list.querySelectorAll("a[href]")].map(idOf).filter(Boolean);
      keepWalk(here(), [...new Set(ids)]);
    }, { capture: true });
  }
}

function keepWalk(from, ids) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ from, ids: ids.slice(0, MOST_PHOTOS) }));
  } catch {
    // Without it the arrow keys go through all photos.
  }
}

/** The ids of the photos of the page that an address leads back to; null if they are not known. */
export function walkFrom(from) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    return kept && kept.from === from && kept.ids.length > 1 ? kept.ids : null;
  } catch {
    return null;
  }
}
