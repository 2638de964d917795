// Known people: answers to proposals, adding people of the event, renaming, merging, and forgetting.

import { fragment, getAll, send } from "./api.js";
import { ask, askText, askWith } from "./dialog.js";
import { counted, make } from "./dom.js";
import { attempt } from "./people-actions.js";
import { hold } from "./keyboard.js";
import { longList, partsOf } from "./long-list.js";
import { inOrder } from "./queue.js";
import { root } from "./root.js";
import { toast, toastError } from "./toast.js";
import { announceChange, toastUndoable } from "./undo.js";
import { writeState } from "./view-state.js";

const FIND_AFTER_MS = 180;

const parts = document.getElementById("known-parts");
const list = document.getElementById("known-list");

if (list) start();

function start() {
  parts.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-act]");
    if (!button) return;
    const run = { accept: answer, refuse: answer, "accept-all": acceptAll, add }[button.dataset.act];
    run(button);
  });
  list.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-act]");
    if (!button) return;
    const row = button.closest(".known-person");
    const run = { rename, merge, forget, faces, close: closeFaces, "remove-face": removeFace }[button.dataset.act];
    run(row, button);
  });
  document.addEventListener("curation:changed", refresh);
  const search = document.getElementById("search");
  let timer = 0;
  search?.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, FIND_AFTER_MS);
  });
  wireList();
}

function query() {
  return document.getElementById("search")?.value.trim() ?? "";
}
const address = (row) => `${root}/known-people/${row.dataset.person}`;
const focusTitle = () => document.getElementById("known-title").focus();

// The search stands in the address.
function find() {
  writeState({ q: query() });
  return refreshList();
}

/** Fetch both parts of the page again; the focus stays at its place. */
async function refresh() {
  await Promise.all([refreshParts(), refreshList()]);
}

async function refreshParts() {
  await swap(parts, `${root}/fragments/known-people/parts`, ".known-proposal, .known-named li");
}

async function refreshList() {
  await swap(list, `${root}/fragments/known-people/list?${new URLSearchParams({ q: query() })}`, ".known-person");
  const total = list.querySelector("[data-known]")?.dataset.known;
  if (total) document.getElementById("known-total").textContent = Number(total).toLocaleString("en");
  wireList();
}

// Only what is looked at of a long gallery is in the page; a person whose faces are being looked through stays.
function wireList() {
  const people = list.querySelector(".known-people");
  if (!people) return;
  const asked = query();
  longList(people, {
    fetch: partsOf((offset, limit) => `${root}/fragments/known-people/list?${new URLSearchParams({ q: asked, offset, limit })}`),
    cell: ".known-person", size: 60, noun: ["person", "people"], isKept: (block) => block.querySelector(".known-open") !== null,
  });
}

async function swap(element, url, rows) {
  const place = [...element.querySelectorAll(rows)].findIndex((row) => row.contains(document.activeElement));
  const inside = element.contains(document.activeElement);
  const html = await attempt(() => fragment(url));
  if (html === null) return;
  element.innerHTML = html;
  htmx.process(element);
  if (!inside) return;
  const left = element.querySelectorAll(rows);
  const next = left[Math.min(Math.max(place, 0), left.length - 1)];
  (next?.querySelector("button, input") ?? document.getElementById("known-title")).focus();
}

const change = (method, url, body) => attempt(() => inOrder(() => send(method, url, body)));

// Proposals

async function answer(button) {
  const { cluster, person, name } = button.closest(".known-proposal").dataset;
  const done = await change("POST", `${root}/known-people/proposals/${cluster}`, { person_id: person, answer: button.dataset.act });
  announceChange({ labels: true });
  if (!done) return;
  toastUndoable(button.dataset.act === "accept" ? `Person ${cluster} is ${name}` : `Person ${cluster} is not ${name}; it is not asked again`);
}

async function acceptAll() {
  const from = Number(document.getElementById("known-from").value);
  // Those that the user sees now, and no others.
  const seen = [...parts.querySelectorAll(".known-proposal[data-answer=name]")].filter((one) => Number(one.dataset.certainty) >= from);
  if (!seen.length) {
    toast(`No name is at least ${Math.round(from * 100)} % certain`);
    return;
  }
  const names = seen.map((one) => one.dataset.name).join(", ");
  if (!(await ask({ title: `Accept ${counted(seen.length, "name")}?`, text: `${names}. Each can be undone by itself.`, yes: "Accept them" }))) return;
  const shown = seen.map((one) => ({ cluster_id: Number(one.dataset.cluster), person_id: one.dataset.person }));
  const done = await change("POST", `${root}/known-people/proposals`, { from_certainty: from, shown });
  announceChange({ labels: true });
  if (done) toastUndoable(`${counted(done.data.accepted.length, "name")} accepted`);
}

