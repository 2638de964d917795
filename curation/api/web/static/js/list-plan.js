// How a long list is cut into blocks of whole rows, and where the arrow keys lead from a place of it. Only arithmetic.

/**
 * Cut a list into blocks.
 *
 * @param {number[]} counts The number of cells under each heading; one number without headings.
 * @param {number} columns The number of cells in a row.
 * @param {number} size About how many cells a block has.
 */
export function planOf(counts, columns, size) {
  const perBlock = columns * Math.max(1, Math.ceil(size / columns));
  const sections = [];
  const blocks = [];
  let start = 0;
  counts.forEach((count, section) => {
    sections.push({ start, count });
    for (let at = 0; at < count; at += perBlock) {
      blocks.push({ start: start + at, count: Math.min(perBlock, count - at), section, isFirst: at === 0 });
    }
    start += count;
  });
  const total = start;

  const blockAt = (index) => {
    let [low, high] = [0, blocks.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (blocks[middle].start <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const sectionAt = (index) => sections.findIndex(({ start: first, count }) => index >= first && index < first + count);
  const sectionBeside = (place, by) => {
    for (let at = place + by; at >= 0 && at < sections.length; at += by) if (sections[at].count) return sections[at];
    return null;
  };

  // One row up or down; across a heading, to the same column of the section beside it.
  function row(index, by) {
    const place = sectionAt(index);
    const { start: first, count } = sections[place];
    const at = index - first;
    const column = at % columns;
    const to = at + by * columns;
    const lastRow = Math.floor((count - 1) / columns);
    if (to >= 0 && to < count) return first + to;
    if (by > 0 && Math.floor(at / columns) < lastRow) return first + count - 1;
    const beside = sectionBeside(place, by);
    if (!beside) return index;
    const start = by > 0 ? 0 : Math.floor((beside.count - 1) / columns) * columns;
    return beside.start + Math.min(beside.count - 1, start + column);
  }

  /** The place that a key leads to; undefined for other keys. `rows`: those in sight. */
  function step(index, key, rows = 4) {
    if (!total) return undefined;
    const clamp = (to) => Math.max(0, Math.min(total - 1, to));
    const many = (by) => {
      let to = index;
      for (let count = 0; count < rows; count++) to = row(to, by);
      return to;
    };
    const run = {
      ArrowLeft: () => clamp(index - 1), ArrowRight: () => clamp(index + 1), ArrowUp: () => row(index, -1), ArrowDown: () => row(index, 1),
      PageUp: () => many(-1), PageDown: () => many(1), Home: () => 0, End: () => total - 1,
    }[key];
    return run?.();
  }

  return { blocks, total, columns, blockAt: (index) => blocks[blockAt(index)], step };
}
