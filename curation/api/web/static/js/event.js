// The page Event: looks through the photos, shows how far that is, and the photos themselves until they are ranked.

import { get, send } from "./api.js";
import { duration, pace } from "./jobs.js";
import { root } from "./root.js";
import { toastError } from "./toast.js";
import { startUploads } from "./uploads.js";

const LOOK_AGAIN_MS = 5000;
const overview = document.getElementById("overview");
const gallery = document.getElementById("gallery");
const refresh = () => {
  htmx.trigger(overview, "curation:refresh");
  htmx.trigger(gallery, "curation:gallery");
};

const files = document.getElementById("files");
startUploads({ input: files, drop: document.getElementById("drop"), onAdded: refresh });

overview.addEventListener("click", async (event) => {
  if (event.target.closest("#add-photos")) files.click();
  const start = event.target.closest("[data-start]");
  const stop = event.target.closest("#job-stop");
  const button = start ?? stop;
  if (!button) return;
  button.disabled = true;
  try {
    if (start) {
      await send("POST", start.dataset.start);
      document.dispatchEvent(new CustomEvent("curation:started"));
    } else {
      await send("DELETE", `${root}/jobs/${document.getElementById("job").dataset.job}`);
      button.lastChild.textContent = "Stopping …";
      return;
    }
  } catch (error) {
    toastError(error);
  }
  refresh();
});

overview.addEventListener("change", async (event) => {
  if (event.target.id !== "follow") return;
  const box = event.target;
  try {
    const { data } = await send("PUT", `${root}/following`, { is_on: box.checked });
    document.getElementById("follow-state").textContent = data.words;
  } catch (error) {
    box.checked = !box.checked;
    toastError(error);
  }
});

// What is waited for changes while one looks; a run that begins by itself is shown at once.
setInterval(async () => {
  const state = document.getElementById("follow-state");
  if (!state || !document.getElementById("follow")?.checked || document.visibilityState === "hidden") return;
  const following = await get(`${root}/following`).catch(() => null);
  if (!following) return;
  state.textContent = following.words;
  if (following.runs === Number(state.dataset.runs)) return;
  document.dispatchEvent(new CustomEvent("curation:started"));
  refresh();
}, LOOK_AGAIN_MS);

// What stood here when the service went away is not true any more.
document.addEventListener("curation:offline", () => {
  const left = document.getElementById("job-left");
  if (left) left.textContent = "The service does not answer.";
  document.getElementById("job-bar")?.removeAttribute("value");
});
document.addEventListener("curation:online", refresh);

document.addEventListener("curation:job", ({ detail: job }) => {
  const panel = document.getElementById("job");
  const isActive = job.state === "queued" || job.state === "running";
  // A film beside the job that is shown here is watched on its own page.
  if (isActive && panel && ["video", "weights"].includes(job.stage) && panel.dataset.job !== job.id) return;
  if (!isActive || panel?.dataset.job !== job.id) {
    refresh();
    return;
  }
  const { phase, done = 0, total = 0, rate_per_s: rate, seconds_left: left } = job.progress ?? {};
  const bar = document.getElementById("job-bar");
  if (total) {
    bar.max = total;
    bar.value = done;
  } else bar.removeAttribute("value");
  const isBytes = job.stage === "weights";
  const count = isBytes ? megabytes : (number) => number.toLocaleString("en");
  document.getElementById("job-phase").textContent = phase
    ? `${phase}: ${count(done)}${total ? ` of ${count(total)}` : ""}` : "waiting";
  document.getElementById("job-left").textContent = [
    isBytes ? rate && `${megabytes(rate)} per second` : pace(rate), duration(left) && `${duration(left)} left`,
  ].filter(Boolean).join(" · ");
});

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

// A list that grew keeps the focus, although the button that was pressed is gone.
gallery.addEventListener("htmx:afterSwap", (event) => {
  if (event.target !== gallery) gallery.querySelector(".gallery-more button")?.focus({ preventScroll: true });
});

// Times are sent in UTC, and shown in the user's time zone.
const localise = () => {
  for (const time of overview.querySelectorAll("time[datetime]")) {
    time.textContent = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  }
};
overview.addEventListener("htmx:afterSettle", localise);
localise();
