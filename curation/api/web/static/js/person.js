// One person with all faces: name and category, and splitting off wrong faces.

import { get } from "./api.js";
import { counted } from "./dom.js";
import { rovingGrid } from "./grid.js";
import { bind, hold } from "./keyboard.js";
import { longList, partsOf } from "./long-list.js";
import { giveFacesTo } from "./give-face.js";
import { completeNames } from "./names.js";
import { chooseCover, notAFace, notAPerson, setCategory, setName } from "./people-actions.js";
import { root } from "./root.js";
import { selection } from "./selection.js";
import { toast, toastError } from "./toast.js";
import { stateOf, wayBack } from "./view-state.js";
import { openViewer } from "./viewer.js";

const gridElement = document.getElementById("faces-grid");
const facesElement = document.getElementById("faces");
const head = document.getElementById("person-head");
const choiceBar = document.getElementById("choice-bar");
const cluster = gridElement.dataset.cluster;

const chosen = selection(gridElement, { onChange: drawChoice });
const order = gridElement.dataset.order;
const list = longList(facesElement, {
  fetch: partsOf((offset, limit) => `${root}/fragments/people/${cluster}/faces?${new URLSearchParams({ order, offset, limit })}`),
  ids: async () => (await allFaces()).ids,
  blockClass: "faces", blockRole: "row", size: 120, noun: ["face", "faces"], onFilled: () => chosen.repaint(),
});
const grid = rovingGrid(gridElement, { list });
const allFaces = () => get(`${root}/fragments/people/${cluster}/face-ids?${new URLSearchParams({ order })}`);
const inFocus = () => document.activeElement?.closest?.("[role=gridcell]") ?? null;
const targets = () => {
  if (chosen.ids.size) return [...chosen.ids];
  const focused = inFocus();
  return focused ? [focused.dataset.id] : [];
};

function drawChoice(ids) {
  choiceBar.hidden = ids.size === 0;
  document.getElementById("choice-count").textContent = `${counted(ids.size, "face")} selected`;
}

async function show(cell) {
  const { ids, photos } = await hold(allFaces()).catch((error) => {
    toastError(error);
    return { ids: [] };
  });
  if (!ids.length) return;
  openViewer(ids.map((face, at) => ({ photo: photos[at], face })), ids.indexOf(cell.dataset.id), {
    onClose: (at) => grid.focusAt(at),
  });
}

async function splitOff() {
  const ids = targets();
  if (!ids.length) {
    toast("Select wrong faces (Space), then split them off");
    return;
  }
  if (await giveFacesTo(ids)) chosen.clear();
}

async function takeAsCover() {
  const ids = targets();
  if (ids.length !== 1) {
    toast("Select the one face that is to be the cover");
    return;
  }
  if (await chooseCover(ids[0])) chosen.clear();
}

async function drop() {
  const ids = targets();
  if (ids.length && await notAFace(ids)) chosen.clear();
}

async function dismiss() {
  if (await notAPerson([cluster], head.querySelector("[data-title]").dataset.title)) location.href = `${root}/review/people`;
}

const categorise = (category) => setCategory([cluster], category, [head.querySelector("[data-title]").dataset.title]);

function wireHead() {
  completeNames(head.querySelector("[data-name-field]"));
}

head.addEventListener("click", (event) => {
  const category = event.target.closest("[data-set-category]")?.dataset.setCategory;
  if (category) categorise(category);
  if (event.target.closest("[data-act=not-a-person]")) dismiss();
});
head.addEventListener("keydown", (event) => {
  const field = event.target.closest("[data-name-field]");
  if (!field || event.isComposing) return;
  if (event.key === "Escape") field.value = field.defaultValue;
  if (event.key === "Enter" || event.key === "Escape") {
    event.preventDefault();
    (grid.current() ?? field).focus();
    if (event.key === "Enter") saveName(field, { goOn: !event.shiftKey });
  }
});
head.addEventListener("change", (event) => {
  const field = event.target.closest("[data-name-field]");
  if (field) saveName(field);
});

/** Save the name that was typed; `goOn`: then show the next person, with the field for the name open. */
async function saveName(field, { goOn = false } = {}) {
  const name = field.value.trim();
  const isNew = name !== field.defaultValue;
  field.defaultValue = name;
  const saved = isNew ? setName(cluster, name) : Promise.resolve(true);
  const next = document.getElementById("after");
  if (!goOn || !next) return;
  if (await hold(saved) !== null) location.replace(`${next.href}#name`);
}
head.addEventListener("htmx:afterSettle", wireHead);

