// Drawing a face that was missed: a box on the photo, by pointer or by keys; then, whose it is.

import { counted, make } from "./dom.js";
import { giveFacesTo } from "./give-face.js";
import { bind } from "./keyboard.js";
import { chooseCover, drawFace } from "./people-actions.js";

const MIN_PX = 8; // of the photo
const FIRST_PART = 0.12; // of the photo's shorter side: the box that keys begin with
const STEP_PART = 0.01;
const SVG = "http://www.w3.org/2000/svg";

/**
 * Wire drawing and giving faces on the page of a photo. Within `holder` there are: `#photo-picture`, an SVG whose user units
 * are pixels of the upright photo; `#draw-face`, a button; `[data-give]` and `[data-cover]` with the id of a face. They may be
 * replaced at any time.
 *
 * @param {HTMLElement} holder
 * @param {{photoId: () => string, refresh: () => void}} page `refresh`: shows the photo again with its faces as they are now.
 */
export function wireFaces(holder, { photoId, refresh }) {
  let stop = null;

  async function start() {
    const picture = holder.querySelector("#photo-picture");
    if (!picture || stop) return;
    const id = photoId();
    const button = holder.querySelector("#draw-face");
    button?.setAttribute("aria-pressed", "true");
    const session = drawBox(picture);
    stop = session.cancel;
    const box = await session.box;
    stop = null;
    button?.setAttribute("aria-pressed", "false");
    button?.focus({ preventScroll: true });
    if (box === null || photoId() !== id) return;
    const drawn = await drawFace(id, box);
    if (drawn === null) return;
    refresh();
    await giveFacesTo([drawn.face.face_id], {
      text: drawn.was_seen ? "Those who look like it come first." : "It is hardly seen, so the order is a guess.",
    });
    refresh();
  }

  holder.addEventListener("click", async (event) => {
    if (event.target.closest("#draw-face")) {
      if (stop) stop();
      else start();
      return;
    }
    const give = event.target.closest("[data-give]")?.dataset.give;
    if (give && (await giveFacesTo([give]))) refresh();
    const cover = event.target.closest("[data-cover]")?.dataset.cover;
    if (cover) await chooseCover(cover);
  });
  bind([
    { group: "People", keys: "Shift+f", label: "Draw a face that was missed", when: () => holder.querySelector("#photo-picture") !== null, run: () => (stop ? stop() : start()) },
  ]);
  document.addEventListener("curation:changed", refresh);
}

/**
 * Let the user draw a box over a picture.
 *
 * @param {SVGSVGElement} picture Its user units are pixels of the photo.
 * @returns {{box: Promise<{x: number, y: number, w: number, h: number}|null>, cancel: () => void}}
 */
export function drawBox(picture) {
  const { width, height } = picture.viewBox.baseVal;
  const size = { width: Number(picture.dataset.width) || width, height: Number(picture.dataset.height) || height };
  let resolve;
  const box = new Promise((done) => { resolve = done; });
  const note = make("p", { class: "draw-note", role: "status" }, "Draw a box around the face. Or: arrow keys move it, Shift+arrows change its size, Enter takes it, Esc cancels.");
  const layer = make("div", { class: "draw-layer", tabindex: "0", role: "application", "aria-label": "Draw a box around the face" }, note);
  const rect = document.createElementNS(SVG, "rect");
  rect.setAttribute("class", "box box-drawn");
  let area = null;
  let from = null;

  const place = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM().inverse());
    return { x: Math.max(0, Math.min(size.width, point.x)), y: Math.max(0, Math.min(size.height, point.y)) };
  };
  const paint = (next) => {
    area = next;
    for (const [name, value] of Object.entries({ x: area.x, y: area.y, width: area.w, height: area.h })) rect.setAttribute(name, value);
    if (!rect.isConnected) picture.append(rect);
  };
  const between = (a, b) => ({ x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), w: Math.abs(a.x - b.x), h: Math.abs(a.y - b.y) });
  const isLarge = () => area !== null && Math.min(area.w, area.h) >= MIN_PX;

  function end(value) {
    window.removeEventListener("keydown", onKey, true);
    layer.remove();
    rect.remove();
    resolve(value);
  }
  const take = () => {
    if (!isLarge()) {
      note.textContent = "Draw the box around the whole face: it is too small.";
      return;
    }
    const x = Math.floor(area.x), y = Math.floor(area.y);
    end({ x, y, w: Math.max(1, Math.min(size.width - x, Math.round(area.w))), h: Math.max(1, Math.min(size.height - y, Math.round(area.h))) });
  };

  layer.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    event.stopPropagation();
    layer.setPointerCapture(event.pointerId);
    layer.focus({ preventScroll: true });
    from = place(event);
  });
  layer.addEventListener("pointermove", (event) => {
    event.stopPropagation();
    if (from) paint(between(from, place(event)));
  });
  layer.addEventListener("pointerup", (event) => {
    event.stopPropagation();
    if (!from) return;
    paint(between(from, place(event)));
    from = null;
    if (isLarge()) take();
  });
  for (const name of ["click", "dblclick", "touchstart", "touchmove", "touchend"]) layer.addEventListener(name, (event) => event.stopPropagation());
  layer.addEventListener("wheel", (event) => event.stopPropagation(), { passive: true });

  // Before the keys of the page: while a face is drawn they mean nothing else.
  function onKey(event) {
    const step = Math.max(1, Math.round(STEP_PART * Math.min(size.width, size.height)));
    const [dx, dy] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key] ?? [0, 0];
    if (event.key === "Tab" || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") end(null);
    else if (event.key === "Enter") take();
    else if (dx || dy) {
      const side = Math.round(FIRST_PART * Math.min(size.width, size.height));
      const { x, y, w, h } = area ?? { x: Math.round((size.width - side) / 2), y: Math.round((size.height - side) / 2), w: side, h: side };
      if (event.shiftKey) paint({ x, y, w: Math.max(MIN_PX, Math.min(size.width - x, w + dx)), h: Math.max(MIN_PX, Math.min(size.height - y, h + dy)) });
      else paint({ x: Math.max(0, Math.min(size.width - w, x + dx)), y: Math.max(0, Math.min(size.height - h, y + dy)), w, h });
      note.textContent = `${counted(Math.round(area.w), "pixel")} wide, ${Math.round(area.h)} high`;
    }
  }
  window.addEventListener("keydown", onKey, true);
  picture.parentElement.append(layer);
  layer.focus({ preventScroll: true });
  return { box, cancel: () => end(null) };
}
