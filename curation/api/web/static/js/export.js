// Exporting photos: what, how, the progress, and where the export is.

import { Problem, get, send } from "./api.js";
import { root } from "./root.js";
import { chosenPhotos } from "./stored-choice.js";
import { counted, make } from "./dom.js";
import { followJob } from "./follow-job.js";
import { icon } from "./icons.js";
import { duration, pace, stateText } from "./jobs.js";
import { bind } from "./keyboard.js";
import { toastError } from "./toast.js";

const STARTING = "starting";
const SHOWN = 40;
const SHOWN_EXPORTS = 8;
const UNITS = ["B", "kB", "MB", "GB", "TB"];

const form = document.getElementById("export-form");
const strip = document.getElementById("strip");
const hint = document.getElementById("export-hint");
const start = document.getElementById("export-start");
const panel = document.getElementById("export-job");
const fields = form.elements;
const choice = chosenPhotos();
let active = null;

function size(bytes) {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) { value /= 1000; unit += 1; }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

// The photos to export

let turn = 0;
async function showPhotos() {
  const mine = ++turn;
  const which = fields.which.value;
  let photos = [];
  let total = 0;
  try {
    if (which === "choice") {
      total = choice.length;
      photos = choice.slice(0, SHOWN).map((id) => ({ photo_id: id, image_path: "" }));
    } else if (which === "picked") {
      const page = await get(`${root}/photos?pick=picked&limit=${SHOWN}`);
      [photos, total] = [page.photos, page.total];
    } else {
      const wanted = Math.max(1, Number(fields.best.value) || 1);
      const page = await get(`${root}/photos?limit=${Math.min(wanted, SHOWN)}`);
      total = Math.min(wanted, Number(fields.best.max));
      photos = page.photos;
    }
  } catch (error) {
    toastError(error);
  }
  if (mine !== turn) return;
  strip.replaceChildren(...photos.map((photo) => make("a", { href: `${root}/review/photos/${photo.photo_id}`, title: photo.image_path },
    make("img", { src: `${root}/photos/${photo.photo_id}/picture?size=thumbnail`, alt: photo.image_path || "A chosen photo", loading: "lazy", decoding: "async" }))));
  if (total > photos.length) strip.append(make("p", {}, `and ${(total - photos.length).toLocaleString("en")} more`));
  start.querySelector("span").textContent = total ? `Export ${counted(total, "photo")}` : "Export";
  start.disabled = total === 0 || active !== null;
  hint.textContent = total ? "" : "There is nothing to export yet.";
}

function refreshFields() {
  const linked = fields.mode.value === "hardlink";
  fields.embed.disabled = linked;
  fields.best.disabled = fields.which.value !== "best";
}

if (choice.length) {
  const option = form.querySelector("[name=which][value=choice]");
  option.disabled = false;
  document.getElementById("choice-text").textContent = `${counted(choice.length, "photo")}, as chosen on the page Coverage`;
  if (new URL(location.href).searchParams.get("which") === "choice") option.checked = true;
}

form.addEventListener("change", () => { refreshFields(); showPhotos(); });
fields.best.addEventListener("input", () => showPhotos());

// Starting, and following the job

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (active || start.disabled) return;
  active = STARTING;
  start.disabled = true;
  const mode = fields.mode.value;
  const body = {
    mode,
    name: fields.name.value.trim(),
    embed: mode === "hardlink" ? false : fields.embed.checked,
    sidecars: fields.sidecars.checked,
    raw_files: fields.raw_files.checked,
    csv: fields.csv.checked,
    contact_sheet: fields.contact_sheet.checked,
    picked_label: fields.picked_label.value.trim(),
  };
  if (fields.which.value === "best") body.best = Math.max(1, Number(fields.best.value) || 1);
  if (fields.which.value === "choice") body.photos = choice;
  try {
    const { data: job } = await send("POST", `${root}/exports`, body);
    watch(job);
  } catch (error) {
    active = null;
    start.disabled = false;
    toastError(error);
  }
});

function watch(job) {
  active = job.id;
  start.disabled = true;
  panel.hidden = false;
  panel.scrollIntoView({ block: "nearest" });
  document.getElementById("export-stop").disabled = false;
  document.getElementById("export-bar").removeAttribute("value");
  followJob(job.id, { progress, end: done });
}

function progress({ progress: now }) {
  const { phase, done: ready = 0, total = 0, rate_per_s: rate, seconds_left: left } = now ?? {};
  const bar = document.getElementById("export-bar");
  if (total) {
    bar.max = total;
    bar.value = ready;
  }
  document.getElementById("export-phase").textContent = phase ? `${phase}: ${ready.toLocaleString("en")} of ${total.toLocaleString("en")}` : "waiting";
  document.getElementById("export-left").textContent = [pace(rate), duration(left) && `${duration(left)} left`].filter(Boolean).join(" · ");
}

async function done(job) {
  active = null;
  panel.hidden = true;
  await Promise.all([showPhotos(), list(job.id).catch(toastError)]);
  if (job.state === "succeeded") {
    hint.textContent = `${counted(job.counts?.exported ?? 0, "photo")} exported.`;
    document.querySelector(".past[data-new] a")?.focus();
  } else if (job.state === "cancelled") hint.textContent = "The export was stopped; its files were removed.";
  else hint.textContent = job.error?.message ?? "The export failed; see its log.";
}

document.getElementById("export-stop").addEventListener("click", async (event) => {
  if (!active || active === STARTING) return;
  event.currentTarget.disabled = true;
  await send("DELETE", `${root}/jobs/${active}`).catch(toastError);
});

// Earlier exports

async function list(fresh = null) {
  const page = await get(`${root}/jobs?stage=export&limit=${SHOWN_EXPORTS}`);
  const exports = await Promise.all(page.jobs.map((job) => get(`${root}/exports/${job.id}`).then((one) => ({ ...one, job }))));
  document.getElementById("export-past").hidden = exports.length === 0;
  document.getElementById("export-list").replaceChildren(...exports.map((one) => row(one, one.job_id === fresh)));
  const running = page.jobs.find((job) => job.state === "running" || job.state === "queued");
  if (running && !active) watch(running);
}

function row(one, isNew) {
  const { job } = one;
  const when = new Date(job.created_at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  const facts = [one.photos !== null && counted(one.photos, "photo"), one.size_bytes !== null && size(one.size_bytes), when].filter(Boolean).join(" · ");
  const failures = (job.failures ?? []).map((failure) => `${failure.image_path}: ${failure.reason}`);
  const notes = [...failures, ...one.warnings];
  return make("li", { class: "past", dataset: { state: one.state, ...(isNew ? { new: "" } : {}) } },
    icon(one.state === "succeeded" ? "check" : "close"),
    make("div", {},
      make("p", { class: "past-name" }, one.name ?? `${one.mode}, ${stateText(one.state)}`),
      make("p", { class: "past-where" }, facts),
      one.path ? make("p", { class: "past-where small" }, one.path) : null,
      job.error ? make("p", { class: "past-where" }, job.error.message) : null),
    one.download_url ? make("a", { class: "button", href: one.download_url, download: "" }, "Download")
      : make("a", { class: "small", href: `${root}/jobs/${job.id}/log` }, "Log"),
    notes.length ? make("details", {}, make("summary", {}, counted(notes.length, "note")), make("ul", {}, ...notes.map((note) => make("li", {}, note)))) : null);
}

bind([{ keys: "Mod+Enter", group: "Export", label: "Export", run: () => form.requestSubmit() }]);
refreshFields();
showPhotos();
list().catch((error) => { if (error instanceof Problem) toastError(error); else throw error; });
