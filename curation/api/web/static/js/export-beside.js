// Sidecars beside the originals: the list of what would be written, the writing, and taking it back.

import { get, send } from "./api.js";
import { ask } from "./dialog.js";
import { counted, make } from "./dom.js";
import { sidecarWords, wordsOf } from "./export-words.js";
import { icon } from "./icons.js";
import { stateText } from "./jobs.js";
import { root } from "./root.js";
import { toast } from "./toast.js";

const PAGE = 200;
const SHOWN_RUNS = 20;
const SHOWN_PAST = 6;
const ACTIONS = { new: "New", merged: "Added to", unchanged: "Already there", refused: "Not written", removed: "Removed", restored: "Put back" };

const panel = document.getElementById("beside");
const title = document.getElementById("beside-title");
const text = document.getElementById("beside-text");
const tabs = document.getElementById("beside-tabs");
const files = document.getElementById("beside-files");
const more = document.getElementById("beside-more");
export const writeButton = document.getElementById("beside-write");

let shown = null;
let only = null;

/** Hide the list, because it is not what would be written any more. */
export function hideList() {
  panel.hidden = true;
  shown = null;
}

/** Show what a run would write, wrote or took back. */
export async function showList(jobId) {
  shown = await get(`${root}/sidecars/${jobId}?limit=1`);
  const toWrite = (shown.new ?? 0) + (shown.merged ?? 0);
  if (shown.undoes) title.textContent = `${counted((shown.removed ?? 0) + (shown.restored ?? 0), "sidecar")} taken back`;
  else if (shown.dry_run) title.textContent = toWrite ? `${counted(toWrite, "sidecar")} would be written` : "Nothing would be written";
  else title.textContent = `${counted(toWrite, "sidecar")} written`;
  const silent = shown.silent ? `There is nothing to write about ${counted(shown.silent, "photo")}. ` : "";
  if (shown.undoes) text.textContent = shown.refused ? "Those that somebody changed after they were written stay as they are." : "Everything is as it was before.";
  else if (shown.dry_run) text.textContent = `${silent}Nothing is written yet. What other programs wrote into a sidecar stays there, and you can take everything back afterwards.`;
  else text.textContent = `${silent}The sidecars as they were before are kept in ${shown.backup ?? "no folder, because nothing was changed"}.`;
  writeButton.hidden = !shown.dry_run || toWrite === 0;
  writeButton.textContent = `Write ${counted(toWrite, "sidecar")}`;
  writeButton.disabled = false;
  only = null;
  panel.hidden = false;
  await list();
  title.focus({ preventScroll: true });
  panel.scrollIntoView({ block: "start" });
}

async function list() {
  const counts = Object.keys(ACTIONS).filter((action) => shown[action]);
  const tab = (action, name, count) => make("button", {
    class: "button button-small", type: "button", "aria-pressed": String(only === action), dataset: { action: action ?? "" },
    on: { click: () => { only = action; list().then(() => tabs.querySelector(`[data-action="${action ?? ""}"]`)?.focus()); } },
  }, `${name} ${count.toLocaleString("en")}`);
  const total = counts.reduce((sum, action) => sum + shown[action], 0);
  tabs.replaceChildren(...(counts.length > 1 ? [tab(null, "All", total)] : []), ...counts.map((action) => tab(action, ACTIONS[action], shown[action])));
  files.replaceChildren();
  await add();
}

async function add() {
  const { job_id: id } = shown;
  const wanted = only;
  const query = `limit=${PAGE}&offset=${files.children.length}${wanted ? `&action=${wanted}` : ""}`;
  const page = await get(`${root}/sidecars/${id}?${query}`);
  if (shown?.job_id !== id || only !== wanted) return;
  files.append(...page.entries.map((entry) => make("li", { dataset: { action: entry.action } },
    make("a", { class: "beside-file", href: `${root}/review/photos/${entry.photo_id}` }, entry.file),
    make("span", { class: "beside-action" }, ACTIONS[entry.action]),
    entry.reason || entry.notes.length ? make("span", { class: "beside-why small" }, [entry.reason, ...entry.notes].filter(Boolean).join("; ")) : null)));
  const there = files.children.length;
  more.replaceChildren(make("span", { class: "small muted", role: "status" }, `${there.toLocaleString("en")} of ${page.total.toLocaleString("en")}`),
    ...(there < page.total ? [make("button", { class: "button button-small", type: "button", on: { click: () => add().catch(failed) } }, "Show more")] : []));
}

const failed = (error) => toast(wordsOf(error), { kind: "bad" });

/** The runs that wrote sidecars, with a button that takes each back; `follow` is called with the job that does. */
export async function listPast(follow) {
  const page = await get(`${root}/jobs?stage=sidecars&limit=${SHOWN_RUNS}`);
  const all = await Promise.all(page.jobs.map((job) => get(`${root}/sidecars/${job.id}?limit=1`).then((run) => ({ ...run, job }))));
  const runs = all.filter((run) => !run.dry_run && !run.undoes && (run.backup || run.job.error)).slice(0, SHOWN_PAST);
  document.getElementById("beside-past").hidden = runs.length === 0;
  document.getElementById("beside-past-list").replaceChildren(...runs.map((run) => row(run, follow)));
  return page.jobs.find((job) => job.state === "running" || job.state === "queued") ?? null;
}

function row(run, follow) {
  const when = new Date(run.job.created_at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  const facts = [run.new && `${run.new} new`, run.merged && `${run.merged} added to`, run.refused && `${run.refused} not written`, when].filter(Boolean).join(" · ");
  const name = run.state === "succeeded" ? counted((run.new ?? 0) + (run.merged ?? 0), "sidecar") : `Sidecars, ${stateText(run.state)}`;
  const undo = make("button", { class: "button", type: "button", on: { click: () => takeBack(run, follow) } }, "Take back");
  const again = run.undone_at ? make("span", { class: "small muted" }, "taken back") : run.can_undo ? undo : make("span", {});
  return make("li", { class: "past", dataset: { state: run.state } }, icon(run.state === "succeeded" ? "check" : "close"),
    make("div", {},
      make("p", { class: "past-name" }, `${name} for ${run.for}`),
      make("p", { class: "past-where" }, facts),
      run.backup ? make("p", { class: "past-where small" }, `backup: ${run.backup}`) : null,
      run.job.error ? make("p", { class: "past-where" }, `${sidecarWords(run.job.error)}${run.can_undo ? " What was written before can be taken back." : ""}`) : null),
    make("span", { class: "past-buttons" },
      run.total ? make("button", { class: "button", type: "button", on: { click: () => showList(run.job_id).catch(failed) } }, "List") : null, again));
}

async function takeBack(run, follow) {
  const sure = await ask({
    title: "Take these sidecars back?",
    text: "New sidecars are removed, and those that something was added to are as they were, byte for byte. What somebody changed since then stays, and is listed.",
    yes: "Take back",
  });
  if (!sure) return;
  try {
    const { data: job } = await send("POST", `${root}/sidecars/${run.job_id}/undo`);
    follow(job);
  } catch (error) {
    failed(error);
  }
}
