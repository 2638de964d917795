// One film: the player with its overlay, the timeline, the characters, posters, and what is done with the film.

import { fragment, get, send } from "./api.js";
import { ask } from "./dialog.js";
import { startOverlay } from "./film-overlay.js";
import { startPeople } from "./film-people.js";
import { startPosters } from "./film-posters.js";
import { startTimeline } from "./film-timeline.js";
import { followJob } from "./follow-job.js";
import { duration } from "./jobs.js";
import { bind } from "./keyboard.js";
import { root } from "./root.js";
import { toastError } from "./toast.js";

const LOOK_EVERY_MS = 2500;

const film = document.getElementById("film");
const { id } = film.dataset;
const length = Number(film.dataset.end);
const player = document.getElementById("player");
const people = document.getElementById("characters");

/** Go to a time of the film; without a player nothing happens. */
function jump(seconds) {
  if (!player) return;
  player.currentTime = Math.min(Math.max(seconds, 0), Math.max(length - 0.05, 0));
  player.closest(".film-stage").scrollIntoView({ block: "nearest" });
}

/** Mark a character wherever it is shown; null marks nobody. */
function mark(cluster) {
  for (const one of film.querySelectorAll("[data-cluster]")) one.toggleAttribute("data-here", one.dataset.cluster === cluster);
}
for (const [event, isOn] of [["pointerover", true], ["focusin", true], ["pointerout", false], ["focusout", false]]) {
  film.addEventListener(event, ({ target }) => {
    const one = target.closest?.("[data-cluster]");
    if (one) mark(isOn ? one.dataset.cluster : null);
  });
}

// From a page that knows a moment of this film.
const at = Number(new URLSearchParams(location.search).get("t") ?? NaN);
if (player && at >= 0) player.currentTime = at;

const overlay = player ? startOverlay({ id, player, film }) : null;
const timeline = startTimeline({ film, player, length, jump });
const changed = () => overlay?.repaint();
const named = people ? startPeople({ id, film, people, jump, changed }) : null;
if (document.getElementById("posters")) startPosters({ id, film });

// What is done with the film

function start(path) {
  return async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    try {
      await send("POST", `${root}/videos/${id}/${path}`);
      document.dispatchEvent(new CustomEvent("curation:started"));
      if (path === "retry") location.reload();
      else await refreshAnnotated();
    } catch (error) {
      button.disabled = false;
      toastError(error);
    }
  };
}
document.getElementById("retry")?.addEventListener("click", start("retry"));

document.getElementById("delete")?.addEventListener("click", async (event) => {
  const text = "The film as it was handed in, its posters, and names that were typed here are removed for good. People of the event keep their names.";
  if (!(await ask({ title: `Delete ${event.currentTarget.dataset.name}?`, text, yes: "Delete", bad: true }))) return;
  try {
    await send("DELETE", `${root}/videos/${id}`);
    location.assign(`${root}/review/videos`);
  } catch (error) {
    toastError(error);
  }
});

async function refreshAnnotated() {
  const place = document.getElementById("annotated");
  try {
    const text = await fragment(`${root}/fragments/videos/${id}/annotated`);
    place.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
  } catch (error) {
    toastError(error);
  }
  wireAnnotated();
}

function wireAnnotated() {
  document.getElementById("annotate")?.addEventListener("click", start("annotate"));
}
wireAnnotated();

// A film that is looked at: its progress, and the page anew when it is done.

const bar = document.getElementById("wait-bar");
function onProgress(job) {
  const { done = 0, total = 0, seconds_left: left } = job.progress ?? {};
  if (total) bar.value = (100 * done) / total;
  document.getElementById("wait-text").textContent = "The film is being looked at.";
  document.getElementById("wait-left").textContent = duration(left) ? `About ${duration(left)} left.` : "You can leave the page meanwhile.";
}
/** A job may end before this page listens to it: look now and then, whatever is told. */
async function lookAfter() {
  if (document.visibilityState === "hidden") return;
  if (bar) {
    const { state } = await get(`${root}/videos/${id}`).catch(() => ({}));
    if (state && !["waiting", "working"].includes(state)) location.reload();
  }
  if (document.getElementById("annotate-bar")) await refreshAnnotated();
}
setInterval(lookAfter, LOOK_EVERY_MS);
if (bar && film.dataset.job) followJob(film.dataset.job, { progress: onProgress, end: () => location.reload() });

document.getElementById("stop")?.addEventListener("click", async (event) => {
  event.currentTarget.disabled = true;
  const { job_id: job } = await get(`${root}/videos/${id}`).catch(() => ({}));
  if (job) await send("DELETE", `${root}/jobs/${job}`).catch(toastError);
});

document.addEventListener("curation:job", async ({ detail: job }) => {
  if (job.stage !== "video") return;
  const isOver = !["queued", "running"].includes(job.state);
  const drawing = document.getElementById("annotate-bar");
  if (drawing && drawing.dataset.job === job.id && job.progress?.total) drawing.value = (100 * job.progress.done) / job.progress.total;
  if (bar && !film.dataset.job) {
    // It waited when the page was opened: by now it may have a job.
    const { state, job_id: now } = await get(`${root}/videos/${id}`).catch(() => ({}));
    if (state === "waiting" || film.dataset.job) return;
    film.dataset.job = now ?? "";
    if (now) followJob(now, { progress: onProgress, end: () => location.reload() });
  } else if (drawing && (isOver || !drawing.dataset.job)) {
    await refreshAnnotated();
  }
});

// Keys

const has = (what) => () => what !== null && what !== undefined;
bind([
  { group: "Player", keys: "Space", label: "Play or pause", when: has(player), run: () => (player.paused ? player.play().catch(() => {}) : player.pause()) },
  { group: "Player", keys: "ArrowLeft", label: "5 seconds back", when: has(player), run: () => jump(player.currentTime - 5) },
  { group: "Player", keys: "ArrowRight", label: "5 seconds forward", when: has(player), run: () => jump(player.currentTime + 5) },
  { group: "Player", keys: ", .", shown: ", .", label: "A moment back, forward", when: has(player), run: (event) => jump(player.currentTime + (event.key === "," ? -0.04 : 0.04)) },
  { group: "Player", keys: "h", label: "Names in the picture", when: has(overlay), run: () => overlay.toggle() },
  { group: "Characters", keys: "j", label: "Next character", when: has(named), run: () => named.move(1) },
  { group: "Characters", keys: "Shift+J", label: "Previous character", when: has(named), run: () => named.move(-1) },
  { group: "Characters", keys: "n", label: "Type the name", when: has(named), run: () => named.editName() },
  { group: "Characters", keys: "m", label: "Main person", when: has(named), run: () => named.categorise("main") },
  { group: "Characters", keys: "i", label: "Important", when: has(named), run: () => named.categorise("important") },
  { group: "Characters", keys: "o", label: "Other", when: has(named), run: () => named.categorise("other") },
  { group: "Characters", keys: "] Shift+ArrowRight", shown: "]", label: "Next appearance", when: has(named), run: () => timeline.step(named.current(), 1) },
  { group: "Characters", keys: "[ Shift+ArrowLeft", shown: "[", label: "Previous appearance", when: has(named), run: () => timeline.step(named.current(), -1) },
]);
