// A viewer for photos, with a box around each face; the arrow keys move through the photos.

import { get } from "./api.js";
import { make, makeSvg } from "./dom.js";
import { icon } from "./icons.js";
import { bind } from "./keyboard.js";
import { placePlates } from "./name-plates.js";
import { root } from "./root.js";

/**
 * Show photos.
 *
 * @param {Array<{photo: string, face?: string}>} shown Ids of photos, and of the face to mark in each.
 * @param {number} at The index of the first one to show.
 * @param {object} [options] `onClose(at)`: called with the index of the last one when the viewer is closed.
 */
export function openViewer(shown, at = 0, { onClose = () => {} } = {}) {
  const title = make("h2", { id: "viewer-title" });
  const count = make("span", { class: "viewer-count" });
  const frame = make("div", { class: "viewer-frame", tabindex: "-1", autofocus: true });
  const foot = make("div", { class: "viewer-foot" });
  const button = (label, name, run) =>
    make("button", { type: "button", class: "icon-button", "aria-label": label, title: label, on: { click: run } }, icon(name));
  const previous = button("Previous photo (←)", "left", () => go(-1));
  const next = button("Next photo (→)", "right", () => go(1));
  const boxes = button("Boxes and names (H)", "person", () => toggleBoxes());
  const dialog = make("dialog", { class: "viewer", "aria-labelledby": "viewer-title" },
    make("div", { class: "viewer-head" }, title, count, boxes, button("Close (Esc)", "close", () => dialog.close())),
    make("div", { class: "viewer-stage" }, previous, frame, next),
    foot,
  );
  let turn = 0;

  function toggleBoxes() {
    frame.toggleAttribute("data-plain");
    boxes.setAttribute("aria-pressed", String(!frame.hasAttribute("data-plain")));
  }

  function go(step) {
    const to = at + step;
    if (to < 0 || to >= shown.length) return;
    at = to;
    draw();
  }

  async function draw() {
    const mine = ++turn;
    const { photo: photoId, face: faceId } = shown[at];
    previous.disabled = at === 0;
    next.disabled = at === shown.length - 1;
    count.textContent = shown.length > 1 ? `${at + 1} of ${shown.length}` : "";
    let photo;
    try {
      photo = await get(`${root}/photos/${photoId}`);
    } catch (error) {
      if (mine === turn) frame.replaceChildren(make("p", { class: "viewer-note", role: "alert" }, error.message));
      return;
    }
    if (mine !== turn) return;
    title.textContent = photo.image_path;
    if (!photo.width) {
      frame.replaceChildren(make("p", { class: "viewer-note", role: "alert" }, photo.error ?? "The photo cannot be shown."));
      foot.replaceChildren();
      return;
    }
    frame.replaceChildren(picture(photo, faceId));
    foot.replaceChildren(...photo.faces.map((face) => person(face, face.face_id === faceId)));
  }

  boxes.setAttribute("aria-pressed", "true");
  const unbind = bind([
    { keys: "ArrowLeft", label: "Previous photo", group: "Photo", scope: dialog, run: () => go(-1) },
    { keys: "ArrowRight", label: "Next photo", group: "Photo", scope: dialog, run: () => go(1) },
    { keys: "h", label: "Boxes and names", group: "Photo", scope: dialog, run: toggleBoxes },
  ]);
  swipes(frame, go);
  dialog.addEventListener("close", () => {
    unbind();
    dialog.remove();
    onClose(at);
  });
  document.body.append(dialog);
  dialog.showModal();
  draw();
}

/** The photo with its boxes; the names over it are placed anew whenever its size changes. */
function picture(photo, faceId) {
  const svg = makeSvg("svg", { viewBox: `0 0 ${photo.width} ${photo.height}`, role: "img", "aria-label": photo.image_path });
  const image = makeSvg("image", { width: photo.width, height: photo.height, href: `${photo.picture_url}?size=screen` });
  // The marked face last, so that no other box covers it.
  const faces = [...photo.faces].sort((a, b) => (a.face_id === faceId) - (b.face_id === faceId));
  svg.append(image, ...faces.map((face) => {
    const here = face.face_id === faceId ? { "data-here": "" } : {};
    const { x, y, w, h } = face.box;
    return makeSvg("rect", { class: "viewer-box", x, y, width: w, height: h, rx: w / 20, ...here });
  }));
  const plates = make("div", { class: "plates", "aria-hidden": "true" });
  const whole = make("div", { class: "viewer-picture" }, svg, plates);
  new ResizeObserver(() => {
    const size = { width: whole.clientWidth, height: whole.clientHeight };
    const scale = Math.min(size.width / photo.width, size.height / photo.height);
    const left = (size.width - photo.width * scale) / 2, top = (size.height - photo.height * scale) / 2;
    placePlates(plates, photo.faces.map((face) => ({
      id: face.face_id, name: face.person ? called(face) : "", category: face.face_id === faceId ? "main" : face.category,
      x: left + face.box.x * scale, y: top + face.box.y * scale, w: face.box.w * scale, h: face.box.h * scale,
    })), size);
  }).observe(whole);
  return whole;
}

function person(face, isHere) {
  const here = isHere ? { dataset: { here: "" } } : {};
  if (face.cluster_id === null) return make("span", here, "Unknown person");
  return make("a", { href: `${root}/review/people/${face.cluster_id}`, ...here }, called(face));
}

// With a capital letter: "Person 3".
const called = (face) => face.person.replace(/^person (?=\d+$)/, "Person ");

const SWIPE_PX = 50;

function swipes(element, go) {
  let from = null;
  element.addEventListener("pointerdown", (event) => { from = event.pointerType === "touch" ? event.clientX : null; });
  element.addEventListener("pointerup", (event) => {
    if (from === null) return;
    const moved = event.clientX - from;
    from = null;
    if (Math.abs(moved) > SWIPE_PX) go(moved < 0 ? 1 : -1);
  });
}
