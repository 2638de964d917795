// Selecting many photos: Space, Ctrl or Cmd and a click, Shift and a click or the arrows, and a frame drawn with the mouse.

import { make } from "./dom.js";
import { toastError } from "./toast.js";

const DRAG_PX = 8;
const EDGE_PX = 60; // near the upper and lower edge of the window, the page scrolls under the frame
const EDGE_STEP_PX = 14;

/**
 * @param {HTMLElement} gallery Holds the cells, also after another list is put in.
 * @param {object} options `shots()`: the present list, see shot-list.js; `onChange(values)`: called with a map from photo id
 *   to the cell or, for photos that are not in the page, null.
 */
export function shotSelection(gallery, { shots, onChange }) {
  const chosen = new Set();
  let anchor = null; // the id from which Shift extends
  let lead = null; // the id up to which it went
  let base = new Set(); // what was selected before Shift

  const cellOf = (id) => gallery.querySelector(`.shot[data-id="${id}"]`);

  function paint() {
    for (const one of gallery.querySelectorAll(".shot")) {
      const is = chosen.has(one.dataset.id);
      one.setAttribute("aria-selected", String(is));
      one.querySelector("[data-act=mark]").setAttribute("aria-pressed", String(is));
    }
    gallery.toggleAttribute("data-marking", chosen.size > 0);
  }
  function changed() {
    paint();
    onChange(chosen);
  }

  const self = {
    ids: chosen,
    paint,
    has: (id) => chosen.has(id),
    cellOf,
    toggle(id) {
      if (chosen.has(id)) chosen.delete(id);
      else chosen.add(id);
      anchor = lead = id;
      base = new Set(chosen);
      changed();
    },
    clear() {
      chosen.clear();
      base.clear();
      anchor = lead = null;
      changed();
    },
    set(ids) {
      chosen.clear();
      for (const id of ids) chosen.add(id);
      base = new Set(chosen);
      changed();
    },
    /** Select all cells from the anchor to this one; `from` is the anchor if there is none yet. */
    async extendTo(id, from = null) {
      if (anchor === null || !gallery.querySelector("#photo-grid")) {
        anchor = from ?? id;
        base = new Set(chosen);
      }
      lead = id;
      const order = await orderOf();
      if (lead !== id) return; // the user is further already
      const [one, other] = [order.indexOf(anchor), order.indexOf(id)].sort((a, b) => a - b);
      chosen.clear();
      for (const was of base) chosen.add(was);
      for (const between of one < 0 ? [id] : order.slice(one, other + 1)) chosen.add(between);
      changed();
    },
    async addPlaces(start, count) {
      try {
        const ids = await shots().list.ids();
        for (const id of ids.slice(start, start + count)) chosen.add(id);
        base = new Set(chosen);
        changed();
      } catch (error) {
        toastError(error);
      }
    },
    async all() {
      await self.addPlaces(0, shots()?.list.total() ?? 0);
    },
  };

  // The ids in their order, with the photos of open stacks behind their fronts.
  async function orderOf() {
    const ids = await shots().list.ids().catch(() => []);
    const open = gallery.querySelectorAll(".shot[data-open]");
    if (!open.length) return ids;
    const behind = new Map([...open].map((front) => [front.dataset.id,
      [...gallery.querySelectorAll(`.shot-of-burst[data-burst="${front.dataset.burst}"]`)].map((one) => one.dataset.id)]));
    return ids.flatMap((id) => [id, ...(behind.get(id) ?? [])]);
  }

  drawFrames(gallery, { start: () => new Set(chosen), select: (ids) => self.set(ids) });
  return self;
}

// A frame drawn with the mouse selects what it touches; with Ctrl, Cmd or Shift in addition to what is selected.
function drawFrames(gallery, { start, select }) {
  let from = null;
  let frame = null;
  let before = new Set();
  let timer = 0;
  let at = { x: 0, y: 0 };

  gallery.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType !== "mouse" || event.target.closest("button, a, input, select")) return;
    from = { x: event.pageX, y: event.pageY };
    before = event.ctrlKey || event.metaKey || event.shiftKey ? start() : new Set();
  });
  window.addEventListener("pointermove", (event) => {
    if (!from) return;
    at = { x: event.clientX, y: event.clientY };
    if (!frame) {
      if (Math.hypot(event.pageX - from.x, event.pageY - from.y) < DRAG_PX) return;
      frame = document.body.appendChild(make("div", { class: "lasso" }));
      timer = setInterval(scrollAtEdge, 16);
    }
    event.preventDefault();
    draw();
  });
  const end = () => {
    clearInterval(timer);
    from = null;
    if (!frame) return;
    frame.remove();
    frame = null;
    // The click that ends a frame must not open a photo.
    window.addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => window.removeEventListener("click", swallow, { capture: true }));
  };
  const swallow = (event) => { event.stopPropagation(); event.preventDefault(); };
  window.addEventListener("pointerup", end);
  window.addEventListener("pointercancel", end);

  function scrollAtEdge() {
    if (at.y < EDGE_PX) window.scrollBy(0, -EDGE_STEP_PX);
    else if (at.y > window.innerHeight - EDGE_PX) window.scrollBy(0, EDGE_STEP_PX);
    else return;
    draw();
  }

  function draw() {
    const to = { x: at.x + window.scrollX, y: at.y + window.scrollY };
    const box = { left: Math.min(from.x, to.x), top: Math.min(from.y, to.y), right: Math.max(from.x, to.x), bottom: Math.max(from.y, to.y) };
    frame.style.setProperty("left", `${box.left}px`);
    frame.style.setProperty("top", `${box.top}px`);
    frame.style.setProperty("width", `${box.right - box.left}px`);
    frame.style.setProperty("height", `${box.bottom - box.top}px`);
    const ids = new Set(before);
    for (const one of gallery.querySelectorAll(".shot")) {
      const cell = one.getBoundingClientRect();
      const [x, y] = [cell.left + window.scrollX, cell.top + window.scrollY];
      if (x < box.right && x + cell.width > box.left && y < box.bottom && y + cell.height > box.top) ids.add(one.dataset.id);
    }
    select(ids);
  }
}
