// The faces of a picture as a list: a crop of each, and what one or two readers say of it.

import { make } from "./dom.js";
import { ageWords, classWords, differenceWords, percent, poseWords } from "./face-words.js";

const CROP_PX = 96;
const MARGIN = 0.25; // around the box, as a part of its larger side
const SCALE_YEARS = 100;
const SAME_BOX = 0.5; // overlap from which two boxes are of one face
const CLASSES = [["sex", "Sex"], ["ethnicity", "Ethnicity"], ["emotion", "Expression"]];

export class FaceList {
  /** `answers`: of one or two readers; `highlight(index, isOn)` marks a face in the picture. */
  constructor(answers, { names, photo, highlight }) {
    const [{ image }, other] = answers;
    this.items = new Map();
    for (const face of image.faces) {
      const twin = other ? twinOf(face, other.image.faces) : null;
      const item = make("li", { class: "look-face", tabindex: "0", "aria-label": `Face ${face.face_index + 1}` },
        crop(photo, face, image), make("div", { class: "look-said" }, ...(other ? compared(face, twin, names) : single(face))));
      for (const [event, isOn] of [["focus", true], ["blur", false], ["pointerenter", true], ["pointerleave", false]]) item.addEventListener(event, () => highlight(face.face_index, isOn));
      this.items.set(face.face_index, item);
    }
    this.element = image.faces.length
      ? make("ol", { class: "look-faces", "aria-label": "Faces" }, ...this.items.values())
      : make("p", { class: "muted look-none" }, "No face was found in this picture.");
    if (other && image.faces.length) this.element = make("div", { class: "look-compared" }, make("p", { class: "small" }, together(image.faces, other.image.faces, names)), this.element);
  }

  focus(index) {
    this.items.get(index)?.focus();
  }
}

function crop(photo, face, image) {
  const canvas = make("canvas", { class: "look-crop", width: CROP_PX, height: CROP_PX, role: "img", "aria-label": `Face ${face.face_index + 1}` });
  const draw = () => {
    const scale = photo.naturalWidth / image.width;
    const { x1, y1, x2, y2 } = face.box;
    const side = Math.max(x2 - x1, y2 - y1) * (1 + 2 * MARGIN);
    const [left, top] = [(x1 + x2 - side) / 2, (y1 + y2 - side) / 2];
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(photo, left * scale, top * scale, side * scale, side * scale, 0, 0, CROP_PX, CROP_PX);
  };
  if (photo.complete && photo.naturalWidth) draw();
  photo.addEventListener("load", draw);
  return make("div", { class: "look-crop-frame" }, canvas, make("span", { class: "look-crop-number", "aria-hidden": "true" }, String(face.face_index + 1)));
}

function single(face) {
  const rows = [];
  const age = ageWords(face.age);
  if (age) rows.push(row("Age", value(age), age.isKnown ? scale([face.age]) : null));
  for (const [key, title] of CLASSES) {
    const words = classWords(face[key]);
    if (words) rows.push(row(title, value(words)));
  }
  if (!rows.length) rows.push(make("p", { class: "muted small" }, "Nothing but its place is known."));
  return [make("dl", { class: "look-facts-list" }, ...rows.flat()), rest(face)];
}

function compared(face, twin, names) {
  if (!twin) return [make("p", { class: "muted small" }, `${names[1]} has no such face.`), ...single(face)];
  const difference = differenceWords(face, twin);
  const lines = [["Age", ageWords(face.age), ageWords(twin.age), difference.age]];
  for (const [key, title] of CLASSES) if (face[key] || twin[key]) lines.push([title, classWords(face[key]), classWords(twin[key]), key === "sex" ? difference.sex : ""]);
  const known = [face.age, twin.age].filter((age) => age?.is_known);
  return [
    make("table", { class: "look-table" },
      make("thead", {}, make("tr", {}, make("td", {}), ...names.map((name) => make("th", { scope: "col" }, name)))),
      make("tbody", {}, ...lines.map(([title, first, second, apart]) => make("tr", {},
        make("th", { scope: "row" }, title), ...[first, second].map((words) => make("td", {}, ...(words ? value(words) : ["–"]))), apart ? make("td", { class: "look-apart", dataset: apart.includes("disagree") || apart.includes("ranges") ? { large: "" } : {} }, apart) : make("td", {}))))),
    known.length ? scale(known) : null,
    rest(face),
  ].filter((part) => part !== null);
}

const value = ({ text, more, isKnown }) => [make("strong", isKnown ? {} : { class: "look-unknown" }, text), more ? make("span", { class: "small muted" }, more) : ""];

const row = (title, parts, below = null) => [make("dt", {}, title), make("dd", {}, ...parts, below)];

function rest(face) {
  return make("p", { class: "small muted look-rest" }, `Looks ${poseWords(face.pose)} · surely a face: ${percent(face.confidence)}`);
}

/** Ages on a line from 0 to 100 years: the likely range as a bar, the best number as a mark. */
function scale(ages) {
  const bars = ages.map((age) => {
    const bar = make("span", { class: "look-range" });
    const [low, high] = [Math.max(0, age.low), Math.min(SCALE_YEARS, age.high)];
    bar.style.left = `${low}%`;
    bar.style.width = `${Math.max(1, high - low)}%`;
    const mark = make("span", { class: "look-best" });
    mark.style.left = `${Math.min(SCALE_YEARS, age.years)}%`;
    return make("span", { class: "look-scale" }, bar, mark);
  });
  return make("span", { class: "look-scales", "aria-hidden": "true" }, ...bars);
}

function together(first, second, names) {
  const pairs = first.map((face) => [face, twinOf(face, second)]).filter(([, twin]) => twin);
  const years = pairs.filter(([a, b]) => a.age?.is_known && b.age?.is_known).map(([a, b]) => Math.abs(a.age.years - b.age.years));
  const sexes = pairs.filter(([a, b]) => a.sex?.answer && b.sex?.answer);
  const mean = years.length ? years.reduce((sum, one) => sum + one, 0) / years.length : null;
  const parts = [
    mean === null ? "" : `ages are ${mean.toFixed(1)} years apart on average`,
    sexes.length ? `${sexes.filter(([a, b]) => a.sex.answer !== b.sex.answer).length} of ${sexes.length} sexes differ` : "",
  ].filter(Boolean);
  return `${names.join(" and ")}: ${parts.join(", ") || "nothing that can be compared"}.`;
}

function twinOf(face, others) {
  let best = null;
  let most = SAME_BOX;
  for (const other of others) {
    const overlap = overlapOf(face.box, other.box);
    if (overlap >= most) [best, most] = [other, overlap];
  }
  return best;
}

function overlapOf(a, b) {
  const width = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1);
  const height = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1);
  if (width <= 0 || height <= 0) return 0;
  const area = ({ x1, y1, x2, y2 }) => (x2 - x1) * (y2 - y1);
  return (width * height) / (area(a) + area(b) - width * height);
}
