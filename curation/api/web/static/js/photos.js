// The gallery: filters, moving, picking, opening bursts, and marking photos to compare.

import { make } from "./dom.js";
import { rovingGrid } from "./grid.js";
import { bind } from "./keyboard.js";
import { leaveFor, paint, paintRecent, pickControls } from "./picks.js";
import { fillReasons } from "./reasons.js";
import { root } from "./root.js";
import { toast } from "./toast.js";

const MOST_COMPARED = 4;
const gallery = document.getElementById("gallery");

if (gallery) start();

function start() {
  const filters = document.getElementById("filters");
  const total = document.getElementById("total");
  let grid = wireGrid();

  const cell = (id) => gallery.querySelector(`.shot[data-id="${id}"]`);
  const inFocus = () => document.activeElement?.closest?.(".shot") ?? null;
  const current = () => inFocus() ?? grid?.current() ?? null;
  const element = () => document.getElementById("photo-grid");

  // Filters

  function query() {
    const data = new FormData(filters);
    const pairs = [...data].filter(([name, value]) => name !== "stacks" && value !== "" && value !== "none-of-all");
    const params = new URLSearchParams(pairs);
    if (!filters.elements.stacks.checked) params.set("stacks", "off");
    return params;
  }

  let asked = 0;
  async function refresh() {
    const turn = ++asked;
    const params = query();
    const address = params.size ? `${root}/review/photos?${params}` : `${root}/review/photos`;
    history.replaceState(history.state, "", address);
    document.getElementById("clear-filters").hidden = ![...params.keys()].some((key) => key !== "order" && key !== "stacks");
    await htmx.ajax("GET", `${root}/fragments/photos/gallery?${params}`, { target: gallery, swap: "innerHTML" });
    if (turn !== asked) return;
    grid = wireGrid();
    countTotal();
    paintMarks();
    window.scrollTo({ top: 0 });
  }

  filters.addEventListener("change", (event) => {
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

  function countTotal() {
    const shown = element();
    const photos = Number(shown?.dataset.total ?? 0);
    const stacks = Number(shown?.dataset.shown ?? 0);
    total.textContent = stacks < photos
      ? `${photos.toLocaleString("en")} photos in ${stacks.toLocaleString("en")} places` : `${photos.toLocaleString("en")} photos`;
  }

  // The grid

  function wireGrid() {
    const found = document.getElementById("photo-grid");
    if (!found) return null;
    return rovingGrid(found, { cell: ".shot" });
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

  // So that the browser's back button leads to the same photo.
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
    if (act === "stack") toggleStack(target);
    else if (act === "mark") toggleMark(target);
    else if (event.target.closest(".shot-picture")) open(target);
    else target.focus();
  });

  pickControls(gallery, { targets: () => [current()].filter(Boolean), next: () => step(1) });

  function step(by) {
    const all = grid?.cells() ?? [];
    const at = all.indexOf(current());
    if (at >= 0) grid.focusOn(all[Math.min(all.length - 1, at + by)]);
  }

  // Bursts

  async function toggleStack(target) {
    const front = target.matches(".shot-of-burst") ? frontOf(target) : target;
    if (!front?.dataset.stack) return;
    const button = front.querySelector("[data-act=stack]");
    const isOpen = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!isOpen));
    front.toggleAttribute("data-open", !isOpen);
    const marker = front.dataset.burst;
    for (const one of gallery.querySelectorAll(`.shot-of-burst[data-burst="${marker}"]`)) one.remove();
    if (isOpen) {
      grid.focusOn(front);
      return;
    }
    const holder = document.createElement("div");
    try {
      const response = await fetch(`${root}/fragments/photos/bursts/${marker}`, { headers: { "hx-request": "true" } });
      if (!response.ok) throw new Error();
      // HTML of the service, inserted as htmx would do it.
      const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
      holder.append(...parsed.querySelectorAll(".shot"));
    } catch {
      toast("The photos of this burst could not be loaded. Is the service still running?", { kind: "bad" });
      button.setAttribute("aria-expanded", "false");
      front.removeAttribute("data-open");
      return;
    }
    const members = [...holder.children].filter((one) => one.dataset.id !== front.dataset.id);
    members.at(-1)?.classList.add("shot-of-burst-last");
    front.after(...members);
    paintMarks();
    fillReasons(gallery);
  }

  function frontOf(member) {
    return gallery.querySelector(`.shot[data-stack][data-burst="${member.dataset.burst}"]`);
  }

  // Comparing

  const bar = document.getElementById("compare-bar");
  const thumbs = document.getElementById("compare-thumbs");
  const openLink = document.getElementById("compare-open");
  let marked = [];

  function toggleMark(target) {
    const { id } = target.dataset;
    if (marked.includes(id)) marked = marked.filter((one) => one !== id);
    else if (marked.length === MOST_COMPARED) {
      toast(`At most ${MOST_COMPARED} photos can be compared`);
      return;
    } else marked = [...marked, id];
    paintMarks();
  }

  function paintMarks() {
    for (const one of gallery.querySelectorAll(".shot")) {
      const place = marked.indexOf(one.dataset.id);
      const button = one.querySelector("[data-act=mark]");
      button.setAttribute("aria-pressed", String(place >= 0));
      button.querySelector("span").textContent = place >= 0 ? String(place + 1) : "";
    }
    bar.hidden = marked.length === 0;
    gallery.toggleAttribute("data-marking", marked.length > 0);
    thumbs.replaceChildren(...marked.map((id) => make("img", {
      src: `${root}/photos/${id}/picture?size=thumbnail`, alt: cell(id)?.dataset.name ?? "", width: 44, height: 44,
    })));
    const shown = element();
    openLink.href = `${root}/review/compare?${[`ids=${marked.join(",")}`, shown?.dataset.query, shown && `view=${shown.dataset.view}`].filter(Boolean).join("&")}`;
    openLink.setAttribute("aria-disabled", String(marked.length < 2));
  }

  function compare() {
    const target = current();
    if (marked.length < 2 && target?.dataset.stack && !marked.length) {
      // A stack with nothing marked: compare its best photos.
      compareStack(target);
      return;
    }
    if (marked.length < 2) toast("Mark two to four photos with C, then compare them");
    else {
      if (target) rememberPlace(target.dataset.id);
      leaveFor(openLink.href);
    }
  }

  async function compareStack(target) {
    if (!target.hasAttribute("data-open")) await toggleStack(target);
    const members = [...gallery.querySelectorAll(`.shot[data-burst="${target.dataset.burst}"]`)].slice(0, MOST_COMPARED);
    marked = members.map((one) => one.dataset.id);
    paintMarks();
    if (marked.length > 1) compare();
  }

  openLink.addEventListener("click", (event) => {
    event.preventDefault();
    compare();
  });
  document.getElementById("compare-clear").addEventListener("click", () => { marked = []; paintMarks(); current()?.focus(); });

  const onGrid = { group: "Photos" };
  bind([
    { ...onGrid, keys: "ArrowRight ArrowDown ArrowLeft ArrowUp", shown: "← ↑ ↓ →", label: "Move", run: () => grid?.current()?.focus() },
    { ...onGrid, keys: "Enter", label: "Open the photo", when: () => inFocus() !== null && document.activeElement === inFocus(), run: () => open(inFocus()) },
    { ...onGrid, keys: "b", label: "Open or close the burst", run: () => { const one = current(); if (one) toggleStack(one); } },
    { ...onGrid, keys: "c", label: "Mark for comparison", run: () => { const one = current(); if (one) { one.focus(); toggleMark(one); } } },
    { ...onGrid, keys: "v", label: "Compare the marked photos", run: compare },
    { ...onGrid, keys: "f", label: "Filters", run: () => filters.querySelector("input:checked, select")?.focus() },
    { ...onGrid, keys: "Escape", label: "Clear the marks", run: () => { marked = []; paintMarks(); } },
  ]);

  // Photos that htmx appends while the user scrolls may have been picked in the meantime.
  gallery.addEventListener("htmx:afterSettle", () => {
    paintMarks();
    paintRecent(gallery);
    fillReasons(gallery);
  });
  document.addEventListener("curation:picked", ({ detail }) => paint(gallery, detail));
  countTotal();
  paintMarks();
  fillReasons(gallery);

  const at = gallery.dataset.at && (cell(gallery.dataset.at) ?? null);
  if (at) {
    grid.focusOn(at);
    at.scrollIntoView({ block: "center" });
  }
}
