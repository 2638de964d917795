// The grid of photos: its parts come when they are looked at, headings stand between them, and bursts open in their place.

import { get } from "./api.js";
import { counted, make } from "./dom.js";
import { rovingGrid } from "./grid.js";
import { longList, partsOf } from "./long-list.js";
import { root } from "./root.js";
import { toast } from "./toast.js";

const CELL = ".shot";
const AT_ONCE = 90;

/**
 * @param {HTMLElement} element #photo-grid, as the service renders it.
 * @param {object} options `onFilled(cells)`: called with cells that are new in the page; `onMove(cell)`: with the cell that
 *   gets the focus; `onSelect(from, count)`: somebody wants to select all cells under a heading.
 */
export function shotList(element, { onFilled, onMove, onSelect }) {
  const asked = (more) => {
    const params = new URLSearchParams(element.dataset.query);
    params.set("view", element.dataset.view);
    for (const [name, value] of Object.entries(more)) params.set(name, value);
    return params;
  };
  const sections = JSON.parse(element.dataset.sections || "[]");
  let start = 0;
  const headed = sections.map((section) => {
    const heading = headingOf(section, start, onSelect);
    start += section.count;
    return { count: section.count, heading, start: start - section.count };
  });
  const list = longList(element.querySelector(".long-list"), {
    fetch: partsOf((offset, limit) => `${root}/fragments/photos/cards?${asked({ offset, limit })}`),
    ids: async () => (await get(`${root}/fragments/photos/ids?${asked({})}`)).ids,
    cell: CELL, blockClass: "shots", blockRole: "row", size: AT_ONCE, noun: ["place", "places"],
    sections: headed.length ? headed : null,
    isKept: (block) => block.querySelector("[data-open]") !== null,
    onFilled,
  });
  const grid = rovingGrid(element, { cell: CELL, list, onMove });

  const frontOf = (member) => element.querySelector(`${CELL}[data-stack][data-burst="${member.dataset.burst}"]`);

  async function toggleStack(target, { focus = true } = {}) {
    const front = target.matches(".shot-of-burst") ? frontOf(target) : target;
    if (!front?.dataset.stack) return;
    const button = front.querySelector("[data-act=stack]");
    const isOpen = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!isOpen));
    front.toggleAttribute("data-open", !isOpen);
    const marker = front.dataset.burst;
    for (const one of element.querySelectorAll(`.shot-of-burst[data-burst="${marker}"]`)) one.remove();
    if (isOpen) {
      if (focus) grid.focusOn(front);
      return;
    }
    const holder = document.createElement("div");
    try {
      const response = await fetch(`${root}/fragments/photos/bursts/${marker}`, { headers: { "hx-request": "true" } });
      if (!response.ok) throw new Error();
      // HTML of the service, inserted as htmx would do it.
      const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
      holder.append(...parsed.querySelectorAll(CELL));
    } catch {
      toast("The photos of this burst could not be loaded. Is the service still running?", { kind: "bad" });
      button.setAttribute("aria-expanded", "false");
      front.removeAttribute("data-open");
      return;
    }
    const members = [...holder.children].filter((one) => one.dataset.id !== front.dataset.id);
    members.at(-1)?.classList.add("shot-of-burst-last");
    front.after(...members);
    onFilled(members);
  }

  // To the cell after this one, past the photos of an open stack.
  function placeFrom(target) {
    const place = list.indexOf(target.matches(".shot-of-burst") ? frontOf(target) ?? target : target);
    return place < 0 ? 0 : place;
  }

  return {
    element,
    list,
    grid,
    toggleStack,
    placeFrom,
    /** The next cell, also within an open stack. */
    next(target) {
      const beside = target.nextElementSibling;
      if (beside?.matches(".shot-of-burst")) grid.focusOn(beside);
      else grid.focusAt(Math.min(list.total() - 1, placeFrom(target) + 1));
    },
    /** The first cell under the next heading, or the one before. */
    besideSection(target, by) {
      const place = placeFrom(target);
      const at = headed.findLastIndex((section) => section.start <= place);
      // Backwards, first to the beginning of this one.
      const to = by < 0 && headed[at]?.start < place ? at : at + by;
      if (headed[to]) grid.focusAt(headed[to].start);
    },
    hasSections: headed.length > 1,
    /** The next stack after a cell. */
    async nextStack(target) {
      const place = placeFrom(target);
      for (let at = place + 1; at < list.total(); at++) {
        const cell = list.at(at) ?? await list.reach(at);
        if (!cell) return;
        if (cell.dataset.stack) {
          grid.focusAt(at);
          return;
        }
      }
      toast("There is no stack after this one");
    },
    async goTo(id) {
      const there = element.querySelector(`${CELL}[data-id="${id}"]`);
      if (there) {
        grid.focusOn(there);
        return true;
      }
      const place = await list.find(id);
      if (place >= 0) await grid.focusAt(place);
      return place >= 0;
    },
  };
}

function headingOf({ title, note, count, photos, key }, start, onSelect) {
  const all = photos > count ? `${counted(photos, "photo")} in ${counted(count, "place")}` : counted(photos, "photo");
  return make("div", { class: "shots-head", role: "row", dataset: { key } },
    make("div", { role: "rowheader", class: "shots-head-inside" },
      make("h2", {}, title), make("span", { class: "muted" }, note), make("span", { class: "small muted" }, all),
      make("button", { type: "button", class: "button button-quiet", "aria-label": `Select all of ${title}`, on: { click: () => onSelect(start, count) } }, "Select all")));
}
