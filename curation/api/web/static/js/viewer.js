// A viewer for photos, with a box around each face; the arrow keys move through the photos.

import { get } from "./api.js";
import { make, makeSvg } from "./dom.js";
import { icon } from "./icons.js";
import { bind } from "./keyboard.js";
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

function picture(photo, faceId) {
  const svg = makeSvg("svg", { viewBox: `0 0 ${photo.width} ${photo.height}`, role: "img", "aria-label": photo.image_path });
  const image = makeSvg("image", { width: photo.width, height: photo.height, href: `${photo.picture_url}?size=screen` });
  const letters = Math.max(photo.width, photo.height) / 60;
  // The marked face last, so that no other box covers it.
  const faces = [...photo.faces].sort((a, b) => (a.face_id === faceId) - (b.face_id === faceId));
  svg.append(image, ...faces.flatMap((face) => {
    const here = face.face_id === faceId ? { "data-here": "" } : {};
    const { x, y, w, h } = face.box;
    const box = makeSvg("rect", { class: "viewer-box", x, y, width: w, height: h, rx: w / 20, ...here });
    if (!face.person) return [box];
    const below = y + h + letters * 1.2 < photo.height;
    return [box, makeSvg("text", {
      class: "viewer-name", x: x + w / 2, y: below ? y + h + letters * 1.2 : y - letters * 0.4, "text-anchor": "middle",
      "font-size": letters, "stroke-width": letters / 7,
    }, called(face))];
  }));
  return svg;
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
