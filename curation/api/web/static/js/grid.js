// Arrow keys in a grid with a single tab stop, however its cells are wrapped into rows.

import { hold } from "./keyboard.js";

/**
 * Move the focus among the cells of a grid with the arrow keys, Home, End, Page up and Page down.
 * Cells that are added later are included.
 *
 * @param {Element} grid Has role="grid".
 * @param {object} [options] `cell`: the selector of the cells; `onMove(cell)`: called with each cell that gets the focus;
 *   `list`: the long list (long-list.js) that the grid shows, if not all of its cells are in the page.
 */
export function rovingGrid(grid, { cell = "[role=gridcell]", onMove = () => {}, list = null } = {}) {
  const cells = () => [...grid.querySelectorAll(cell)];
  let wanted = null; // the place that keys have reached, while its cell is being fetched

  const take = (target) => {
    for (const other of grid.querySelectorAll(`${cell}[tabindex="0"]`)) if (other !== target) other.tabIndex = -1;
    target.tabIndex = 0;
  };
  const go = (target) => {
    if (!target) return;
    wanted = null;
    take(target);
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "nearest" });
  };
  // Keys that act on a cell wait until the one that was asked for is there.
  const goTo = async (index) => {
    const there = list.at(index);
    if (there) {
      go(there);
      return;
    }
    wanted = index;
    const target = await hold(list.reach(index));
    if (wanted === index) wanted = null;
    if (target) go(target);
  };

  grid.addEventListener("focusin", (event) => {
    const target = event.target.closest(cell);
    if (!target) return;
    take(target);
    onMove(target);
  });

  grid.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !event.target.matches(cell)) return;
    const to = stepFrom(event.target, event.key);
    if (to === undefined) return;
    event.preventDefault();
    if (typeof to === "number") goTo(to);
    else go(to);
  });

  // A cell, or the place of one that may not be there yet.
  function stepFrom(from, key) {
    const place = list ? wanted ?? list.indexOf(from) : -1;
    if (list && wanted !== null) return list.step(wanted, key);
    const all = list ? [...from.parentElement.querySelectorAll(`:scope > ${cell}`)] : cells();
    const hasOthers = list && all.some((one) => list.indexOf(one) < 0); // such as the photos of an open stack
    if (list && place >= 0 && !hasOthers) return list.step(place, key);
    const at = all.indexOf(from);
    const to = steps(all, at)[key];
    if (to === undefined) return undefined;
    if (!list || (key !== "Home" && key !== "End" && to >= 0 && to < all.length && to !== at)) return all[Math.max(0, Math.min(all.length - 1, to))];
    // Out of this part of the list: from the nearest cell that has a place in it.
    const near = list.indexOf(all.slice(0, at + 1).findLast((one) => list.indexOf(one) >= 0) ?? all[0]);
    const isForward = ["ArrowRight", "ArrowDown", "PageDown"].includes(key);
    const edge = isForward ? all.findLast((one) => list.indexOf(one) >= 0) : all[0];
    return list.step(key === "Home" || key === "End" ? near : list.indexOf(edge), key);
  }

  return {
    cells,
    focusOn: go,
    /** Focus the cell at a place of the long list, once it is there. */
    focusAt: goTo,
    /** The cell with the tab stop. */
    current: () => grid.querySelector(`${cell}[tabindex="0"]`) ?? grid.querySelector(cell),
  };
}

function steps(all, at) {
  const columns = Math.max(1, columnsOf(all));
  const perPage = columns * 4;
  return {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at - columns < 0 ? at : at - columns,
    ArrowDown: at + columns < all.length ? at + columns : Math.floor(at / columns) < Math.floor((all.length - 1) / columns) ? all.length - 1 : at,
    PageUp: at - perPage,
    PageDown: at + perPage,
    Home: 0,
    End: all.length - 1,
  };
}

function columnsOf(all) {
  const top = all[0]?.offsetTop;
  const next = all.findIndex((element) => element.offsetTop !== top);
  return next < 0 ? all.length : next;
}
