// A list of which only the parts that are looked at are in the page, however one gets there: by scrolling, by the End key,
// by dragging the scroll bar, or because the focus returns to an item far down.
//
// The service says how many cells there are, and renders the first ones. The list is cut into blocks of whole rows; a
// block that is not there yet keeps its place free, and is fetched when it comes near. Blocks far away are emptied again.

import { fragmentOf } from "./api.js";
import { make } from "./dom.js";
import { planOf } from "./list-plan.js";

const AHEAD_PX = 900; // fetched before they are in sight
const LOOK_AFTER_MS = 50;
const AT_ONCE = 3; // requests
const MOST_BLOCKS = 16; // that are kept
const SAY_AFTER_MS = 1200;

/** Fetches parts of a list from a fragment that takes `offset` and `limit` and says X-Total-Count. */
export const partsOf = (addressOf) => async (offset, limit) => {
  const { text, headers } = await fragmentOf(addressOf(offset, limit));
  const total = headers.get("X-Total-Count");
  return { html: text, total: total === null ? undefined : Number(total), headers };
};

/**
 * @param {HTMLElement} element Holds the first cells, and has `data-total`.
 * @param {object} options
 *   `fetch(offset, limit)`: a promise of {html, total, headers}, see `partsOf`;
 *   `cell`: the selector of a cell; each has `data-id`;
 *   `ids()`: a promise of the ids of all cells in their order: for a selection across parts that are not there;
 *   `blockClass`, `blockRole`: of the element around the cells of a block; it lays them out as a grid or as a list;
 *   `size`: about how many cells are fetched at once;
 *   `sections`: [{count, heading: Element}], the cells under each heading, if there are headings;
 *   `noun`: [one, many], what a cell is, for what is said;
 *   `isKept(block)`: whether a block must not be emptied, because something is open in it;
 *   `onFilled(cells)`: called with cells that are new in the page.
 */
