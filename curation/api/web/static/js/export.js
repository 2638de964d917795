// Exporting photos: which, how and for whom; the whole form is in the address. Then the progress.

import { get, send } from "./api.js";
import { chosenPhotos } from "./stored-choice.js";
import { counted, make } from "./dom.js";
import { hideList, listPast, showList, writeButton } from "./export-beside.js";
import { showGuests } from "./export-guests.js";
import { listExports } from "./export-past.js";
import { PROGRAMS, nameFault, sidecarWords, wordsOf } from "./export-words.js";
import { followJob } from "./follow-job.js";
import { duration, pace } from "./jobs.js";
import { bind } from "./keyboard.js";
import { root } from "./root.js";
import { toast, toastError } from "./toast.js";

const STARTING = "starting";
const SHOWN = 40;
const SWITCHES = ["embed", "sidecars", "raw_files", "companions", "csv", "contact_sheet", "stars", "flags", "people", "keywords"];
const VALUES = ["which", "best", "mode", "name", "for", "picked_label"];

const form = document.getElementById("export-form");
const strip = document.getElementById("strip");
const hint = document.getElementById("export-hint");
const start = document.getElementById("export-start");
const panel = document.getElementById("export-job");
const fields = form.elements;
const taken = new Set(JSON.parse(form.dataset.taken).map((name) => name.toLowerCase()));
const isBeside = () => fields.mode.value === "beside";
let choice = chosenPhotos();
let active = null;
let total = 0;

// The form and the address

const isOn = (name) => fields[name].checked;
const usual = Object.fromEntries([...VALUES.map((name) => [name, fields[name].value]), ...SWITCHES.map((name) => [name, isOn(name)])]);

function toAddress() {
  const query = new URLSearchParams();
  for (const name of VALUES) if (fields[name].value !== usual[name] && (name !== "best" || fields.which.value === "best")) query.set(name, fields[name].value);
  for (const name of SWITCHES) if (isOn(name) !== usual[name]) query.set(name, isOn(name) ? "1" : "0");
  const text = query.toString();
  history.replaceState(history.state, "", text ? `?${text}` : location.pathname);
}

function fromAddress() {
  const query = new URL(location.href).searchParams;
  for (const name of VALUES) {
    const value = query.get(name);
    if (value === null) continue;
    const radios = form.querySelectorAll(`[type=radio][name="${name}"]`);
    if (radios.length) for (const radio of radios) radio.checked = radio.value === value && !radio.disabled ? true : radio.checked;
    else if (name !== "for" || value in PROGRAMS) fields[name].value = value;
  }
  for (const name of SWITCHES) if (query.has(name)) fields[name].checked = query.get(name) !== "0";
}

function refreshChoice() {
  choice = chosenPhotos();
  const option = form.querySelector("[name=which][value=choice]");
  option.disabled = choice.length === 0;
  if (choice.length) document.getElementById("choice-text").textContent = `${counted(choice.length, "photo")}, as chosen on the page Choose`;
}

// The photos to export, counted anew whenever the page is looked at

let turn = 0;
async function showPhotos() {
  const mine = ++turn;
  const which = fields.which.value;
  let photos = [];
  let count = 0;
  try {
    const [picked, rejected, all] = await Promise.all(["pick=picked&limit=40", "pick=rejected&limit=1", "limit=1"].map((query) => get(`${root}/photos?${query}`)));
    if (mine !== turn) return;
    countAll(picked.total, Math.max(0, all.total - rejected.total - Number(form.dataset.errors)));
    if (which === "choice") {
      count = choice.length;
      photos = choice.slice(0, SHOWN).map((id) => ({ photo_id: id, image_path: "" }));
    } else if (which === "picked") [photos, count] = [picked.photos, picked.total];
    else if (which === "best") {
      count = Math.min(Math.max(1, Number(fields.best.value) || 1), Number(fields.best.max));
      photos = (await get(`${root}/photos?limit=${Math.min(500, count + rejected.total)}`)).photos.filter((photo) => photo.pick !== "rejected" && !photo.error).slice(0, Math.min(count, SHOWN));
    } else {
      count = all.total;
      photos = (await get(`${root}/photos?limit=${SHOWN}`)).photos;
    }
  } catch (error) {
    toastError(error);
  }
  if (mine !== turn) return;
  total = count;
  strip.replaceChildren(...photos.map((photo) => make("a", { href: `${root}/review/photos/${photo.photo_id}`, title: photo.image_path },
    make("img", { src: `${root}/photos/${photo.photo_id}/picture?size=thumbnail`, alt: photo.image_path || "A chosen photo", loading: "lazy", decoding: "async" }))));
  if (total > photos.length) strip.append(make("p", {}, `and ${(total - photos.length).toLocaleString("en")} more`));
  refreshPlan();
}

