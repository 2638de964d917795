// Earlier exports: where they are, what could not be exported, and downloads.

import { get } from "./api.js";
import { counted, make } from "./dom.js";
import { size, wordsOf } from "./export-words.js";
import { icon } from "./icons.js";
import { stateText } from "./jobs.js";
import { root } from "./root.js";

const PAGE = 8;
const area = document.getElementById("export-past");
const list = document.getElementById("export-list");
const more = document.getElementById("export-more");

/** List the newest exports, and give the job that is at work; `fresh` is the one that just ended. */
export async function listExports(fresh = null) {
  const page = await get(`${root}/jobs?stage=export&limit=${Math.max(PAGE, list.children.length)}`);
  const rows = await details(page.jobs, fresh);
  area.hidden = rows.length === 0;
  list.replaceChildren(...rows);
  count(page.total);
  return page.jobs.find((job) => job.state === "running" || job.state === "queued") ?? null;
}

const details = (jobs, fresh = null) => Promise.all(jobs.map((job) => get(`${root}/exports/${job.id}`).then((one) => row({ ...one, job }, job.id === fresh))));

function count(total) {
  const there = list.children.length;
  const button = make("button", { class: "button button-small", type: "button" }, "Show more");
  button.addEventListener("click", async () => {
    button.disabled = true;
    const page = await get(`${root}/jobs?stage=export&limit=${PAGE}&offset=${there}`);
    list.append(...(await details(page.jobs)));
    count(page.total);
    (more.querySelector("button") ?? list.lastElementChild?.querySelector("a, summary"))?.focus();
  });
  more.replaceChildren(...(total > PAGE ? [make("span", { class: "small muted", role: "status" }, `${Math.min(there, total).toLocaleString("en")} of ${total.toLocaleString("en")}`)] : []),
    ...(there < total ? [button] : []));
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
      make("p", { class: "past-name" }, one.name ?? `${{ copy: "Copies", zip: "ZIP file", hardlink: "Hard links" }[one.mode] ?? one.mode}, ${stateText(one.state)}`),
      make("p", { class: "past-where" }, facts),
      one.path ? make("p", { class: "past-where small" }, one.path) : null,
      job.error ? make("p", { class: "past-where" }, wordsOf(job.error)) : null),
    one.download_url ? make("a", { class: "button", href: one.download_url, download: "" }, "Download")
      : make("a", { class: "small", href: `${root}/jobs/${job.id}/log` }, "Log"),
    notes.length ? make("details", {}, make("summary", {}, counted(notes.length, "note")), make("ul", {}, ...notes.map((note) => make("li", {}, note)))) : null);
}