export function longList(element, {
  fetch: fetchPart, cell = "[role=gridcell]", ids: fetchIds, blockClass = "", blockRole = null, size = 60, sections = null,
  noun = ["entry", "entries"], isKept = () => false, onFilled = () => {},
}) {
  const cells = new Map(); // by place
  const places = new WeakMap();
  let counts = sections ? sections.map((section) => section.count) : [Number(element.dataset.total ?? 0)];
  let plan = null;
  let blocks = [];
  let rowPx = 0;
  let gapPx = 0;
  let generation = 0;
  let running = 0;
  let lookTimer = 0;
  let known = null; // the ids, once they were asked for

  const near = new Set();
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const block = blocks.find((one) => one.element === target);
      if (!block) continue;
      if (isIntersecting) near.add(block);
      else near.delete(block);
    }
    lookSoon();
  }, { rootMargin: `${AHEAD_PX}px 0px` });

  const isWhole = (block) => block.isDone || !missing(block);
  function missing({ start, count }) {
    let [from, to] = [-1, -1];
    for (let at = start; at < start + count; at++) {
      if (cells.has(at)) continue;
      if (from < 0) from = at;
      to = at + 1;
    }
    return from < 0 ? null : [from, to];
  }

  // Layout

  function columnsNow() {
    const probe = blocks[0]?.element ?? element.appendChild(newBlock());
    const style = getComputedStyle(probe);
    const tracks = style.display.includes("grid") ? style.gridTemplateColumns.split(" ").length : 1;
    gapPx = Number.parseFloat(style.rowGap) || 0;
    if (!blocks.length) probe.remove();
    return Math.max(1, tracks);
  }

  const newBlock = () => make("div", { class: `long-list-block ${blockClass}` });

  function layOut() {
    const focused = element.contains(document.activeElement) ? document.activeElement : null;
    plan = planOf(counts, columnsNow(), size);
    const kept = [...cells.entries()].map(([at, one]) => [at, withFollowers(one)]);
    observer.disconnect();
    near.clear();
    blocks = plan.blocks.map((block) => ({ ...block, element: newBlock(), isDone: false, loading: null }));
    const parts = blocks.flatMap((block) => (sections && block.isFirst && sections[block.section]?.heading
      ? [sections[block.section].heading, block.element] : [block.element]));
    for (const [at, group] of kept.sort(([a], [b]) => a - b)) if (at < plan.total) blocks[placeOfBlock(at)].element.append(...group);
    if (rowPx) blocks.forEach(reserve); // else the page would be short for a moment, and lose its place
    if (plan.total) element.replaceChildren(...parts); // else what the service says instead of cells stays
    measure();
    for (const block of blocks) {
      reserve(block);
      observer.observe(block.element);
    }
    if (focused?.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
  }

  const placeOfBlock = (index) => plan.blocks.indexOf(plan.blockAt(index));
  const blockOf = (index) => blocks[placeOfBlock(index)];

  // A cell and what was put after it that is no cell of the list, such as the photos of an open stack.
  function withFollowers(one) {
    const group = [one];
    for (let next = one.nextElementSibling; next && !places.has(next); next = next.nextElementSibling) group.push(next);
    return group;
  }

  function measure() {
    const there = blocks.filter((block) => cells.has(block.start));
    const one = there.find((block) => near.has(block) && isWhole(block)) ?? there.find(isWhole) ?? there.find((block) => !block.reserved);
    if (!one) return;
    const inside = [...one.element.children].filter((child) => places.has(child)).length;
    const { height } = one.element.getBoundingClientRect();
    if (inside && height) rowPx = (height + gapPx) / Math.ceil(inside / plan.columns);
  }

  function reserve(block) {
    const isThere = isWhole(block);
    block.reserved = !isThere;
    block.element.toggleAttribute("data-waiting", !isThere);
    if (isThere && blockRole) block.element.setAttribute("role", blockRole);
    else if (blockRole && !cells.has(block.start)) block.element.removeAttribute("role");
    const rows = Math.ceil(block.count / plan.columns);
    const px = block.wasPx ?? Math.max(1, Math.round(rows * rowPx - gapPx));
    if (isThere) block.element.style.removeProperty("min-height");
    else block.element.style.setProperty("min-height", `${px}px`);
  }

  // Fetching

  function lookSoon() {
    clearTimeout(lookTimer);
    lookTimer = setTimeout(look, LOOK_AFTER_MS);
  }

  const distance = (block) => {
    const { top, bottom } = block.element.getBoundingClientRect();
    return Math.max(0, top - window.innerHeight, -bottom);
  };

  function look() {
    const wanted = [...near].filter((block) => !isWhole(block) && !block.loading && !block.hasFailed);
    wanted.sort((a, b) => distance(a) - distance(b));
    for (const block of wanted) {
      if (running >= AT_ONCE) break;
      load(block);
    }
    emptyFarOnes();
    sayPlace();
  }

  function load(block) {
    if (isWhole(block)) return Promise.resolve();
    block.loading ??= loadNow(block).finally(() => {
      block.loading = null;
      lookSoon();
    });
    return block.loading;
  }

  async function loadNow(block) {
    const mine = generation;
    const [from, to] = missing(block);
    running++;
    block.hasFailed = false;
    block.element.querySelector(".long-list-failed")?.closest("[data-failed]").remove();
    try {
      const answer = await fetchPart(from, to - from);
      if (mine !== generation) return;
      // Something changed meanwhile: what is fetched now would not fit to what is there.
      if (!sections && answer.total !== undefined && answer.total !== plan.total) {
        setTimeout(() => self.refresh());
        return;
      }
      fill(blockOf(from), from, to - from, answer.html);
    } catch (error) {
      if (mine !== generation) return;
      if (error.name !== "Problem") console.error(error);
      fail(blockOf(from), error);
    } finally {
      running--;
    }
  }

  function content(html) {
    const template = document.createElement("template");
    template.innerHTML = html; // of the service, where every name is escaped
    return template.content;
  }
  const parse = (html) => [...content(html).querySelectorAll(cell)];

  function fill(block, from, wanted, html) {
    const before = anchorNow();
    const all = parse(html);
    const fresh = all.slice(0, block.start + block.count - from);
    fresh.forEach((one, at) => {
      one.tabIndex = one.matches(cell) && one.hasAttribute("tabindex") ? -1 : one.tabIndex;
      if (cells.has(from + at)) return;
      cells.set(from + at, one);
      places.set(one, from + at);
      let next = from + at + 1;
      while (next < block.start + block.count && !cells.has(next)) next++;
      const follower = cells.get(next);
      if (follower?.parentElement === block.element) follower.before(one);
      else block.element.append(one);
    });
    if (all.length < wanted) block.isDone = true; // the service has fewer than it said
    delete block.wasPx;
    reserve(block);
    const old = rowPx;
    measure();
    if (Math.abs(old - rowPx) > 1) for (const other of blocks) if (!isWhole(other)) reserve(other);
    keepAnchor(before);
    onFilled(fresh);
  }

  function fail(block, error) {
    block.hasFailed = true;
    const again = make("button", { type: "button", class: "button", on: { click: () => { block.hasFailed = false; load(block); } } }, "Try again");
    const inside = make("div", { class: "long-list-failed", role: "alert" }, make("p", {}, `These could not be loaded. ${error.message}`), again);
    block.element.append(blockRole === "row"
      ? make("div", { role: "row", dataset: { failed: "" } }, make("div", { role: "gridcell" }, inside))
      : make("div", { dataset: { failed: "" } }, inside));
  }

  function emptyFarOnes() {
    const there = blocks.filter((block) => cells.has(block.start) && !near.has(block));
    const most = Math.max(2, MOST_BLOCKS - near.size);
    if (there.length <= most) return;
    const free = there.filter((block) => !block.loading && !block.element.contains(document.activeElement) && !isKept(block.element));
    free.sort((a, b) => distance(b) - distance(a));
    for (const block of free.slice(0, there.length - most)) empty(block);
  }

  function empty(block) {
    block.wasPx = Math.round(block.element.getBoundingClientRect().height);
    for (let at = block.start; at < block.start + block.count; at++) cells.delete(at);
    block.isDone = false;
    reserve(block);
    block.element.replaceChildren();
  }

  // "120 of 298"

  const shown = make("p", { class: "long-list-place", "aria-hidden": "true", hidden: true });
  const spoken = make("p", { class: "visually-hidden", role: "status" });
  (element.closest("[role=grid], [role=list]") ?? element).after(shown, spoken);
  let sayTimer = 0;
  let frame = 0;
  let anchor = null;

  function sayPlace() {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => {
      anchor = anchorNow();
      const all = plan.total;
      const last = lastInSight();
      const isAll = last >= all && element.getBoundingClientRect().top >= 0;
      shown.hidden = isAll || all === 0;
      const text = `${last.toLocaleString("en")} of ${all.toLocaleString("en")}`;
      if (shown.textContent === text) return;
      shown.textContent = text;
      clearTimeout(sayTimer);
      if (!isAll) sayTimer = setTimeout(() => { spoken.textContent = `${text} ${all === 1 ? noun[0] : noun[1]}`; }, SAY_AFTER_MS);
    });
  }

  // What stays where it is on the screen when the rows are wrapped anew: the item in focus, or else the first one in sight.
  function anchorNow() {
    const isSeen = (one) => {
      const { top, bottom } = one.getBoundingClientRect();
      return bottom > 0 && top < window.innerHeight;
    };
    const focused = document.activeElement?.closest?.(cell);
    const found = focused && places.has(focused) && isSeen(focused) ? focused
      : [...near].filter((block) => isSeen(block.element)).sort((a, b) => a.start - b.start)
        .flatMap((block) => [...block.element.children]).find((one) => places.has(one) && isSeen(one));
    return found ? { one: found, top: found.getBoundingClientRect().top } : null;
  }

  function keepAnchor(wanted = anchor) {
    if (!wanted?.one.isConnected) return;
    const by = wanted.one.getBoundingClientRect().top - wanted.top;
    if (Math.abs(by) > 1) window.scrollBy({ top: by, behavior: "instant" });
  }

  function lastInSight() {
    let last = 0;
    for (const block of near) {
      const { top, bottom, height } = block.element.getBoundingClientRect();
      if (top >= window.innerHeight) continue;
      const rows = Math.ceil(block.count / plan.columns);
      const seen = bottom <= window.innerHeight ? rows : Math.max(1, Math.floor((window.innerHeight - top) / ((height + gapPx) / rows)));
      last = Math.max(last, block.start + Math.min(block.count, seen * plan.columns));
    }
    return Math.max(last, Math.min(1, plan.total));
  }

  window.addEventListener("scroll", sayPlace, { passive: true });
  let widthPx = 0;
  const sizes = new ResizeObserver(([entry]) => {
    if (Math.abs(entry.contentRect.width - widthPx) < 1 || !plan) return;
    widthPx = entry.contentRect.width;
    if (columnsNow() !== plan.columns) layOut();
    else {
      for (const block of blocks) delete block.wasPx;
      measure();
      blocks.forEach(reserve);
    }
    keepAnchor();
  });
  sizes.observe(element);

  let reaching = 0;

  const self = {
    element,
    total: () => plan.total,
    columns: () => plan.columns,
    /** The place of a cell; -1 if it is none of the list. */
    indexOf: (one) => places.get(one) ?? -1,
    /** The cell at a place; null while it is not there. */
    at: (index) => cells.get(index) ?? null,
    /** Where a key leads from a place. */
    step: (index, key) => plan.step(index, key, Math.max(1, Math.floor((window.innerHeight * 0.8) / (rowPx || window.innerHeight)))),
    /** Scroll to a place and fetch what is there; null if it cannot be had, or another place was asked for meanwhile. */
    async reach(index) {
      const mine = ++reaching;
      if (!plan.total) return null;
      const to = Math.max(0, Math.min(plan.total - 1, index));
      if (!cells.has(to)) {
        const block = blockOf(to);
        const row = Math.floor((to - block.start) / plan.columns);
        const top = block.element.getBoundingClientRect().top + window.scrollY + row * rowPx;
        window.scrollTo({ top: top - window.innerHeight / 2, behavior: "instant" });
        await load(block);
      }
      return mine === reaching ? cells.get(to) ?? null : null;
    },
    /** Another list takes the place of this one: nothing is fetched or said any more. */
    stop() {
      generation++;
      clearTimeout(lookTimer);
      clearTimeout(sayTimer);
      window.removeEventListener("scroll", sayPlace);
      observer.disconnect();
      sizes.disconnect();
    },
    /** The ids of all cells in their order. */
    async ids() {
      known ??= fetchIds ? fetchIds() : allIds();
      const asked = known;
      return asked.catch((error) => {
        if (known === asked) known = null;
        throw error;
      });
    },
    /** The place of an id; -1 if there is none. */
    async find(id) {
      for (const [at, one] of cells) if (one.dataset.id === id) return at;
      return (await self.ids()).indexOf(id);
    },
    /** Fetch what is in sight again; the rest follows when it is looked at. Returns the headers of the first answer. */
    async refresh() {
      const mine = ++generation;
      known = null;
      const focused = cells.get(self.indexOf(document.activeElement?.closest?.(cell)));
      const wanted = blocks.filter((block) => (near.has(block) && distance(block) === 0) || (focused && block.element.contains(focused)));
      const ranges = (wanted.length ? wanted : blocks.slice(0, 1)).map(({ start, count }) => [start, count]);
      if (!ranges.length) ranges.push([0, size]);
      const answers = await Promise.all(ranges.map(([from, limit]) => fetchPart(from, limit)));
      if (mine !== generation) return null;
      const total = answers[0].total;
      if (total !== undefined) counts = [total];
      if (total === 0) element.replaceChildren(content(answers[0].html));
      const fresh = new Map();
      ranges.forEach(([from], at) => parse(answers[at].html).forEach((one, next) => fresh.set(from + next, one)));
      cells.clear();
      for (const [at, one] of fresh) {
        cells.set(at, one);
        places.set(one, at);
      }
      layOut();
      onFilled([...cells.values()]);
      lookSoon();
      return answers[0].headers ?? null;
    },
  };

  async function allIds() {
    const found = [];
    while (found.length < plan.total) {
      const { html } = await fetchPart(found.length, Math.min(1000, plan.total - found.length));
      const more = parse(html).map((one) => one.dataset.id);
      if (!more.length) break;
      found.push(...more);
    }
    return found;
  }

  [...element.querySelectorAll(cell)].forEach((one, at) => {
    cells.set(at, one);
    places.set(one, at);
  });
  layOut();
  return self;
}