function countAll(picked, usable) {
  const option = form.querySelector("[name=which][value=picked]");
  option.disabled = picked === 0;
  document.getElementById("picked-text").textContent = picked ? counted(picked, "photo") : "no photo is picked yet";
  document.getElementById("best-text").textContent = `of ${counted(usable, "photo")}, without rejected ones`;
  fields.best.max = Math.max(1, usable);
}

// What will be written, and where, before anything is pressed

function refreshPlan() {
  const [beside, mode, program] = [isBeside(), fields.mode.value, fields.for.value];
  const plan = document.getElementById("export-plan");
  const name = fields.name.value.trim();
  const fault = beside ? "" : nameFault(name);
  const ending = mode === "zip" ? ".zip" : "";
  const exists = !beside && name && taken.has(`${name}${ending}`.toLowerCase());
  document.getElementById("name-hint").textContent = fault || (exists ? `There is an export of this name already; this one will get a number, and nothing is overwritten.` : "");
  document.getElementById("for-text").textContent = PROGRAMS[program][beside ? "beside" : "copies"];
  const photos = counted(total, "photo");
  const kind = mode === "zip" ? "file" : "folder";
  const where = name ? `the new ${kind} ${form.dataset.folder}/${name}${exists ? " (2)" : ""}${ending}` : `a new ${kind} in ${form.dataset.folder}, named by date and time`;
  const inside = mode !== "hardlink" && isOn("embed") ? ", with names and ratings inside them" : "";
  if (beside) plan.textContent = program ? `First you see which XMP files would be written beside the photos in ${form.dataset.beside}. Nothing is written before you have seen the list.` : "Choose for whom first.";
  else if (mode === "hardlink") plan.textContent = `${photos} linked in ${where}.`;
  else plan.textContent = `${photos} ${mode === "zip" ? "packed into" : "copied into"} ${where}${inside}.`;
  start.querySelector("span").textContent = beside ? "Show what would be written" : total ? `Export ${photos}` : "Export";
  start.disabled = total === 0 || active !== null || fault !== "" || (beside && (!program || program === "windows"));
  if (!total && !active) hint.textContent = "There is nothing to export yet.";
  else if (hint.textContent.startsWith("There is nothing")) hint.textContent = "";
}

function refreshFields() {
  const beside = isBeside();
  const linked = fields.mode.value === "hardlink";
  for (const part of form.querySelectorAll("[data-only]")) part.hidden = (part.dataset.only === "beside") !== beside;
  if (!beside && fields.which.value === "all") form.querySelector("[name=which]:not(:disabled):not([value=all])").checked = true;
  fields.embed.disabled = linked;
  fields.best.disabled = fields.which.value !== "best";
}

function changed() {
  refreshFields();
  toAddress();
  hideList();
  showPhotos();
}

form.addEventListener("change", changed);
fields.best.addEventListener("input", changed);
fields.name.addEventListener("input", () => { toAddress(); refreshPlan(); });

// Starting, and following the job

function whichPhotos() {
  const which = fields.which.value;
  if (which === "best") return { best: Math.max(1, Number(fields.best.value) || 1) };
  if (which === "choice") return { photos: choice };
  return isBeside() ? { which } : {};
}

function sidecarsBody(dryRun) {
  const parts = Object.fromEntries(["stars", "flags", "people", "keywords"].map((name) => [name, isOn(name)]));
  return { for: fields.for.value, ...whichPhotos(), ...parts, picked_label: fields.picked_label.value.trim(), dry_run: dryRun };
}

