// The selection in a grid, by id, so that it survives when fragments are fetched again.

/**
 * @param {Element} grid Its cells have `data-id`; selected ones get aria-selected="true".
 * @param {(ids: Set<string>) => void} onChange
 */
export function selection(grid, { cell = "[role=gridcell]", onChange = () => {} } = {}) {
  const chosen = new Set();
  let last = null;

  const paint = () => {
    for (const element of grid.querySelectorAll(cell)) {
      const is = chosen.has(element.dataset.id);
      element.setAttribute("aria-selected", String(is));
      const box = element.querySelector("input[type=checkbox]");
      if (box) box.checked = is;
    }
    grid.toggleAttribute("data-choosing", chosen.size > 0);
    onChange(chosen);
  };
  const self = {
    ids: chosen,
    has: (id) => chosen.has(id),
    toggle(id, on = !chosen.has(id)) {
      if (on) chosen.add(id);
      else chosen.delete(id);
      last = id;
      paint();
    },
    /** Select all cells from the last selected one to this one, like Shift and a click. */
    extendTo(id) {
      const order = [...grid.querySelectorAll(cell)].map((element) => element.dataset.id);
      const [from, to] = [order.indexOf(last), order.indexOf(id)].sort((a, b) => a - b);
      for (const between of from < 0 ? [id] : order.slice(from, to + 1)) chosen.add(between);
      last = id;
      paint();
    },
    set(ids) {
      chosen.clear();
      for (const id of ids) chosen.add(String(id));
      paint();
    },
    clear: () => self.set([]),
    /** To be called after fragments were fetched again. */
    repaint: paint,
  };
  return self;
}
