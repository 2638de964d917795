// A guest's own photos: the picture is made small here, sent once, and kept nowhere, here neither.

import { make } from "./dom.js";
import { root } from "./root.js";

const LONGEST_PX = 1600;
const MAX_SHOWN = 60;
const consent = document.getElementById("find-consent");
const file = document.getElementById("find-file");
const form = document.getElementById("find-form");
const message = document.getElementById("find-message");
const result = document.getElementById("find-result");
const title = document.getElementById("find-title");
const grid = document.getElementById("find-grid");
const count = document.getElementById("find-count");
const download = document.getElementById("find-download");
const large = document.getElementById("find-large");

// The key stays behind the # of the address, which browsers send to nobody.
const key = location.hash.slice(1);
let found = null;

consent.addEventListener("change", () => { file.disabled = !consent.checked; });
form.addEventListener("submit", (event) => event.preventDefault());
file.addEventListener("change", async () => {
  const [picture] = file.files;
  file.value = "";
  if (!picture) return;
  forget();
  file.disabled = true;
  message.textContent = "Looking for you. This takes a few seconds.";
  try {
    show(await look(await smaller(picture)));
  } catch (error) {
    message.textContent = error.message;
  }
  file.disabled = !consent.checked;
});

/** The picture with at most 1600 pixels a side and without metadata; as it is where the browser cannot read it. */
async function smaller(picture) {
  try {
    const image = await createImageBitmap(picture, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST_PX / Math.max(image.width, image.height));
    const canvas = make("canvas", { width: Math.round(image.width * scale), height: Math.round(image.height * scale) });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    image.close();
    return (await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", 0.92); })) ?? picture;
  } catch {
    return picture;
  }
}

async function look(picture) {
  const headers = { accept: "application/json", "content-type": picture.type || "application/octet-stream", ...(key ? { "x-guest-key": key } : {}) };
  const response = await fetch(`${root}/find-me`, { method: "POST", headers, body: picture, cache: "no-store" })
    .catch(() => { throw new Error("The photographer's computer does not answer. Are you in the same network?"); });
  const body = await response.json().catch(() => null);
  if (response.ok) return body;
  const words = {
    413: "This picture is too large. Take another one with the camera of your phone.",
    401: "This link does not work any more. Ask whoever gave it to you for a new one.",
    429: "Too many pictures in one minute. Wait a moment and try again.",
  };
  throw new Error(words[response.status] ?? (body?.detail ? `That did not work: ${body.detail}.` : "That did not work. Try again in a moment."));
}

function show(answer) {
  message.textContent = answer.message;
  if (!answer.photos.length) return;
  found = answer;
  title.textContent = answer.message;
  message.textContent = "";
  grid.replaceChildren();
  add();
  download.hidden = !answer.download_url;
  refresh();
  result.hidden = false;
  title.focus();
}

/** Show more of the photos; all of them are there, however many. */
function add() {
  const there = grid.children.length;
  grid.append(...found.photos.slice(there, there + MAX_SHOWN).map((photo, number) => make("li", {},
    make("button", { class: "find-open", type: "button", "aria-label": `Photo ${there + number + 1}, larger`, on: { click: () => enlarge(photo) } },
      make("img", { src: photo.thumbnail_url, alt: "", loading: "lazy", decoding: "async", referrerpolicy: "no-referrer" })),
    found.download_url ? make("label", { class: "find-mark" }, make("input", { type: "checkbox", "aria-label": `Choose photo ${there + number + 1}`, value: photo.photo_id, on: { change: refresh } })) : null)));
  const shown = grid.children.length;
  const button = make("button", { class: "button", type: "button", on: { click: () => { add(); grid.children[shown]?.querySelector("button").focus(); } } }, "Show more");
  count.replaceChildren(`${shown.toLocaleString("en")} of ${found.photos.length.toLocaleString("en")} `, ...(shown < found.photos.length ? [button] : []));
}

function refresh() {
  if (!found?.download_url) return;
  const chosen = [...grid.querySelectorAll("input:checked")].map((mark) => mark.value);
  const query = new URLSearchParams(chosen.map((id) => ["photo", id])).toString();
  download.href = query ? `${found.download_url}?${query}` : found.download_url;
  download.textContent = chosen.length ? `Download ${chosen.length} chosen` : `Download all ${found.photos.length}`;
}

function enlarge(photo) {
  document.getElementById("find-large-picture").src = photo.picture_url;
  large.showModal();
}

function forget() {
  if (found) fetch(found.result_url, { method: "DELETE", keepalive: true }).catch(() => {});
  found = null;
  result.hidden = true;
  grid.replaceChildren();
  message.textContent = "";
}

large.addEventListener("click", (event) => { if (event.target === large) large.close(); });
large.addEventListener("close", () => { document.getElementById("find-large-picture").removeAttribute("src"); });
document.getElementById("find-forget").addEventListener("click", () => {
  forget();
  consent.checked = false;
  file.disabled = true;
  message.textContent = "Done: nothing is kept.";
  consent.focus();
});
// A page that comes back from the browser's memory must not show another guest's photos.
window.addEventListener("pagehide", forget);
