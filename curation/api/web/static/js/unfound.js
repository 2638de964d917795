// What the user said that finds nobody: given to somebody else, or forgotten.

import { fragment, send } from "./api.js";
import { ask, askWith } from "./dialog.js";
import { make } from "./dom.js";
import { attempt } from "./people-actions.js";
import { inOrder } from "./queue.js";
import { root } from "./root.js";
import { toast, toastError } from "./toast.js";
import { announceChange, toastUndoable } from "./undo.js";

const LOOK_AFTER_MS = 150;

const list = document.getElementById("unfound");

if (list) start();

function start() {
  list.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-act]");
    if (!button) return;
    const row = button.closest(".unfound-row");
    if (button.dataset.act === "forget") forget(row);
    else if (row.dataset.kind === "label") giveName(row);
    else givePick(row);
  });
  document.addEventListener("curation:changed", () => refresh());
}

const rows = () => [...list.querySelectorAll(".unfound-row")];
const address = (row) => `${root}/unfound/${row.dataset.kind}/${row.dataset.id}`;

/** Fetch the list again; the focus stays at its place in it. */
async function refresh() {
  const place = rows().findIndex((row) => row.contains(document.activeElement));
  try {
    list.innerHTML = await fragment(`${root}/fragments/unfound`);
  } catch (error) {
    toastError(error);
    return;
  }
  if (place < 0) return;
  const left = rows();
  const next = left[Math.min(place, left.length - 1)];
  (next?.querySelector("button") ?? document.getElementById("unfound-title")).focus();
}

async function forget(row) {
  const { kind, title, photo } = row.dataset;
  if (kind === "pick") {
    const text = `It says “${title.toLowerCase()}”, and cannot be brought back.`;
    if (!(await ask({ title: `Forget the pick of ${photo}?`, text, yes: "Forget", bad: true }))) return;
    row.querySelector("button").focus();
  }
  const done = await changed("DELETE", address(row));
  if (!done) return;
  announceChange();
  if (done.data.undoable) toastUndoable(kind === "label" ? `${title} is forgotten` : "The correction is undone");
  else toast(`The pick of ${photo} is forgotten`);
}

/** Send a change; if it is refused, another tab or a run may have been first. */
async function changed(method, url, body) {
  const done = await attempt(() => inOrder(() => send(method, url, body)));
  if (!done) await refresh();
  return done;
}

async function give(row, body, text) {
  const done = await changed("POST", `${address(row)}/attach`, body);
  if (!done) return;
  row.querySelector("button").focus();
  announceChange();
  if (done.data.undoable) toastUndoable(text);
  else toast(text);
}

async function giveName(row) {
  const { title, id } = row.dataset;
  const options = await attempt(() => fragment(`${root}/fragments/unfound/people/${id}`));
  if (options === null) return;
  const select = make("select", { class: "field", "aria-label": "Person", required: true, autofocus: true });
  select.innerHTML = options;
  const choice = make("div", { class: "unfound-choice" }, blank(), select);
  const chosen = () => select.selectedOptions[0];
  select.addEventListener("change", () => {
    const face = chosen()?.dataset.face;
    choice.firstElementChild.replaceWith(face ? make("img", { src: `${root}/faces/${face}/picture`, alt: "" }) : blank());
  });
  const text = make("p", { class: "muted" }, "The name and the category go to this person. People with another name are not offered.");
  if (!(await askWith({ title: `Who is ${title}?`, content: [text, choice], yes: "Give to this person" }))) return;
  await give(row, { cluster_id: Number(select.value) }, `${title} is ${chosen().dataset.title} now`);
}

async function givePick(row) {
  const { title, photo } = row.dataset;
  const names = make("datalist", { id: "unfound-photos" });
  const input = make("input", {
    class: "field", type: "text", value: photo, list: names.id, "aria-label": "Photo", required: true, maxlength: 1000, autocomplete: "off",
    spellcheck: "false", autofocus: true,
  });
  const choice = make("div", { class: "unfound-choice" }, blank(), make("div", {}, input, names));
  let timer = 0;
  let turn = 0;
  const found = () => [...names.children].find((option) => option.value === input.value.trim());
  const check = () => {
    const id = found()?.dataset.photo;
    input.setCustomValidity(id ? "" : "Choose a photo of the list; photos with a pick of their own are not in it.");
    choice.firstElementChild.replaceWith(id ? make("img", { src: `${root}/photos/${id}/picture?size=thumbnail`, alt: "" }) : blank());
  };
  const look = async () => {
    const mine = ++turn;
    const options = await fragment(`${root}/fragments/unfound/photos?${new URLSearchParams({ q: input.value })}`).catch(() => "");
    if (mine !== turn) return;
    names.innerHTML = options;
    check();
  };
  input.addEventListener("input", () => {
    check();
    clearTimeout(timer);
    timer = setTimeout(look, LOOK_AFTER_MS);
  });
  await look();
  const text = make("p", { class: "muted" }, "Type a part of the file's name. Only photos without a pick of their own are offered.");
  const question = `Which photo is “${title.toLowerCase()}”?`;
  if (!(await askWith({ title: question, content: [text, choice], yes: "Give to this photo", shown: () => input.select() }))) return;
  const target = found();
  if (target) await give(row, { photo_id: target.dataset.photo }, `${target.value} has the pick now`);
}

const blank = () => make("span", { class: "unfound-blank", "aria-hidden": "true" });
