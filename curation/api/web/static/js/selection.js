// What is chosen in a grid, kept by id so that it outlives fragments that are fetched anew.

/**
 * @param {Element} grid Cells carry `data-id`; chosen ones get aria-selected="true".
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
    /** Choose all from the one that was chosen last to this one, as Shift and a click do. */
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
    /** After fragments were fetched anew. */
    repaint: paint,
  };
  return self;
}