function exportBody() {
  const mode = fields.mode.value;
  const parts = Object.fromEntries(["sidecars", "raw_files", "companions", "csv", "contact_sheet"].map((name) => [name, isOn(name)]));
  const embed = mode !== "hardlink" && isOn("embed");
  return {
    mode, name: fields.name.value.trim(), embed, ...parts, picked_label: fields.picked_label.value.trim(), ...whichPhotos(), ...(fields.for.value ? { for: fields.for.value } : {}),
  };
}

async function begin(address, body) {
  if (active) return;
  active = STARTING;
  start.disabled = true;
  writeButton.disabled = true;
  hint.textContent = "";
  try {
    const { data: job } = await send("POST", address, body);
    watch(job);
  } catch (error) {
    active = null;
    hint.textContent = wordsOf(error);
    refreshPlan();
    writeButton.disabled = false;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (start.disabled) return;
  if (isBeside()) begin(`${root}/sidecars`, sidecarsBody(true));
  else begin(`${root}/exports`, exportBody());
});
writeButton.addEventListener("click", () => begin(`${root}/sidecars`, sidecarsBody(false)));

function watch(job) {
  active = job.id;
  start.disabled = true;
  document.getElementById("export-job-title").textContent = job.stage === "sidecars" ? "Sidecars" : "Exporting";
  panel.hidden = false;
  panel.scrollIntoView({ block: "nearest" });
  document.getElementById("export-stop").disabled = false;
  document.getElementById("export-bar").removeAttribute("value");
  followJob(job.id, { progress, end: done });
}

function progress({ progress: now }) {
  const { phase, done: ready = 0, total: of = 0, rate_per_s: rate, seconds_left: left } = now ?? {};
  const bar = document.getElementById("export-bar");
  if (of) {
    bar.max = of;
    bar.value = ready;
  }
  document.getElementById("export-phase").textContent = phase ? `${phase}: ${ready.toLocaleString("en")} of ${of.toLocaleString("en")}` : "waiting";
  document.getElementById("export-left").textContent = [pace(rate), duration(left) && `${duration(left)} left`].filter(Boolean).join(" · ");
}

async function done(job) {
  active = null;
  panel.hidden = true;
  const isSidecars = job.stage === "sidecars";
  if (isSidecars) await listPast(watch).catch(toastError);
  else await listExports(job.id).catch(toastError);
  await showPhotos();
  if (job.state !== "succeeded") {
    hint.textContent = job.state === "cancelled" ? (isSidecars ? "It was stopped. What was written before can be taken back below." : "The export was stopped; its files were removed.") : (isSidecars ? sidecarWords : wordsOf)(job.error);
    start.focus();
  } else if (isSidecars) {
    await showList(job.id).catch(toastError);
  } else {
    hint.textContent = `${counted(job.counts?.exported ?? 0, "photo")} exported.`;
    if (job.result?.name) taken.add(job.result.name.toLowerCase());
    document.querySelector(".past[data-new] a")?.focus();
  }
}

document.getElementById("export-stop").addEventListener("click", async (event) => {
  if (!active || active === STARTING) return;
  event.currentTarget.disabled = true;
  await send("DELETE", `${root}/jobs/${active}`).catch(toastError);
});

// A page that was left and comes back counts again: labels, picks and the choice may be others.
window.addEventListener("pageshow", (event) => { if (event.persisted) { refreshChoice(); showPhotos(); } });
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") { refreshChoice(); showPhotos(); } });

bind([{ keys: "Mod+Enter", group: "Export", label: "Export", run: () => form.requestSubmit() }]);
refreshChoice();
fromAddress();
if (new URL(location.href).searchParams.get("which") === "choice" && !choice.length) {
  hint.textContent = "The choice is not in this browser tab any more: make it again on the page Choose.";
}
refreshFields();
showPhotos();
showGuests();
Promise.all([listExports(), listPast(watch)]).then(([one, other]) => { if ((one ?? other) && !active) watch(one ?? other); })
  .catch((error) => toast(wordsOf(error), { kind: "bad" }));
