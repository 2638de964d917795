// Who is in good photos, and a choice of photos that covers everybody.

import { get, send } from "./api.js";
import { root } from "./root.js";
import { storeChoice } from "./stored-choice.js";
import { counted, make, makeSvg } from "./dom.js";
import { icon } from "./icons.js";
import { bind } from "./keyboard.js";
import { changePicks, leaveFor, undoPick } from "./picks.js";
import { inOrder } from "./queue.js";
import { toast } from "./toast.js";

const CHOOSE_AFTER_MS = 250;

const covered = document.getElementById("covered");
const sum = document.getElementById("covered-sum");
const form = document.getElementById("choice-form");
const result = document.getElementById("choice");
let faces = new Map(); // by cluster id: the address of a picture of the face
let choice = null;

const keyOf = (person) => (/^person \d+$/.test(person.name) ? String(person.cluster_ids[0]) : person.name);

async function showCoverage() {
  try {
    const [data, people] = await Promise.all([get(`${root}/coverage?top=${Number(form.elements.count.value) || 100}`), facesOf()]);
    faces = people;
    drawCoverage(data);
  } catch (error) {
    covered.replaceChildren(make("div", { class: "notice notice-bad", role: "alert" }, error.message));
  }
  covered.setAttribute("aria-busy", "false");
}

async function facesOf() {
  const { clusters } = await get(`${root}/clusters?limit=1000`).catch(() => ({ clusters: [] }));
  return new Map(clusters.map((cluster) => [cluster.id, cluster.thumbnail_url]));
}

function faceOf(person) {
  const url = person.cluster_ids.map((id) => faces.get(id)).find(Boolean);
  return url ? make("img", { src: url, alt: "", loading: "lazy", width: 46, height: 46 }) : make("span", {});
}

function drawCoverage(data) {
  if (!data.people.length) {
    sum.textContent = "";
    covered.replaceChildren(make("div", { class: "panel changes-none" },
      make("p", {}, "Nobody is main or important yet."), make("p", {}, make("a", { href: `${root}/review/people` }, "Say who matters"))));
    return;
  }
  const none = data.without_good.length;
  sum.textContent = none ? `${counted(none, "person has", "people have")} no good photo.` : "Everybody has at least one good photo.";
  const most = Math.max(1, ...data.people.map((person) => person.photos));
  covered.replaceChildren(make("ul", { class: "panel covered-list" }, ...data.people.map((person) => make("li", {},
    make("a", { class: "cover", href: `${root}/review/photos?${new URLSearchParams({ person: keyOf(person) })}`, ...(person.good ? {} : { "data-none": "" }) },
      faceOf(person),
      make("div", {},
        make("p", { class: "cover-name" }, make("span", {}, person.name), make("span", { class: "tag", dataset: { category: person.category } }, person.category)),
        bar(person.photos / most, person.good / most),
        make("p", { class: "cover-note" }, `${person.in_top} in the best ${data.top} · ${person.picked} picked`)),
      make("p", { class: "cover-numbers" }, make("strong", {}, person.good.toLocaleString("en")), `good of ${person.photos.toLocaleString("en")}`))))));
}

function bar(all, good) {
  return makeSvg("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
    makeSvg("rect", { class: "cover-all", width: 100 * all, height: 6 }), makeSvg("rect", { class: "cover-good", width: 100 * good, height: 6 }));
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
    one_per_burst: fields.one_per_burst.checked,
  };
  try {
    const { data } = await send("POST", `${root}/choice`, body, { signal });
    choice = data;
    drawChoice(data);
  } catch (error) {
    if (error.name === "AbortError") return;
    choice = null;
    result.replaceChildren(make("div", { class: "notice notice-bad", role: "alert" }, error.message));
  }
  if (!signal.aborted) result.setAttribute("aria-busy", "false");
}

function drawChoice(data) {
  const toPick = data.photos.filter((photo) => photo.pick !== "picked").length;
  const parts = [make("div", { class: "choice-head" },
    make("h3", {}, counted(data.photos.length, "photo")),
    make("button", { type: "button", class: "button", id: "take-picks", disabled: toPick === 0, on: { click: pickAll } }, icon("check"), toPick ? "Pick them" : "All are picked"),
    make("button", { type: "button", class: "button button-main", disabled: data.photos.length === 0, on: { click: exportAll } }, "Export them"))];
  if (data.unmet.length) {
    parts.push(make("div", { class: "notice unmet", role: "status" }, make("strong", {}, "Some requirements cannot be met"), ...data.unmet.map((text) => make("p", {}, sentence(text)))));
  } else if (data.photos.length) parts.push(make("p", { class: "notice notice-good" }, "Everybody who matters is in."));
  if (!data.proven) parts.push(make("p", { class: "small muted" }, "There may be a slightly better choice: the search reached its time limit."));
  parts.push(make("div", { class: "choices" }, ...data.photos.map((photo) => card(photo, photo.reasons, true))));
  if (data.passed.length) {
    parts.push(make("details", { class: "passed" }, make("summary", {}, `${counted(data.passed.length, "photo")} with a high rank that ${data.passed.length === 1 ? "was" : "were"} not chosen`),
      make("div", { class: "choices" }, ...data.passed.map((photo) => card(photo, [photo.reason], false)))));
  }
  result.replaceChildren(...parts);
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

function card(photo, reasons, isIn) {
  const name = photo.image_path.split("/").at(-1);
  return make("article", { class: "chosen", "aria-label": `${name}: ${reasons.join("; ")}` },
    make("a", { href: `${root}/review/photos/${photo.photo_id}`, title: photo.image_path },
      make("img", { src: `${root}/photos/${photo.photo_id}/picture?size=thumbnail`, alt: name, loading: "lazy", decoding: "async" }),
      isIn && photo.pick === "picked" ? make("span", { class: "chosen-pick", title: "Picked" }, icon("check")) : null),
    make("p", { class: "chosen-line" }, make("strong", {}, photo.final_score === undefined || photo.final_score === null ? `#${photo.rank}` : photo.final_score.toFixed(2)),
      make("span", {}, photo.people?.join(", ") || name)),
    ...reasons.map((reason) => make("p", { class: "chosen-why" }, reason)));
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
  storeChoice(choice.photos.map((photo) => photo.photo_id));
  leaveFor(`${root}/review/export?which=choice`);
}

document.addEventListener("curation:picked", () => {
  // The event comes before the request is sent.
  timer = setTimeout(() => inOrder(() => { choose(); showCoverage(); }));
});
form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => { choose(); showCoverage(); }, CHOOSE_AFTER_MS);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  choose();
});

const undoButton = document.getElementById("undo-button");
undoButton.hidden = false;
undoButton.addEventListener("click", undoPick);
bind([
  { keys: "Mod+z", group: "Coverage", label: "Undo", run: undoPick },
  { keys: "p", group: "Coverage", label: "Pick the chosen photos", run: pickAll },
  { keys: "Mod+Enter", group: "Coverage", label: "Export the chosen photos", run: exportAll },
]);

showCoverage();
choose();