// Adding people of the event

async function add() {
  const names = [...parts.querySelectorAll("input[name=add]:checked")].map((box) => box.value);
  if (!names.length) {
    toast("Choose the people who agree to be recognised");
    return;
  }
  const text = `${names.join(", ")}: their best faces are kept in the gallery, until you forget them. Do they agree?`;
  if (!(await ask({ title: `Add ${counted(names.length, "person", "people")} to the gallery?`, text, yes: "They agree: add" }))) return;
  const done = await change("POST", `${root}/known-people`, { names });
  await refresh();
  if (!done) return;
  const without = done.data.people.filter((one) => one.person === null).map((one) => one.name);
  const added = done.data.people.length - without.length;
  toast(`${counted(added, "person is", "people are")} known now${without.length ? `; of ${without.join(", ")} no face is good enough` : ""}`);
}

// The gallery

async function rename(row) {
  const { name } = row.dataset;
  const text = "Labels of events stay as they are.";
  const wanted = await askText({ title: `Rename ${name}`, text, label: "Name", value: name, yes: "Rename", required: true });
  if (!wanted || wanted === name) return;
  if (await change("PATCH", address(row), { name: wanted })) toast(`${name} is called ${wanted} now`);
  await refresh();
}

async function merge(row) {
  const { name, person } = row.dataset;
  const people = await hold(attempt(() => getAll(`${root}/known-people`, "people")));
  if (people === null) return;
  const others = people.filter((one) => one.person_id !== person);
  if (!others.length) {
    toast("There is nobody else in the gallery");
    return;
  }
  const select = make("select", { class: "field", "aria-label": "The same person as", required: true, autofocus: true },
    make("option", { value: "" }, "Choose a person …"),
    ...others.map((one) => make("option", { value: one.person_id }, `${one.name} (${counted(one.faces, "face")})`)));
  const text = make("p", { class: "muted" }, "The faces go to this person, whose name stays. This cannot be undone.");
  if (!(await askWith({ title: `Who is ${name}?`, content: [text, select], yes: "Merge" }))) return;
  const into = others.find((one) => one.person_id === select.value);
  if (await change("POST", `${address(row)}/merge`, { into: into.person_id })) toast(`${name} is ${into.name} now`);
  await refresh();
  focusTitle();
}

async function forget(row) {
  const { name, faces: count } = row.dataset;
  const text = `Name, pictures and vectors of ${counted(Number(count), "face")} are removed for good, and with them all proposals. This cannot be undone.`;
  if (!(await ask({ title: `Forget ${name}?`, text, yes: "Forget", bad: true }))) return;
  const done = await change("DELETE", address(row));
  await refresh();
  focusTitle();
  if (!done) return;
  const { left, other_events: events } = done.data;
  const content = [
    make("p", { class: "muted" }, "The gallery has nothing of this person any more. The event itself has, as of everybody:"),
    make("ul", { class: "known-left", tabindex: 0, "aria-label": "Where traces may be left" },
      ...left.map((one) => make("li", {}, make("strong", {}, one.place), `: ${one.what}; ${one.todo}`)),
      events.length ? make("li", {}, `The output folders of ${events.join(", ")}: curation gallery forget --output DIR clears them`) : null),
  ];
  if (left.length || events.length) await askWith({ title: `${name} is forgotten`, content, yes: "Done" });
  else toast(`${name} is forgotten`);
}

async function showRow(row, html) {
  const { person } = row.dataset;
  const shell = document.createElement("ul");
  shell.innerHTML = html;
  row.replaceWith(...shell.children);
  return list.querySelector(`.known-person[data-person="${person}"]`);
}

async function faces(row) {
  const html = await attempt(() => fragment(`${root}/fragments/known-people/${row.dataset.person}`));
  if (html === null) return;
  (await showRow(row, html))?.querySelector("[data-act=remove-face], [data-act=close]")?.focus();
}

async function closeFaces() {
  await refreshList();
}

async function removeFace(row, button) {
  const { name } = row.dataset;
  const text = `The face is removed from ${name} for good.`;
  if (!(await ask({ title: "Remove this face?", text, yes: "Remove", bad: true }))) return;
  if (await change("DELETE", `${address(row)}/faces/${button.dataset.face}`)) toast("The face is removed");
  try {
    const again = await showRow(row, await fragment(`${root}/fragments/known-people/${row.dataset.person}`));
    again?.querySelector("[data-act=remove-face], [data-act=close]")?.focus();
  } catch (error) {
    toastError(error);
    await refreshList();
  }
}
