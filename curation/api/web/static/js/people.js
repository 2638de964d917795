// The grid of people: moving, labelling, selecting, merging.

import { fragment, get } from "./api.js";
import { askText } from "./dialog.js";
import { counted, make } from "./dom.js";
import { rovingGrid } from "./grid.js";
import { bind, hold, isWriting } from "./keyboard.js";
import { longList, partsOf } from "./long-list.js";
import {
  ignoreStrangers, labelsChangedElsewhere, labelsRead, merge, notAPerson, setCategory, setName,
} from "./people-actions.js";
import { showCorrections } from "./corrections.js";
import { startFromBehind } from "./from-behind.js";
import { startKnownQuestions } from "./known-question.js";
import { completeNames } from "./names.js";
import { startQuestions } from "./question.js";
import { root } from "./root.js";
import { selection } from "./selection.js";
import { toast, toastError } from "./toast.js";
import { startToldQuestions } from "./told-question.js";
import { keepPlace, withWayBack } from "./view-state.js";
import { openViewer } from "./viewer.js";

const INSPECT_AFTER_MS = 140;
const MAX_REFRESHED = 8; // for more cards, fetching the whole grid is faster
const NARROW = window.matchMedia("(max-width: 1000px)");

const gridElement = document.getElementById("people-grid");

if (gridElement) start();

