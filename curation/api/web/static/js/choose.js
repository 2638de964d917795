// Who is in good photos, the day, and a choice of photos that covers both.

import { get, send } from "./api.js";
import { album, cards, dayStrip, missingList, partOfDay, whoIsIn } from "./choose-parts.js";
import { counted, make } from "./dom.js";
import { icon } from "./icons.js";
import { bind } from "./keyboard.js";
import { linkPhotos } from "./photo-links.js";
import { changePicks, leaveFor, undoPick } from "./picks.js";
import { inOrder } from "./queue.js";
import { followRanking } from "./ranking.js";
import { root } from "./root.js";
import { recallChoice, storeChoice } from "./stored-choice.js";
import { toast } from "./toast.js";
import { keepPlace, stateOf, writeState } from "./view-state.js";

const CHOOSE_AFTER_MS = 250;
const MOST_SWAPS = 100;

const $ = (id) => document.getElementById(id);
const form = $("choice-form");
const result = $("choice");
const usual = $("choose").dataset.usual;
const NAMES = ["n", "main", "important", "day", "bursts", "with", "without", "part"];
const USUAL = { n: usual, main: "3", important: "1", day: "scenes" };

let choice = null;
let coverage = null;
let faces = new Map(); // by cluster id: the address of a picture of the face

// The state of the view: in its address, and kept for who comes back by the menu.

let kept = [];
let leftOut = [];
let open = null; // the part of the day whose photos are shown, by its beginning

const ids = (text) => text.split(",").filter((id) => /^[0-9a-f]{16}$/.test(id)).slice(0, MOST_SWAPS);

function readState() {
  if (!NAMES.some((name) => stateOf(name))) writeState(recallChoice());
  const fields = form.elements;
  fields.count.value = stateOf("n") || usual;
  fields.main.value = stateOf("main") || USUAL.main;
  fields.important.value = stateOf("important") || USUAL.important;
  fields.day.value = ["scenes", "hours", "none"].includes(stateOf("day")) ? stateOf("day") : USUAL.day;
  fields.one_per_burst.checked = stateOf("bursts") !== "all";
  kept = ids(stateOf("with"));
  leftOut = ids(stateOf("without"));
  open = stateOf("part") || null;
}

function keepState() {
  const fields = form.elements;
  const values = {
    n: fields.count.value, main: fields.main.value, important: fields.important.value, day: fields.day.value,
    bursts: fields.one_per_burst.checked ? "" : "all", with: kept.join(","), without: leftOut.join(","), part: open ?? "",
  };
  for (const [name, value] of Object.entries(USUAL)) if (values[name] === value) values[name] = "";
  writeState(values);
  storeChoice(choice?.photos.map((photo) => photo.photo_id) ?? [], values);
}

/** Fill an element anew; what had the focus in it has it afterwards. */
function fill(holder, ...children) {
  const key = holder.contains(document.activeElement) ? document.activeElement.closest("[data-key]")?.dataset.key : null;
  const strip = holder.querySelector("[data-scrolls]")?.scrollLeft ?? 0;
  holder.replaceChildren(...children.filter(Boolean));
  holder.setAttribute("aria-busy", "false");
  const scrolls = holder.querySelector("[data-scrolls]");
  if (scrolls) scrolls.scrollLeft = strip;
  if (key === null || key === undefined) return;
  const same = holder.querySelector(`[data-key="${CSS.escape(key)}"]`);
  (same ?? holder.querySelector("a, button"))?.focus({ preventScroll: true });
}

const failed = (holder, error) => fill(holder, make("div", { class: "notice notice-bad", role: "alert" }, error.message));

async function facesOf() {
  const { clusters } = await get(`${root}/clusters?limit=1000`).catch(() => ({ clusters: [] }));
  return new Map(clusters.map((cluster) => [cluster.id, cluster.thumbnail_url]));
}

async function showPeople() {
  try {
    [coverage, faces] = await Promise.all([get(`${root}/coverage?top=${Number(form.elements.count.value) || 100}`), facesOf()]);
    drawPeople();
  } catch (error) {
    failed($("who"), error);
  }
}

function drawPeople() {
  if (!coverage) return;
  const { people } = coverage;
  fill($("who"), whoIsIn(people, choice?.people ?? [], faces));
  const short = (choice?.people ?? []).filter((one) => one.chosen < one.wanted).length;
  $("who-sum").textContent = !people.length ? "" : short ? `${counted(short, "person is", "people are")} in less often than asked for.` : "Everybody is in as often as asked for.";
  const missing = people.filter((person) => person.shortcomings.length);
  $("missing").hidden = !missing.length;
  $("missing-title").textContent = `No good photo yet of ${counted(missing.length, "person", "people")}`;
  fill($("missing-list"), missingList(missing, faces));
}

// The choice

let timer = 0;
let asked = null;

async function choose() {
  clearTimeout(timer);
  if (!form.checkValidity()) return;
  asked?.abort();
  asked = new AbortController();
  const { signal } = asked;
  result.setAttribute("aria-busy", "true");
  const fields = form.elements;
  const body = {
    count: Number(fields.count.value), main_at_least: Number(fields.main.value), important_at_least: Number(fields.important.value),
    one_per_burst: fields.one_per_burst.checked, cover_day: fields.day.value, keep: kept, leave_out: leftOut,
  };
  try {
    const { data } = await send("POST", `${root}/choice`, body, { signal });
    choice = data;
    draw();
    keepState();
  } catch (error) {
    if (error.name === "AbortError") return;
    if (error.code === "photo_not_found" && (kept.length || leftOut.length)) return forgetSwaps();
    choice = null;
    failed(result, error);
  }
  if (!signal.aborted) result.setAttribute("aria-busy", "false");
}