gridElement.addEventListener("click", (event) => {
  const cell = event.target.closest("[role=gridcell]");
  if (!cell) return;
  const { id } = cell.dataset;
  if (event.target.closest(".card-check")) {
    if (event.target.matches("input")) {
      cell.focus();
      if (event.shiftKey) chosen.extendTo(id);
      else chosen.toggle(id, event.target.checked);
    }
    return;
  }
  cell.focus();
  if (event.shiftKey) chosen.extendTo(id);
  else if (event.ctrlKey || event.metaKey || chosen.ids.size) chosen.toggle(id);
  else show(cell);
});

choiceBar.addEventListener("click", (event) => {
  const act = event.target.closest("[data-act]")?.dataset.act;
  if (act === "split") splitOff();
  if (act === "not-a-face") drop();
  if (act === "cover") takeAsCover();
  if (act === "clear") {
    chosen.clear();
    grid.current()?.focus();
  }
});

const follow = (id) => document.getElementById(id)?.click();

// Back to where one came from, with the focus on this person; other people that were shown here are no steps of their own.
const from = stateOf("from");
const back = document.getElementById("back");
back.href = wayBack(back.href);
for (const id of ["before", "after"]) {
  const link = document.getElementById(id);
  if (!link) continue;
  if (from) link.href = `${link.href}?${new URLSearchParams({ from })}`;
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    location.replace(link.href);
  });
}
function leave() {
  if (from && history.length > 1) history.back();
  else location.href = back.href;
}
back.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  leave();
});
window.addEventListener("pagehide", () => sessionStorage.setItem("curation-person", cluster));
bind([
  { group: "Faces", keys: "ArrowRight", shown: "← ↑ ↓ →", label: "Move", run: () => grid.current()?.focus() },
  { group: "Faces", keys: "ArrowDown ArrowLeft ArrowUp", hidden: true, label: "Move", run: () => grid.current()?.focus() },
  { group: "Faces", keys: "Enter", label: "Open the photo", when: () => inFocus() !== null, run: () => show(inFocus()) },
  { group: "Faces", keys: "Space", label: "Select", run: () => { const cell = inFocus() ?? grid.current(); if (cell) { cell.focus(); chosen.toggle(cell.dataset.id); } } },
  { group: "Faces", keys: "Mod+a", label: "Select all shown", run: () => hold(list.ids().then((ids) => chosen.set(ids)).catch(toastError)) },
  { group: "Faces", keys: "w", label: "Give to somebody else", run: splitOff },
  { group: "Faces", keys: "Shift+c", label: "Make it the cover", run: takeAsCover },
  { group: "Faces", keys: "Delete", label: "Not a face", run: drop },
  { group: "Person", keys: "m", label: "Main person", run: () => categorise("main") },
  { group: "Person", keys: "i", label: "Important", run: () => categorise("important") },
  { group: "Person", keys: "o", label: "Other", run: () => categorise("other") },
  { group: "Person", keys: "n", label: "Edit the name; Enter goes on to the next person, Shift+Enter stays", run: () => head.querySelector("[data-name-field]").select() },
  { group: "Person", keys: "[ ,", shown: "[ ,", label: "Previous person", run: () => follow("before") },
  { group: "Person", keys: "] .", shown: "] .", label: "Next person", run: () => follow("after") },
  { group: "Person", keys: "Escape", label: "Clear the selection; back to all people", run: () => { if (chosen.ids.size) chosen.clear(); else leave(); } },
]);

document.addEventListener("curation:changed", ({ detail }) => {
  htmx.trigger(head, "curation:refresh");
  if (!detail.labels) hold(reload());
});

async function reload() {
  const focused = inFocus();
  const at = Math.max(0, list.indexOf(focused));
  if (await list.refresh().catch(toastError) === undefined) return;
  if (!list.total()) {
    location.href = `${root}/review/people`;
    return;
  }
  if (chosen.ids.size) {
    const there = new Set(await list.ids().catch(() => chosen.ids));
    chosen.set([...chosen.ids].filter((id) => there.has(id)));
  }
  await grid.focusAt(Math.min(at, list.total() - 1));
}

wireHead();
if (location.hash === "#name") {
  history.replaceState(history.state, "", location.pathname + location.search);
  head.querySelector("[data-name-field]").select();
}
