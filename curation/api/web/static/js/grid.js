// Arrow keys in a grid with a single tab stop, however its cells are wrapped into rows.

/**
 * Move the focus among the cells of a grid with the arrow keys, Home, End, Page up and Page down.
 * Cells that htmx appends later are included.
 *
 * @param {Element} grid Has role="grid".
 * @param {object} [options] `cell`: the selector of the cells; `onMove(cell)`: called with each cell that gets the focus.
 */
export function rovingGrid(grid, { cell = "[role=gridcell]", onMove = () => {} } = {}) {
  const cells = () => [...grid.querySelectorAll(cell)];

  const take = (target) => {
    for (const other of grid.querySelectorAll(`${cell}[tabindex="0"]`)) if (other !== target) other.tabIndex = -1;
    target.tabIndex = 0;
  };
  const go = (target) => {
    if (!target) return;
    take(target);
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "nearest" });
  };

  grid.addEventListener("focusin", (event) => {
    const target = event.target.closest(cell);
    if (!target) return;
    take(target);
    onMove(target);
  });

  grid.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !event.target.matches(cell)) return;
    const all = cells();
    const at = all.indexOf(event.target);
    const step = steps(all, at)[event.key];
    if (step === undefined) return;
    event.preventDefault();
    go(all[Math.max(0, Math.min(all.length - 1, step))]);
  });

  return {
    cells,
    focusOn: go,
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