function start() {
  const cardsElement = document.getElementById("cards");
  const inspector = document.getElementById("inspector");
  const choiceBar = document.getElementById("choice-bar");
  const search = document.getElementById("search");

  const card = (id) => cardsElement.querySelector(`[data-id="${id}"]`);
  const chosen = selection(gridElement, { onChange: drawChoice });
  const list = longList(cardsElement, {
    fetch: partsOf((offset, limit) => `${root}/fragments/people/cards?${asked({ offset, limit })}`),
    ids: async () => (await get(`${root}/fragments/people/ids?${asked()}`)).ids,
    blockClass: "cards", blockRole: "row", size: 60, noun: ["person", "people"],
    onFilled: () => chosen.repaint(),
  });
  const grid = rovingGrid(gridElement, { list, onMove: (target) => inspectSoon(target.dataset.id) });

  // What the keys M, I, O, G and X work on: the selected people, or else the one in focus.
  const inFocus = () => document.activeElement?.closest?.("[role=gridcell]") ?? null;
  const targets = () => {
    if (chosen.ids.size) return [...chosen.ids];
    const focused = inFocus() ?? grid.current();
    return focused ? [focused.dataset.id] : [];
  };

  function categorise(ids, category) {
    if (!ids.length) return;
    if (ids.length === 1 && card(ids[0])?.dataset.category === (category ?? "")) return;
    const before = ids.map((id) => [id, card(id)?.dataset.category ?? ""]);
    // Shown at once; restored if the service refuses.
    ids.forEach((id) => paintCategory(id, category ?? ""));
    setCategory(ids, category, ids.map((id) => card(id)?.dataset.title)).then((done) => {
      if (!done) before.forEach(([id, old]) => paintCategory(id, old));
    });
  }

  function paintCategory(id, category) {
    const element = card(id);
    if (!element) return;
    element.dataset.category = category;
    element.setAttribute("aria-label", `${element.dataset.title}, ${counted(Number(element.dataset.photos), "photo")}, ${category || "not labelled"}`);
    for (const button of element.querySelectorAll("button[data-category]")) {
      button.setAttribute("aria-pressed", String(button.dataset.category === category));
    }
  }

  async function mergePeople(ids, into) {
    if (ids.length < 2) {
      toast("Select two or more people (Space), then merge them");
      return;
    }
    clearTimeout(inspectTimer);
    const kept = await merge(ids, { into });
    if (kept === null) return;
    chosen.clear();
    await settled;
    await focusPerson(kept);
  }

  async function focusPerson(id) {
    const at = await list.find(id).catch(() => -1);
    if (at >= 0) await grid.focusAt(at);
    else if (grid.current()) grid.focusOn(grid.current());
  }

  // Which people are shown; the age only where the page can filter by it.
  const shownFilters = () => {
    const { show, age, wears } = gridElement.dataset;
    return { show, ...(age ? { age } : {}), ...(wears ? { wears } : {}) };
  };

  // What is asked of the service for the people who are shown.
  const asked = (more = {}) => new URLSearchParams({ ...shownFilters(), q: new URL(location.href).searchParams.get("q") ?? "", ...more });

  // Fetch what is in sight of the grid again, and restore the focus.
  async function reload() {
    clearTimeout(inspectTimer);
    const focused = inFocus();
    const at = list.indexOf(focused);
    const headers = await list.refresh().catch(toastError);
    if (!headers) return;
    labelsRead(headers.get("X-Labels-ETag"));
    if (chosen.ids.size || (focused && !card(focused.dataset.id))) {
      const there = new Set(await list.ids().catch(() => chosen.ids));
      chosen.set([...chosen.ids].filter((id) => there.has(id)));
    }
    if (focused && list.total()) {
      const again = card(focused.dataset.id);
      if (again) grid.focusOn(again);
      else await grid.focusAt(Math.max(0, Math.min(at, list.total() - 1)));
    }
    if (inspected !== null) inspect(inspected);
  }

  function drawChoice(ids) {
    choiceBar.hidden = ids.size === 0;
    document.getElementById("choice-count").textContent = `${counted(ids.size, "person", "people")} selected`;
    choiceBar.querySelector("[data-act=merge]").disabled = ids.size < 2;
  }

  // The person beside the grid

  let inspected = null;
  let inspectTimer = 0;

  function inspectSoon(id) {
    if (NARROW.matches) return; // on narrow screens it covers the grid, so that only a tap opens it
    clearTimeout(inspectTimer);
    if (id === inspected) return;
    inspectTimer = setTimeout(() => card(id) && inspect(id), inspected === null ? 0 : INSPECT_AFTER_MS);
  }

  async function inspect(id) {
    clearTimeout(inspectTimer);
    inspected = id;
    if (id === null) {
      inspector.hidden = true;
      inspector.replaceChildren();
      return;
    }
    const html = await fragment(`${root}/fragments/people/${id}/inspector`).catch(toastError);
    if (id !== inspected) return; // in the meantime the user has moved on
    if (html === "") inspect(null); // there is no such person any more
    if (!html) return;
    show(html);
    if (NARROW.matches) card(id)?.scrollIntoView({ block: "nearest" });
  }

  // The field in which a name is being typed stays, with the focus and the caret; what is around it is replaced.
  function show(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").querySelector(".inspector-inside");
    const typed = isOf(inspected) && nameField() === document.activeElement ? nameField().closest(".person-name") : null;
    inspector.hidden = false;
    if (typed) {
      const parts = [...fresh.children];
      const at = parts.findIndex((part) => part.matches(".person-name"));
      for (const part of [...typed.parentElement.children]) if (part !== typed) part.remove();
      typed.before(...parts.slice(0, at));
      typed.after(...parts.slice(at + 1));
    } else {
      inspector.replaceChildren(fresh);
      completeNames(nameField());
    }
  }

  const nameField = () => inspector.querySelector("[data-name-field]");
  const isOf = (id) => inspector.querySelector("[data-person]")?.dataset.person === id;

  function paintInspector(person) {
    if (inspected !== String(person.cluster_id) || inspector.hidden) return;
    inspector.querySelector("h2").textContent = person.name ?? `Person ${person.cluster_id}`;
    for (const button of inspector.querySelectorAll("[data-set-category]")) {
      button.setAttribute("aria-pressed", String(button.dataset.setCategory === person.category));
    }
    const field = inspector.querySelector("[data-name-field]");
    if (document.activeElement !== field) field.value = field.defaultValue = person.name ?? "";
  }

  // The field is there at once, before the service has said what else there is of the person.
  function editName(id) {
    const one = card(id);
    if (!one) return;
    if (inspector.hidden || !isOf(id)) {
      const { title, name, category } = one.dataset;
      inspector.hidden = false;
      inspector.replaceChildren(make("div", { class: "inspector-inside", dataset: { person: id, title } },
        make("header", { class: "inspector-head" },
          make("img", { src: one.querySelector("img").src, alt: "", width: 72, height: 72 }),
          make("div", {}, make("h2", {}, title), make("p", { class: "small muted" }, counted(Number(one.dataset.photos), "photo")))),
        make("div", { class: "person-name" }, make("input", {
          class: "field", type: "text", dataset: { nameField: "" }, value: name, placeholder: `Name of person ${id}`,
          "aria-label": `Name of person ${id}`, maxlength: 80, autocomplete: "off", spellcheck: "false", enterkeyhint: "done",
        })),
        make("p", { class: "visually-hidden" }, category || "not labelled")));
      completeNames(nameField());
      inspect(id);
    }
    nameField().select();
  }

  // The next person's field is open before the name of this one is saved.
  function nameNext(id) {
    const at = list.indexOf(card(id)) + 1;
    if (at < 1 || at >= list.total()) {
      leaveName();
      return;
    }
    const next = list.at(at);
    if (next) {
      grid.focusOn(next);
      editName(next.dataset.id);
    } else hold(grid.focusAt(at).then(() => { const there = list.at(at); if (there) editName(there.dataset.id); }));
  }

  const leaveName = () => {
    const target = inspected === null ? null : card(inspected);
    (target ?? grid.current())?.focus();
  };

  inspector.addEventListener("keydown", async (event) => {
    const field = event.target.closest("[data-name-field]");
    if (!field || event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      field.value = field.defaultValue;
      leaveName();
    } else if (event.key === "Enter") {
      event.preventDefault();
      const id = inspected;
      const name = field.value.trim();
      const isNew = name !== field.defaultValue;
      field.defaultValue = name; // so that leaving the field does not save it once more
      if (event.shiftKey) leaveName();
      else nameNext(id);
      if (isNew) await setName(id, name);
    }
  });
  // On a tablet users do not press Enter: leaving the field saves, too.
  inspector.addEventListener("change", async (event) => {
    const field = event.target.closest("[data-name-field]");
    if (!field || !field.isConnected || field.value.trim() === field.defaultValue) return;
    if (document.activeElement === field) return;
    const value = field.value.trim();
    field.defaultValue = value;
    await setName(inspected, value);
  });
  inspector.addEventListener("click", (event) => {
    const category = event.target.closest("[data-set-category]")?.dataset.setCategory;
    if (category) categorise([inspected], category);
    const act = event.target.closest("[data-act]")?.dataset.act;
    if (act === "close-inspector") inspect(null);
    if (act === "not-a-person") dismiss([inspected]);
    const face = event.target.closest("[data-face]");
    if (face) {
      const all = [...inspector.querySelectorAll("[data-face]")];
      openViewer(all.map((one) => ({ photo: one.dataset.photo, face: one.dataset.face })), all.indexOf(face));
    }
  });

  async function dismiss(ids) {
    if (await notAPerson(ids, card(ids[0])?.dataset.title)) chosen.clear();
  }

  // Mouse and touch

  gridElement.addEventListener("click", (event) => {
    const cell = event.target.closest("[role=gridcell]");
    if (!cell) return;
    const { id } = cell.dataset;
    const category = event.target.closest("button[data-category]");
    if (category) {
      cell.focus();
      // A second click removes the category.
      const off = category.getAttribute("aria-pressed") === "true" && !cell.dataset.name;
      categorise(chosen.has(id) ? [...chosen.ids] : [id], off ? null : category.dataset.category);
      return;
    }
    if (event.target.closest(".card-check")) {
      if (event.target.matches("input")) {
        cell.focus();
        if (event.shiftKey) chosen.extendTo(id);
        else chosen.toggle(id, event.target.checked);
      }
      return;
    }
    const link = event.target.closest("a");
    if (link && (event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    cell.focus();
    if (event.shiftKey) chosen.extendTo(id);
    else if (NARROW.matches || inspected === null) inspect(id);
  });
  gridElement.addEventListener("dblclick", (event) => {
    const cell = event.target.closest("[role=gridcell]");
    if (cell && event.target.closest("a, .card-name")) open(cell);
  });
  const open = (cell) => { location.href = withWayBack(`${root}/review/people/${cell.dataset.id}`); };

  let dragged = null;
  gridElement.addEventListener("dragstart", (event) => {
    dragged = event.target.closest("[role=gridcell]");
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.title);
    const picture = dragged.querySelector("img");
    event.dataTransfer.setDragImage(picture, picture.width / 2, picture.height / 2);
    dragged.toggleAttribute("data-dragged", true);
  });
  const overCard = (event) => {
    const over = event.target.closest?.("[role=gridcell]");
    return dragged && over && over !== dragged ? over : null;
  };
  gridElement.addEventListener("dragover", (event) => {
    const over = overCard(event);
    for (const marked of gridElement.querySelectorAll("[data-drop]")) if (marked !== over) marked.removeAttribute("data-drop");
    if (!over) return;
    event.preventDefault();
    over.toggleAttribute("data-drop", true);
  });
  gridElement.addEventListener("drop", (event) => {
    const over = overCard(event);
    if (!over) return;
    event.preventDefault();
    const moved = chosen.has(dragged.dataset.id) ? [...chosen.ids] : [dragged.dataset.id];
    mergePeople([...new Set([over.dataset.id, ...moved])], over.dataset.id);
  });
  gridElement.addEventListener("dragend", () => {
    for (const marked of gridElement.querySelectorAll("[data-drop], [data-dragged]")) {
      marked.removeAttribute("data-drop");
      marked.removeAttribute("data-dragged");
    }
    dragged = null;
  });

  choiceBar.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (!button) return;
    const ids = [...chosen.ids];
    const run = {
      category: () => categorise(ids, button.dataset.category),
      merge: () => mergePeople(ids),
      "not-a-person": () => dismiss(ids),
      clear: () => { chosen.clear(); grid.current()?.focus(); },
    }[button.dataset.act];
    run();
  });

  document.getElementById("strangers-button").addEventListener("click", async () => {
    const text = await askText({
      title: "Ignore strangers", text: "Everybody without a label who is in fewer photos than this becomes “other”.",
      label: "Fewer photos than", value: "3", type: "number", min: 1, yes: "Ignore them",
    });
    if (text) ignoreStrangers(Number(text));
  });
  document.getElementById("corrections-button").addEventListener("click", showCorrections);

  // The search updates the same page, so that the focus stays where it is.
  let searchTimer = 0;
  const find = async () => {
    const address = new URL(location.href);
    if (search.value.trim()) address.searchParams.set("q", search.value.trim());
    else address.searchParams.delete("q");
    history.replaceState(history.state, "", address);
    await Promise.all([reload(), refreshFilters()]);
  };
  search.addEventListener("input", () => {
    clearTimeout(searchTimer);
    searchTimer = setTimeout(find, 180);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "Enter") {
      event.preventDefault();
      clearTimeout(searchTimer);
      find().then(() => grid.current()?.focus());
    } else if (event.key === "Escape" && !search.value) search.blur();
  });

  function refreshFilters() {
    const q = new URL(location.href).searchParams.get("q") ?? "";
    const query = new URLSearchParams({ ...shownFilters(), q });
    return htmx.ajax("GET", `${root}/fragments/people/filters?${query}`, { target: "#filters", swap: "innerHTML" });
  }

  const selectAll = () => hold(list.ids().then((ids) => chosen.set(ids)).catch(toastError));

  // Keys

  const onGrid = { group: "People" };
  const idle = () => !chosen.ids.size;
  bind([
    { ...onGrid, keys: "ArrowRight", shown: "← ↑ ↓ →", label: "Move", run: () => grid.current()?.focus() },
    { ...onGrid, keys: "ArrowDown ArrowLeft ArrowUp", hidden: true, label: "Move", run: () => grid.current()?.focus() },
    { ...onGrid, keys: "m", label: "Main person", run: () => categorise(targets(), "main") },
    { ...onGrid, keys: "i", label: "Important", run: () => categorise(targets(), "important") },
    { ...onGrid, keys: "o", label: "Other", run: () => categorise(targets(), "other") },
    { ...onGrid, keys: "u", label: "No label", run: () => categorise(targets(), null) },
    { ...onGrid, keys: "n", label: "Edit the name; Enter goes on to the next person, Shift+Enter stays", run: () => { const [id] = targets(); if (id) editName(id); } },
    { ...onGrid, keys: "Enter", label: "All faces", when: () => inFocus() !== null, run: () => open(inFocus()) },
    { ...onGrid, keys: "Space", label: "Select", run: () => { const cell = inFocus() ?? grid.current(); if (cell) { cell.focus(); chosen.toggle(cell.dataset.id); } } },
    { ...onGrid, keys: "Mod+a", label: "Select all shown", run: selectAll },
    { ...onGrid, keys: "g", label: "Merge the selected people", run: () => hold(mergePeople(targets())) },
    { ...onGrid, keys: "Delete", shown: "Del", label: "Not a person", run: () => hold(dismiss(targets())) },
    { ...onGrid, keys: "Escape", label: "Clear the selection; close", run: () => { if (idle()) inspect(null); else chosen.clear(); } },
  ]);

  let settled = Promise.resolve();
  document.addEventListener("curation:changed", ({ detail }) => { settled = showChange(detail); });

  async function showChange(detail) {
    // A label changes a card in its place, so that it does not vanish under the pointer. All else is fetched again.
    if (detail.labels && detail.ids && detail.ids.length <= MAX_REFRESHED) {
      await Promise.all([refreshCards(detail.ids), refreshFilters()]);
    } else await hold(Promise.all([reload(), refreshFilters()]));
  }

  async function refreshCards(ids) {
    await Promise.all(ids.map(async (id) => {
      const person = await get(`${root}/people/${id}`).catch(() => null);
      const element = card(id);
      if (person) paintInspector(person);
      if (!person || !element) return;
      const name = person.name ?? "";
      element.dataset.name = name;
      element.dataset.title = name || `Person ${id}`;
      const title = element.querySelector(".card-name");
      title.textContent = element.dataset.title;
      title.classList.toggle("card-nameless", !name);
      paintCategory(id, person.category ?? "");
    }));
  }

  // After editing cluster_labels.json elsewhere, the user sees the new labels.
  document.addEventListener("visibilitychange", async () => {
    if (document.visibilityState === "visible" && await labelsChangedElsewhere()) {
      await Promise.all([reload(), refreshFilters()]);
      toast("The labels were changed elsewhere; the page shows the current ones");
    }
  });

  startQuestions(document.getElementById("question"));
  const behind = document.getElementById("from-behind");
  if (behind) startFromBehind(behind);
  const known = document.getElementById("known-question");
  if (known) startKnownQuestions(known);
  startToldQuestions(document.getElementById("told-question"));
  const restore = async (id) => {
    const at = await list.find(lastShown() ?? id).catch(() => -1);
    return at < 0 ? null : list.reach(at);
  };
  hold(keepPlace({ focused: () => grid.current()?.dataset.id ?? null, restore })).then(() => {
    if (!NARROW.matches && grid.current() && inspected === null) inspect(grid.current().dataset.id);
  });
}

/** The person whose page was left last, so that going back leads to the card of that one; told once. */
function lastShown() {
  const id = sessionStorage.getItem("curation-person");
  sessionStorage.removeItem("curation-person");
  return id;
}