function draw() {
  drawPeople();
  drawDay();
  const toPick = choice.photos.filter((photo) => photo.pick !== "picked").length;
  const swaps = kept.length + leftOut.length;
  const head = make("div", { class: "choice-head" },
    make("h3", {}, counted(choice.photos.length, "photo")),
    swaps ? make("button", { type: "button", class: "button", dataset: { key: "no-swaps" }, on: { click: forgetSwaps } }, `Forget ${counted(swaps, "change")}`) : null,
    make("button", { type: "button", class: "button", dataset: { key: "pick" }, disabled: toPick === 0, on: { click: pickAll } }, icon("check"), toPick ? "Turn into picks" : "All are picked"),
    make("button", { type: "button", class: "button button-main", dataset: { key: "export" }, disabled: choice.photos.length === 0, on: { click: exportAll } }, "Export these"));
  const notes = [];
  if (choice.unmet.length) {
    notes.push(make("div", { class: "notice unmet", role: "status" }, make("strong", {}, "Not all of it is possible"), ...choice.unmet.map((text) => make("p", {}, sentence(text)))));
  } else if (choice.photos.length) notes.push(make("p", { class: "notice notice-good" }, choice.parts.length ? "Everybody who matters is in, and the day is covered." : "Everybody who matters is in."));
  if (!choice.proven) notes.push(make("p", { class: "small muted" }, "There may be a slightly better choice: with so many photos, not all could be compared in time."));
  const passed = choice.passed.length
    ? make("details", { class: "passed" }, make("summary", {}, `${counted(choice.passed.length, "photo")} with a high rank that ${choice.passed.length === 1 ? "was" : "were"} not chosen`),
      cards(choice.passed.map((photo) => ({ ...photo, reasons: [photo.reason], instead: [] })), {}))
    : null;
  fill(result, head, ...notes, ...album(choice.photos, choice.parts, { take: swap, leaveOut, kept }), passed);
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

function drawDay() {
  const { parts, without_time: without, wrong_clock: wrong } = choice;
  $("day").hidden = form.elements.day.value === "none";
  if ($("day").hidden) return;
  const what = form.elements.day.value === "hours" ? "hour" : "scene";
  const gaps = parts.filter((part) => !part.chosen.length).length;
  const told = !parts.length ? ["No photo has a time, so the day cannot be covered."]
    : [gaps ? `${counted(parts.length, what)}, ${counted(gaps, "gap")}.` : `${counted(parts.length, what)}, each with a photo.`];
  if (parts.length && without) told.push(`${counted(without, "photo has", "photos have")} no time and ${without === 1 ? "is" : "are"} in no ${what}.`);
  if (wrong) told.push(`${counted(wrong, "photo was", "photos were")} taken half a year or more apart from all others by the camera's clock, which was probably wrong; ${wrong === 1 ? "it is" : "they are"} in no ${what}.`);
  $("day-sum").textContent = told.join(" ");
  fill($("day-strip"), dayStrip(parts, open, (part) => { open = open === part.begins ? null : part.begins; keepState(); drawDay(); }));
  const part = parts.find((one) => one.begins === open);
  fill($("day-part"), part ? partOfDay(part, { take, isTaken: (id) => kept.includes(id) }) : null);
}

function take(id) {
  change([...kept, id], leftOut.filter((one) => one !== id), "It is in the choice");
}

function swap(id, instead) {
  change([...kept.filter((one) => one !== id), instead], [...leftOut.filter((one) => one !== instead), id], "Swapped");
}

function leaveOut(id) {
  change(kept.filter((one) => one !== id), [...leftOut, id], "Left out");
}

function forgetSwaps() {
  change([], [], "");
}

function change(keptNow, leftOutNow, word) {
  const before = [kept, leftOut];
  [kept, leftOut] = [[...new Set(keptNow)].slice(-MOST_SWAPS), [...new Set(leftOutNow)].slice(-MOST_SWAPS)];
  keepState();
  if (word) toast(word, { action: { label: "Undo", run: () => { [kept, leftOut] = before; keepState(); choose(); } } });
  choose();
}

async function pickAll() {
  if (!choice) return;
  const photos = choice.photos.filter((photo) => photo.pick !== "picked");
  const before = photos.map((photo) => ({ photo_id: photo.photo_id, pick: photo.pick, rating: photo.rating }));
  const isDone = await changePicks(photos.map((photo) => ({ photo_id: photo.photo_id, pick: "picked" })), before);
  if (!isDone) return;
  toast(`${counted(photos.length, "photo")} picked`, { action: { label: "Undo", run: () => undoPick() } });
}

function exportAll() {
  if (!choice) return;
  keepState();
  leaveFor(`${root}/review/export?which=choice`);
}

const again = () => Promise.all([choose(), showPeople()]);

document.addEventListener("curation:picked", () => {
  // The event comes before the request is sent.
  timer = setTimeout(() => inOrder(() => { again(); }));
});
document.addEventListener("curation:ranking", again);
form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(again, CHOOSE_AFTER_MS);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  choose();
});
$("missing-details").addEventListener("toggle", () => writeState({ missing: $("missing-details").open ? "open" : "" }));

const undoButton = $("undo-button");
undoButton.hidden = false;
undoButton.addEventListener("click", () => undoPick());
bind([
  { keys: "Mod+z", group: "Choose", label: "Undo", run: () => undoPick() },
  { keys: "Mod+Enter", group: "Choose", label: "Export the chosen photos", run: exportAll },
]);

readState();
$("missing-details").open = stateOf("missing") === "open";
linkPhotos($("choose"));
const drawn = again();
followRanking({ note: $("ranking-note") });
keepPlace({
  focused: () => document.activeElement?.closest("[data-key]")?.dataset.key ?? null,
  restore: async (key) => {
    await drawn;
    return document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  },
});
