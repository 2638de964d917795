// The gallery: filters, moving, picking one or many photos, and going to one photo or to the comparison.

import { fragment } from "./api.js";
import { counted, make } from "./dom.js";
import { exifSwitch } from "./exif.js";
import { bind, hold } from "./keyboard.js";
import { leaveFor, paintRecent, pickControls, restOf } from "./picks.js";
import { followRanking } from "./ranking.js";
import { fillReasons } from "./reasons.js";
import { root } from "./root.js";
import { shotList } from "./shot-list.js";
import { shotSelection } from "./shot-selection.js";
import { timeline } from "./timeline.js";
import { toast } from "./toast.js";
import { startToldOffer } from "./told-offer.js";
import { keepPlace } from "./view-state.js";

const MOST_COMPARED = 4;
const SEARCH_AFTER_MS = 250;
const CAMERAS_AFTER_MS = 1500;
const NOTE_AFTER_MS = 200;
const LOOKS = new Set(["order", "heads", "stacks"]);
const SIZE_KEY = "curation.size";
const FOLD_KEY = "curation.filters";
const gallery = document.getElementById("gallery");

if (gallery) start();

function start() {
  const filters = document.getElementById("filters");
  const total = document.getElementById("total");
  let shots = null;

  const cell = (id) => gallery.querySelector(`.shot[data-id="${id}"]`);
  const inFocus = () => document.activeElement?.closest?.(".shot") ?? null;
  const current = () => inFocus() ?? shots?.grid.current() ?? null;
  const element = () => document.getElementById("photo-grid");
  const stored = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const store = (key, value) => { try { localStorage.setItem(key, value); } catch { /* It holds for this page. */ } };

  // Filters

  function query() {
    const data = new FormData(filters);
    const pairs = [...data].filter(([name, value]) => name !== "stacks" && value !== "");
    const params = new URLSearchParams(pairs);
    if (!filters.elements.stacks.checked) params.set("stacks", "off");
    if (params.get("order") !== "time") params.delete("heads");
    return params;
  }

  const addressWith = (params) => (params.size ? `${root}/review/photos?${params}` : `${root}/review/photos`);

  let asked = 0;
  // Another view: after a filter, from the top; `stay`: the same one in its new order, at the same photo.
  async function refresh({ stay = false } = {}) {
    const turn = ++asked;
    const params = query();
    const here = current()?.dataset.id;
    const hadFocus = inFocus() !== null;
    history.replaceState(history.state, "", addressWith(params));
    describeFilters(params);
    await hold(htmx.ajax("GET", `${root}/fragments/photos/gallery?${params}`, { target: gallery, swap: "innerHTML" }));
    if (turn !== asked) return;
    wireGrid();
    if (stay && here) await (hadFocus ? shots?.goTo(here) : shots?.list.find(here).then((place) => shots.list.reach(place)));
    else window.scrollTo({ top: 0 });
  }

  filters.addEventListener("change", (event) => {
    if (!event.target.name || event.target === search) return;
    const others = document.getElementById("others");
    if (event.target === others && others.value) {
      // Reload the page: a chosen person is shown among the faces.
      location.assign(`${root}/review/photos?${query()}`);
      return;
    }
    refresh();
  });
  filters.addEventListener("submit", (event) => {
    event.preventDefault();
    refresh();
  });

  const search = document.getElementById("search");
  let searchTimer = 0;
  search.addEventListener("input", () => {
    clearTimeout(searchTimer);
    searchTimer = setTimeout(refresh, SEARCH_AFTER_MS);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    if (event.key === "Escape" && search.value) {
      search.value = "";
      refresh();
    } else current()?.focus();
  });

  function describeFilters(params) {
    const names = new Set([...params.keys()].filter((name) => !LOOKS.has(name)));
    document.getElementById("clear-filters").hidden = !names.size;
    filters.toggleAttribute("data-by-time", params.get("order") === "time");
    const folded = [...names].filter((name) => !["pick", "q"].includes(name)).length;
    const count = document.getElementById("fold-count");
    count.hidden = !folded;
    count.textContent = String(folded);
  }

  function countTotal() {
    const { total: photos = 0, shown = 0, unknown = 0 } = element()?.dataset ?? gallery.querySelector("[data-total]")?.dataset ?? {};
    const places = Number(shown);
    const all = counted(Number(photos), "photo");
    total.textContent = places && places < Number(photos) ? `${all} in ${counted(places, "place")}` : all;
    if (Number(unknown)) total.textContent += `; of ${Number(unknown).toLocaleString("en")} more it is not known`;
  }

  // Folded away on narrow screens; on wide ones as it was left.
  const fold = document.getElementById("fold");
  const NARROW = window.matchMedia("(max-width: 900px)");
  function setFold(isOpen) {
    filters.toggleAttribute("data-open", isOpen);
    fold.setAttribute("aria-expanded", String(isOpen));
  }
  fold.addEventListener("click", () => {
    const isOpen = fold.getAttribute("aria-expanded") !== "true";
    setFold(isOpen);
    if (!NARROW.matches) store(FOLD_KEY, isOpen ? "open" : "");
  });
  setFold(!NARROW.matches && stored(FOLD_KEY) === "open");

  const strip = document.getElementById("timeline");
  if (strip) timeline(strip, () => refresh());

  // The cameras come in while they are read.
  const cameras = document.getElementById("camera-filters");
  async function readOn() {
    if (!cameras.querySelector("[data-reading]")) return;
    const html = await fragment(`${root}/fragments/photos/cameras?${query()}`).catch(() => null);
    // Whoever is choosing keeps the list that is open.
    if (html !== null && !cameras.contains(document.activeElement)) {
      cameras.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
    }
    setTimeout(readOn, CAMERAS_AFTER_MS);
  }
  setTimeout(readOn, CAMERAS_AFTER_MS);

  function setSize(size) {
    gallery.dataset.size = size;
    for (const one of filters.querySelectorAll("[data-size]")) one.setAttribute("aria-checked", String(one.dataset.size === size));
  }
  setSize(["s", "m", "l"].includes(stored(SIZE_KEY)) ? stored(SIZE_KEY) : "m");
  filters.addEventListener("click", (event) => {
    const { size } = event.target.closest("[data-size]")?.dataset ?? {};
    if (!size) return;
    store(SIZE_KEY, size);
    setSize(size);
    current()?.scrollIntoView({ block: "center" });
  });

  // The grid

  function wireGrid() {
    const found = element();
    shots?.list.stop?.();
    shots = found && shotList(found, {
      onFilled: dress,
      onMove: () => {},
      onSelect: (from, count) => chosen.addPlaces(from, count),
    });
    countTotal();
    dress();
  }

  function dress() {
    chosen.paint();
    paintRecent(gallery);
    fillReasons(gallery);
    for (const one of gallery.querySelectorAll("[data-stack]")) markStack(one);
  }

  // How many photos of a closed stack are picked, besides the one in sight.
  function markStack(front) {
    const picked = restOf(front).filter((one) => one.pick === "picked").length;
    front.querySelector(".stack-picked").textContent = picked ? `✓${picked}` : "";
  }

  function addressOf(id) {
    const shown = element();
    const parts = [shown.dataset.query, `view=${shown.dataset.view}`].filter(Boolean);
    return `${root}/review/photos/${id}?${parts.join("&")}`;
  }

  function open(target) {
    if (!target) return;
    rememberPlace(target.dataset.id);
    leaveFor(addressOf(target.dataset.id));
  }

  // So that the browser's back button leads to the same photo in the same order.
  function rememberPlace(id) {
    const shown = element();
    const parts = [shown.dataset.query, `view=${shown.dataset.view}`, `at=${id}`].filter(Boolean);
    history.replaceState(history.state, "", `${root}/review/photos?${parts.join("&")}`);
  }

  gallery.addEventListener("click", (event) => {
    const target = event.target.closest(".shot");
    if (!target) return;
    const act = event.target.closest("[data-act]")?.dataset.act;
    if (event.target.closest("button[data-pick], button[data-star]")) return;
    if (act === "stack") shots.toggleStack(target);
    else if (event.shiftKey) {
      const from = current()?.dataset.id;
      shots.grid.focusOn(target);
      chosen.extendTo(target.dataset.id, from);
    } else if (act === "mark" || event.ctrlKey || event.metaKey) {
      shots.grid.focusOn(target);
      chosen.toggle(target.dataset.id);
    } else if (event.target.closest(".shot-picture")) open(target);
    else target.focus();
  });

  // Many photos

  const bar = document.getElementById("compare-bar");
  const thumbs = document.getElementById("compare-thumbs");
  const openLink = document.getElementById("compare-open");
  const chosen = shotSelection(gallery, { shots: () => shots, onChange: drawChoice });

  function drawChoice(ids) {
    bar.hidden = ids.size === 0;
    document.getElementById("compare-count").textContent = ids.size ? counted(ids.size, "photo") : "";
    thumbs.replaceChildren(...[...ids].slice(0, MOST_COMPARED).map((id) => make("img", {
      src: `${root}/photos/${id}/picture?size=thumbnail`, alt: cell(id)?.dataset.name ?? "", width: 44, height: 44,
    })));
    const shown = element();
    const most = [...ids].slice(0, MOST_COMPARED);
    openLink.href = `${root}/review/compare?${[`ids=${most.join(",")}`, shown?.dataset.query, shown && `view=${shown.dataset.view}`].filter(Boolean).join("&")}`;
    openLink.setAttribute("aria-disabled", String(ids.size < 2 || ids.size > MOST_COMPARED));
  }

  // What keys work on: the selected photos, or else the one in focus.
  const targets = () => (chosen.ids.size
    ? [...chosen.ids].map((id) => cell(id) ?? { photo_id: id, pick: null, rating: null })
    : [current()].filter(Boolean));
  const controls = pickControls(gallery, {
    targets,
    next: () => { const one = current(); if (one) shots.next(one); },
    standsFor: (one) => (one instanceof Element && one.dataset.stack && !one.hasAttribute("data-open") ? restOf(one) : []),
    goTo: showUndone,
  });
  for (const button of bar.querySelectorAll("[data-choice]")) button.addEventListener("click", () => controls.choose(button.dataset.choice || null));
  document.getElementById("choice-stars").addEventListener("change", ({ target }) => {
    if (target.value !== "") controls.rate(Number(target.value) || null);
    target.value = "";
  });

  // Undone photos come into focus; if this view does not show them, it says so.
  async function showUndone(ids) {
    for (const id of ids) if (await shots?.goTo(id)) return;
    const inStack = ids.map((id) => gallery.querySelector(`[data-stack][data-rest*="${id}"]`)).find(Boolean);
    if (inStack) shots.grid.focusOn(inStack);
  }

  function compare() {
    const target = current();
    if (!chosen.ids.size && target?.dataset.stack) {
      compareStack(target);
      return;
    }
    if (chosen.ids.size < 2) toast("Select two to four photos with Space, then compare them");
    else if (chosen.ids.size > MOST_COMPARED) toast(`At most ${MOST_COMPARED} photos can be compared`);
    else {
      if (target) rememberPlace(target.dataset.id);
      leaveFor(openLink.href);
    }
  }

  // A stack with nothing selected: compare its best photos.
  function compareStack(target) {
    chosen.set([target.dataset.id, ...restOf(target).map((one) => one.photo_id)].slice(0, MOST_COMPARED));
    compare();
  }

  openLink.addEventListener("click", (event) => {
    event.preventDefault();
    compare();
  });
  document.getElementById("compare-clear").addEventListener("click", () => { chosen.clear(); current()?.focus(); });

  const repaintExif = exifSwitch(gallery);

  // Keys

  function extend(key) {
    const from = current();
    if (!from || !shots) return;
    const to = shots.list.step(shots.placeFrom(from), key);
    if (to === undefined) return;
    const start = from.dataset.id;
    shots.grid.focusAt(to).then(() => {
      const here = inFocus();
      if (here) chosen.extendTo(here.dataset.id, start);
    });
  }

  const onGrid = { group: "Photos" };
  const here = (run) => () => { const one = current(); if (one && shots) run(one); };
  bind([
    { ...onGrid, keys: "ArrowRight ArrowDown ArrowLeft ArrowUp", shown: "← ↑ ↓ →", label: "Move", run: () => shots?.grid.current()?.focus() },
    { ...onGrid, keys: "Enter", label: "Open the photo", when: () => inFocus() !== null && document.activeElement === inFocus(), run: () => open(inFocus()) },
    { ...onGrid, keys: "s", label: "Open or close the stack", run: here((one) => shots.toggleStack(one)) },
    { ...onGrid, keys: "b", label: "Next stack", run: here((one) => hold(shots.nextStack(one))) },
    { ...onGrid, keys: "]", label: "Next heading", when: () => shots?.hasSections === true, run: here((one) => shots.besideSection(one, 1)) },
    { ...onGrid, keys: "[", label: "Heading before", when: () => shots?.hasSections === true, run: here((one) => shots.besideSection(one, -1)) },
    { ...onGrid, keys: "Space", label: "Select", when: () => inFocus() !== null && document.activeElement === inFocus(), run: () => chosen.toggle(inFocus().dataset.id) },
    { ...onGrid, keys: "Shift+ArrowRight Shift+ArrowLeft Shift+ArrowDown Shift+ArrowUp Shift+Home Shift+End", shown: "Shift + arrows", label: "Select on", run: (event) => extend(event.key) },
    { ...onGrid, keys: "Mod+a", label: "Select all of this view", run: () => chosen.all() },
    { ...onGrid, keys: "c", label: "Mark for comparison", run: here((one) => { one.focus(); chosen.toggle(one.dataset.id); }) },
    { ...onGrid, keys: "v", label: "Compare the selected photos", run: compare },
    { ...onGrid, keys: "t", label: "By time, or by rank", run: () => { filters.elements.order.value = filters.elements.order.value === "time" ? "" : "time"; refresh({ stay: true }); } },
    { ...onGrid, keys: "/", label: "Find a file name", run: () => { search.focus(); search.select(); } },
    { ...onGrid, keys: "q", label: "Filters", run: () => { setFold(true); document.querySelector("#more-filters select").focus(); } },
    { ...onGrid, keys: "Escape", label: "Clear the selection", run: () => { chosen.clear(); current()?.focus(); } },
  ]);

  document.addEventListener("curation:picked", () => {
    for (const one of gallery.querySelectorAll("[data-stack]")) markStack(one);
  });
  // Ranked anew, because of a label, a correction or a rule: the same photos in their new order.
  document.addEventListener("curation:ranking", () => refresh({ stay: true }));

  followRanking({ version: gallery.dataset.ranking, note: document.getElementById("ranking-note") });

  wireGrid();
  startToldOffer(document.getElementById("told-offer"), () => refresh({ stay: true }));
  describeFilters(query());
  drawChoice(chosen.ids);
  repaintExif();
  arrive();

  async function arrive() {
    const { at, place } = gallery.dataset;
    if (at && shots) {
      await shots.grid.focusAt(Number(place));
      const one = cell(at) ?? inFocus();
      if (one) {
        shots.grid.focusOn(one);
        one.scrollIntoView({ block: "center" });
      }
    }
    await keepPlace({
      focused: () => placeNow()?.dataset.id ?? null,
      restore: async (id) => (await shots?.goTo(id) ? cell(id) : null),
    });
    // Also while the page is open: what is written as it is reloaded may be lost.
    window.addEventListener("scroll", noteSoon, { passive: true });
    gallery.addEventListener("focusin", noteSoon);
  }

  // The photo in focus, unless the user has scrolled away from it; then the first one in sight.
  function placeNow() {
    const isSeen = (one) => {
      const { top, bottom } = one.getBoundingClientRect();
      return bottom > filters.getBoundingClientRect().bottom && top < window.innerHeight;
    };
    const focused = current();
    if (focused && isSeen(focused)) return focused;
    return [...gallery.querySelectorAll(".shot")].find(isSeen) ?? focused;
  }

  let noteTimer = 0;
  function noteSoon() {
    clearTimeout(noteTimer);
    noteTimer = setTimeout(() => {
      const one = placeNow();
      if (!one) return;
      const place = { id: one.dataset.id, top: Math.round(one.getBoundingClientRect().top), scrollPx: Math.round(window.scrollY) };
      history.replaceState({ ...history.state, place }, "");
    }, NOTE_AFTER_MS);
  }
}
