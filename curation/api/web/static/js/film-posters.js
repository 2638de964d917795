// Posters of a film: adding, watching until they are matched, boxes and names over them.

import { fragment, send } from "./api.js";
import { ask } from "./dialog.js";
import { root } from "./root.js";
import { toast, toastError } from "./toast.js";

const MB = 1_000_000;
const LOOK_EVERY_MS = 2500;

/** Wire the posters of a film. */
export function startPosters({ id, film }) {
  const posters = document.getElementById("posters");
  const file = document.getElementById("poster-file");
  const drop = document.getElementById("drop");
  const maxMb = Number(film.dataset.maxPosterMb);

  function place() {
    for (const face of posters.querySelectorAll(".film-poster-face")) {
      for (const side of ["left", "top", "width", "height"]) face.style[side] = `${face.dataset[side]}%`;
    }
  }

  async function refresh() {
    try {
      const text = await fragment(`${root}/fragments/videos/${id}/posters`);
      posters.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
      place();
    } catch (error) {
      toastError(error);
    }
  }

  async function add(picture) {
    if (!picture) return;
    if (picture.size > maxMb * MB) {
      toast(`${picture.name}: at most ${maxMb} MB are taken`, { kind: "bad" });
      return;
    }
    const form = new FormData();
    form.append("poster", picture, picture.name);
    try {
      const response = await fetch(`${root}/videos/${id}/posters`, { method: "POST", body: form, headers: { accept: "application/json" } });
      if (!response.ok) {
        const answer = await response.json().catch(() => ({}));
        toast(`${picture.name}: ${answer.detail ?? "the service reported an error; see its log"}`, { kind: "bad" });
        return;
      }
      document.dispatchEvent(new CustomEvent("curation:started"));
      await refresh();
    } catch {
      toast(`${picture.name}: the service does not answer`, { kind: "bad" });
    }
  }

  document.getElementById("choose-poster").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    const [picture] = file.files;
    add(picture);
    file.value = "";
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
    add(event.dataTransfer.files[0]);
  });

  posters.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-delete-poster]");
    if (!button || !(await ask({ title: `Delete ${button.dataset.name}?`, text: "The film and its characters stay as they are.", yes: "Delete", bad: true }))) return;
    try {
      await send("DELETE", `${root}/videos/${id}/posters/${button.dataset.deletePoster}`);
      await refresh();
    } catch (error) {
      toastError(error);
    }
  });

  document.addEventListener("curation:job", ({ detail: job }) => {
    const isOver = !["queued", "running"].includes(job.state);
    if (job.stage === "video" && isOver && posters.querySelector("[data-state=waiting], [data-state=working]")) refresh();
  });
  // A job may end before this page listens to it.
  setInterval(() => {
    if (document.visibilityState !== "hidden" && posters.querySelector("[data-state=waiting], [data-state=working]")) refresh();
  }, LOOK_EVERY_MS);
  place();
}
