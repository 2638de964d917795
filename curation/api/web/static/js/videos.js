// The page Videos: hands films in, and watches them while they are looked at.

import { fragment, send } from "./api.js";
import { bind } from "./keyboard.js";
import { duration } from "./jobs.js";
import { make } from "./dom.js";
import { root } from "./root.js";
import { toast, toastError } from "./toast.js";

const MB = 1_000_000; // as the service counts
const LIST_PAUSE_MS = 400;
const LOOK_EVERY_MS = 5000;

const list = document.getElementById("list");
const files = document.getElementById("files");
const drop = document.getElementById("drop");
const said = document.getElementById("said");
const sending = document.getElementById("sending");
const maxMb = Number(document.getElementById("bar").dataset.maxMb);

// Handing in: one film after the other, as each takes the whole line.

let before = Promise.resolve();

function take(chosen) {
  for (const file of chosen) {
    if (file.size > maxMb * MB) {
      toast(`${file.name}: it has ${Math.round(file.size / MB).toLocaleString("en")} MB, at most ${maxMb.toLocaleString("en")} MB are taken`, { kind: "bad" });
      continue;
    }
    const bar = make("progress", { max: 100, value: 0, "aria-label": `How much of ${file.name} has arrived` });
    const row = make("li", {}, make("span", { class: "small" }, file.name), bar);
    sending.append(row);
    sending.hidden = false;
    before = before.then(() => handIn(file, bar)).catch(() => {}).then(() => {
      row.remove();
      sending.hidden = sending.children.length === 0;
    });
  }
}

/** Send a film; XMLHttpRequest, as fetch does not tell how much has gone. */
function handIn(file, bar) {
  return new Promise((resolve) => {
    const form = new FormData();
    form.append("film", file, file.name);
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total;
    });
    request.addEventListener("load", () => {
      let answer = {};
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        // Told below.
      }
      if (request.status === 202) {
        if (["done", "partial"].includes(answer.video.state)) toast(`${file.name} was looked at before`, { action: { label: "Show it", run: () => location.assign(`${root}/review/videos/${answer.video.video_id}`) } });
        document.dispatchEvent(new CustomEvent("curation:started"));
        refresh();
      } else {
        toast(`${file.name}: ${answer.detail ?? "the service reported an error; see its log"}`, { kind: "bad" });
      }
      resolve();
    });
    request.addEventListener("error", () => {
      toast(`${file.name}: the service does not answer`, { kind: "bad" });
      resolve();
    });
    request.open("POST", `${root}/videos`);
    request.setRequestHeader("accept", "application/json");
    request.send(form);
  });
}

document.getElementById("choose").addEventListener("click", () => files.click());
files.addEventListener("change", () => {
  const chosen = [...files.files];
  files.value = "";
  take(chosen);
});

const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
let depth = 0;
const veil = (by) => {
  depth = Math.max(0, depth + by);
  drop.hidden = depth === 0;
};
document.addEventListener("dragenter", (event) => holdsFiles(event) && veil(1));
document.addEventListener("dragleave", (event) => holdsFiles(event) && veil(-1));
document.addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
document.addEventListener("drop", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  veil(-depth);
  take([...event.dataTransfer.files]);
});

// Watching

let timer = 0;
let isFetching = false;
let isStale = false;

function refresh() {
  clearTimeout(timer);
  timer = setTimeout(fetchList, LIST_PAUSE_MS);
}

async function fetchList() {
  if (isFetching) {
    isStale = true;
    return;
  }
  isFetching = true;
  try {
    const text = await fragment(`${root}/fragments/videos/cards${location.search}`);
    const focused = document.activeElement?.closest(".video-card")?.id;
    list.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
    if (focused) document.getElementById(focused)?.querySelector("a")?.focus();
  } catch (error) {
    console.warn(error.message);
  }
  isFetching = false;
  if (isStale) {
    isStale = false;
    refresh();
  }
}

document.addEventListener("curation:job", ({ detail: job }) => {
  if (job.stage !== "video") return;
  const card = list.querySelector(`[data-job="${job.id}"]`);
  if (job.state !== "running" && job.state !== "queued") {
    if (card) said.textContent = `${card.querySelector(".video-card-name span").textContent}: ${job.state}`;
    refresh();
    return;
  }
  // A film that has begun meanwhile has another state and another job.
  if (!card || card.dataset.state === "waiting") {
    if (list.querySelector("[data-state=waiting], [data-state=working]")) refresh();
    return;
  }
  const { done = 0, total = 0, seconds_left: left } = job.progress ?? {};
  const bar = card.querySelector("progress");
  if (bar && total) bar.value = (100 * done) / total;
  const text = card.querySelector(".video-card-left");
  if (text) text.textContent = duration(left) ? `About ${duration(left)} left` : "Looking at it …";
});

// A job may end before this page listens to it.
setInterval(() => {
  if (document.visibilityState !== "hidden" && list.querySelector(".video-card[data-state=waiting], .video-card[data-state=working]")) refresh();
}, LOOK_EVERY_MS);

list.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-retry]");
  if (!button) return;
  button.disabled = true;
  try {
    await send("POST", `${root}/videos/${button.dataset.retry}/retry`);
    document.dispatchEvent(new CustomEvent("curation:started"));
    refresh();
  } catch (error) {
    button.disabled = false;
    toastError(error);
  }
});

document.getElementById("person")?.addEventListener("change", (event) => event.target.form.requestSubmit());

function move(step) {
  const links = [...list.querySelectorAll(".video-card-link")];
  if (!links.length) return;
  const at = links.findIndex((link) => link.closest(".video-card").contains(document.activeElement));
  links[at < 0 ? 0 : Math.min(Math.max(at + step, 0), links.length - 1)].focus();
}
bind([
  { keys: "Mod+o", label: "Choose films", run: () => files.click() },
  { keys: "j ArrowRight", shown: "J", label: "Next film", run: () => move(1), when: () => list.querySelector(".video-card") !== null },
  { keys: "Shift+J ArrowLeft", shown: "Shift J", label: "Previous film", run: () => move(-1), when: () => list.querySelector(".video-card") !== null },
]);
