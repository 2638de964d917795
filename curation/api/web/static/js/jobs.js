// The running jobs, by server-sent events on every page.

import { noAnswer } from "./connection.js";
import { wordsOf } from "./problem-words.js";
import { root } from "./root.js";
import { toast } from "./toast.js";

const LOOK_AGAIN_MS = 20000;
const SILENT_MS = 20000;

export const STAGES = {
  clustering: { doing: "Finding the people", done: "The people are found", next: `${root}/review/people`, show: "Show them" },
  scoring: { doing: "Ranking the photos", done: "The photos are ranked", next: `${root}/review/photos`, show: "Show them" },
  export: { doing: "Exporting", done: "The export is done", next: `${root}/review/export`, show: "Show it" },
  sidecars: { doing: "Looking after sidecars", done: "The sidecars are done", next: `${root}/review/export`, show: "Show them" },
  video: { doing: "Looking at a film", done: "The film is ready", next: `${root}/review/videos`, show: "Show it" },
  weights: { doing: "Fetching the better engine", done: "The better engine is here", next: `${root}/review/event`, show: "Show it" },
};
const UNKNOWN_STAGE = { doing: "Working", done: "Done", next: `${root}/review/event`, show: "Show it" };

/** The state of a job as the user reads it. */
export const stateText = (state) => (state === "cancelled" ? "stopped" : state);

/** "3 min", "12 s"; empty if unknown. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "";
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "2.5 per second", "3 per minute"; empty if unknown. */
export function pace(perSecond) {
  if (!perSecond) return "";
  return perSecond < 0.95 ? `${Math.max(1, Math.round(60 * perSecond))} per minute` : `${perSecond.toFixed(1)} per second`;
}

/**
 * Follow all running jobs while the page is visible. Dispatches `curation:job` on the document with each state of a job;
 * `curation:started` makes it connect at once.
 */
export function followJobs() {
  const chip = document.getElementById("job-chip");
  const text = document.getElementById("job-chip-text");
  let source = null;
  let timer = 0;
  let silence = 0;

  const close = () => {
    clearTimeout(silence);
    source?.close();
    source = null;
    clearTimeout(timer);
  };
  const open = () => {
    close();
    if (document.visibilityState === "hidden") return;
    source = new EventSource(`${root}/jobs/events`);
    source.addEventListener("progress", (event) => onProgress(JSON.parse(event.data)));
    source.addEventListener("end", (event) => onEnd(JSON.parse(event.data)));
    source.addEventListener("idle", () => {
      close();
      chip.hidden = true;
      timer = setTimeout(open, LOOK_AGAIN_MS);
    });
    // A stream that breaks is tried again by the browser, unless the service refuses it.
    source.addEventListener("error", () => {
      noAnswer();
      if (source?.readyState === EventSource.CLOSED) timer = setTimeout(open, LOOK_AGAIN_MS);
    });
  };
  // A job says something every few seconds: silence means that nobody is there.
  const expectMore = () => {
    clearTimeout(silence);
    silence = setTimeout(noAnswer, SILENT_MS);
  };
  document.addEventListener("curation:offline", () => {
    close();
    chip.hidden = true;
  });
  document.addEventListener("curation:online", open);
  const tell = (job) => document.dispatchEvent(new CustomEvent("curation:job", { detail: job }));

  function onProgress(job) {
    const { done = 0, total = 0, seconds_left: left } = job.progress ?? {};
    const stage = STAGES[job.stage] ?? UNKNOWN_STAGE;
    const percent = total ? `${Math.floor((100 * done) / total)} %` : "";
    text.textContent = [stage.doing, percent, duration(left)].filter(Boolean).join(" · ");
    chip.dataset.short = percent || "…"; // where there is no room for more
    chip.title = text.textContent;
    chip.hidden = false;
    expectMore();
    tell(job);
  }

  function onEnd(job) {
    clearTimeout(silence);
    const stage = STAGES[job.stage] ?? UNKNOWN_STAGE;
    chip.hidden = true;
    tell(job);
    if (job.state === "failed") toast(`${stage.doing}: ${job.error ? wordsOf(job.error.code, job.error.message) : "it failed"}`, { kind: "bad" });
    else if (job.state === "succeeded") {
      const isThere = document.querySelector(`.head-nav a[href="${stage.next}"]`) !== null;
      toast(stage.done, isThere ? { action: { label: stage.show, run: () => { location.href = stage.next; } } } : {});
    } else toast(`${stage.doing}: ${stateText(job.state)}`);
  }

  document.addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? close() : open()));
  document.addEventListener("curation:started", open);
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && open());
  open();
}
