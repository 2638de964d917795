// Names under faces that never cover each other: each is put where there is room, shortened, or left out until its face is
// pointed at.

import { make } from "./dom.js";

const HEIGHT_PX = 20;
const SIDES_PX = 12; // beside the letters, both sides together
const GAP_PX = 3;
const SHORT_CHARS = 10;
const RANK = { main: 0, important: 1, other: 2 };

let measure = null;
const widths = new Map();

/**
 * Put the names of faces into an element.
 *
 * @param {Element} holder Covers the view.
 * @param {Array<{id: string, name: string, category: ?string, x: number, y: number, w: number, h: number}>} faces In CSS
 *   pixels of the view.
 * @param {{width: number, height: number}} size Of the view.
 * @param {Array<{x: number, y: number, width: number, height: number}>} buttons Over the view; no name is put under them.
 */
export function placePlates(holder, faces, size, buttons = []) {
  const placed = plan(faces.filter((face) => face.name), faces, size, buttons);
  const known = new Map([...holder.children].map((one) => [one.dataset.face, one]));
  for (const { face, text, x, y, width, isHidden } of placed) {
    let plate = known.get(face.id);
    known.delete(face.id);
    if (!plate) {
      plate = make("span", { class: "plate", dataset: { face: face.id, ...(face.category ? { category: face.category } : {}) } });
      holder.append(plate);
    }
    if (plate.textContent !== text) plate.textContent = text;
    plate.toggleAttribute("data-spare", isHidden);
    plate.style.width = `${width}px`;
    plate.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  }
  for (const old of known.values()) old.remove();
}

/** Where each name goes; `isHidden` for those without room, which may cover others while they are pointed at. */
function plan(named, faces, size, buttons) {
  const taken = [...buttons];
  const order = [...named].sort((a, b) => (RANK[a.category] ?? 3) - (RANK[b.category] ?? 3) || b.w * b.h - a.w * a.h || (a.id < b.id ? -1 : 1));
  return order.map((face) => {
    const isOut = face.x + face.w < 0 || face.y + face.h < 0 || face.x > size.width || face.y > size.height;
    const found = isOut ? null : room(face, faces, taken, size);
    if (found) {
      taken.push({ ...found, height: HEIGHT_PX });
      return { face, ...found, isHidden: false };
    }
    const width = widthOf(face.name);
    const [x, y] = spots(face, width)[0];
    return { face, text: face.name, width, x: clamped(x, size.width - width), y: clamped(y, size.height - HEIGHT_PX), isHidden: true };
  });
}

/** Room for a name beside all faces, or for its short form; that of somebody who matters may lie over others' faces. */
function room(face, faces, taken, size) {
  for (const [isOver, text] of [[false, face.name], [false, shortened(face.name)], [true, face.name]]) {
    if (isOver && !(face.category in RANK)) break;
    const width = widthOf(text);
    const spot = spots(face, width).find(([x, y]) => {
      const plate = { x, y, width, height: HEIGHT_PX };
      if (x < 0 || y < 0 || x + width > size.width || y + HEIGHT_PX > size.height) return false;
      if (taken.some((one) => overlap(plate, one, GAP_PX))) return false;
      return isOver || !faces.some((one) => (one.id !== face.id || face.h <= 6 * HEIGHT_PX) && overlap(plate, { x: one.x, y: one.y, width: one.w, height: one.h }, 0));
    });
    if (spot) return { x: spot[0], y: spot[1], width, text };
  }
  return null;
}

function spots(face, width) {
  const middle = face.x + face.w / 2;
  const below = face.y + face.h + GAP_PX, above = face.y - HEIGHT_PX - GAP_PX;
  return [
    [middle - width / 2, below],
    [middle - width / 2, above],
    [face.x, below], [face.x + face.w - width, below],
    [face.x, above], [face.x + face.w - width, above],
    // Within the face's own box, where it is large.
    ...(face.h > 6 * HEIGHT_PX ? [[middle - width / 2, face.y + face.h - HEIGHT_PX - GAP_PX]] : []),
  ];
}

const overlap = (a, b, gap) => a.x < b.x + b.width + gap && b.x < a.x + a.width + gap && a.y < b.y + b.height + gap && b.y < a.y + a.height + gap;
const clamped = (value, most) => Math.max(0, Math.min(most, value));

/** "Anna-Lena Maier" becomes "Anna-Lena", "Person 73" becomes "73". */
function shortened(name) {
  const first = name.replace(/^Person (?=\d+$)/, "").split(" ")[0];
  return first.length > SHORT_CHARS ? `${first.slice(0, SHORT_CHARS - 1)}…` : first;
}

function widthOf(text) {
  if (!measure) {
    measure = document.createElement("canvas").getContext("2d");
    measure.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
  }
  if (!widths.has(text)) widths.set(text, Math.ceil(measure.measureText(text).width) + SIDES_PX);
  return widths.get(text);
}
