// Places are kept: what a view shows is in its address, Back leads to where one was, and a view knows where one came from.

const BACK = "from"; // the query parameter that says where one came from

/** The present value of a parameter of the address; empty if it is not there. */
export const stateOf = (name) => new URL(location.href).searchParams.get(name) ?? "";

/**
 * Write values into the address, so that reloading, Back and a bookmark lead to the same view.
 *
 * @param {Record<string, string|number|null|undefined>} values Null, undefined and "" remove a parameter.
 * @param {{push?: boolean}} [options] `push`: a step of its own for Back, for what the user sees as another page.
 */
export function writeState(values, { push = false } = {}) {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined || value === "") address.searchParams.delete(name);
    else address.searchParams.set(name, String(value));
  }
  if (address.href === location.href) return;
  if (push) history.pushState({}, "", address);
  else history.replaceState(history.state, "", address);
}

/** The address of another page of this service that leads back here: its Escape and its arrow go where one came from. */
export function withWayBack(address) {
  const to = new URL(address, location.href);
  to.searchParams.set(BACK, location.pathname + location.search);
  return to.pathname + to.search + to.hash;
}

/** Where one came from; `otherwise` if that is not said, or is not an address of this service's pages. */
export function wayBack(otherwise) {
  const from = stateOf(BACK);
  const isOurs = /^\/(?![/\\])/.test(from) && new URL(from, location.href).origin === location.origin;
  return isOurs && /\/review\//.test(from) ? from : otherwise;
}

/**
 * Restore the place of a view when one returns to it, and remember it when it is left: the item that had the focus, and
 * where it was on the screen.
 *
 * @param {{focused: () => string|null, restore: (id: string) => Promise<HTMLElement|null>}} view
 *   `focused`: the id of the item in focus, or of the one with the tab stop; `restore`: brings an item into the page (a
 *   long list fetches it) and gives its element.
 * @returns {Promise<boolean>} Whether a place was restored.
 */
export async function keepPlace({ focused, restore }) {
  history.scrollRestoration = "manual"; // the browser knows nothing of what is fetched later
  // Written while the page is left, into its own entry of the history.
  window.addEventListener("pagehide", () => {
    const id = focused();
    const active = document.activeElement;
    // The item need not be in focus: the user may have scrolled away from it.
    const element = id && active?.dataset.id !== id ? document.querySelector(`[data-id="${CSS.escape(id)}"]`) ?? active : active;
    const top = element && element !== document.body ? Math.round(element.getBoundingClientRect().top) : null;
    history.replaceState({ ...history.state, place: { id, top, scrollPx: Math.round(window.scrollY) } }, "");
  });
  const place = history.state?.place;
  // A page that is opened anew begins at its top; Back, forward and reloading restore.
  const [entry] = performance.getEntriesByType("navigation");
  if (!place || !["back_forward", "reload"].includes(entry?.type)) return false;
  if (!place.id) {
    window.scrollTo({ top: place.scrollPx, behavior: "instant" });
    return false;
  }
  const element = await restore(place.id);
  if (!element) return false;
  element.focus({ preventScroll: true });
  const top = element.getBoundingClientRect().top;
  window.scrollBy({ top: top - (place.top ?? window.innerHeight / 3), behavior: "instant" });
  return true;
}
