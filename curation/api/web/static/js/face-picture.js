// One picture on the page Faces: its way through the roles, the picture with boxes and points, its faces, its JSON.

import { counted, make, makeSvg } from "./dom.js";
import { FaceList } from "./face-list.js";
import { icon } from "./icons.js";
import { root } from "./root.js";
import { toast } from "./toast.js";

const STEPS = [
  { key: "received", title: "Received" },
  { key: "landmarks", title: "Landmarks" },
  { key: "age_gender", title: "Age and sex" },
  { key: "storage", title: "Stored" },
];
const STATES = { waiting: "waiting", doing: "at work", done: "done", failed: "failed", skipped: "not asked for" };
const BOX_LETTERS_PX = 14;
const SHOWN_S = 0.005; // less is no time
const MB = 1_000_000;
let numbers = 0;

export class PictureLook {
  #abort = new AbortController();
  #answers = [];
  #marks = new Map(); // for each face, what highlights it
  #url;
  #steps;

  /** `readers`: one or two of {name, asked}; `onRemove` and `onRetry` are told what the user wants of this picture. */
  constructor(file, { readers, onRemove, onRetry }) {
    this.file = file;
    this.readers = readers;
    this.onRetry = onRetry;
    this.isRemoved = false;
    this.summary = "";
    this.#url = URL.createObjectURL(file);
    const id = `look-${++numbers}`;
    this.facts = make("p", { class: "small muted look-facts" }, `${(file.size / MB).toFixed(file.size < MB ? 2 : 1)} MB`);
    this.#steps = readers.map(({ name }) => new StepList(readers.length > 1 ? name : ""));
    this.notices = make("div", { class: "look-notices" });
    this.body = make("div", { class: "look-body" });
    this.element = make("article", { class: "panel look", "aria-labelledby": id },
      make("header", { class: "look-head" },
        make("div", { class: "look-title" }, make("h2", { id }, file.name || "picture"), this.facts),
        make("button", { class: "icon-button", type: "button", dataset: { remove: "" }, "aria-label": `Remove ${file.name}`, title: "Remove", on: { click: () => onRemove(this) } }, icon("close"))),
      ...this.#steps.map((list) => list.element),
      this.notices, this.body);
  }

  get signal() {
    return this.#abort.signal;
  }

  /** Whether there is anything of a layer to show: "5", "68" or "478". */
  has(layer) {
    return this.#answers.some((answer) => answer?.image?.faces.some((face) => face[`landmarks${layer}`]?.length));
  }

  begin(at) {
    this.#steps[at].set("received", "doing");
  }

  step(at, step) {
    this.#steps[at].follow(step);
  }

  /** Show what a reader answered. */
  answer(at, answer) {
    this.#answers[at] = answer;
    this.#steps[at].end(answer);
    for (const text of [...answer.disagreements, ...(answer.status.startsWith("Partial") ? [answer.status] : [])]) this.#note(text);
    if (answer.image) this.#draw();
  }

  /** As if the picture had just come. */
  restart() {
    this.#answers = [];
    this.#steps.forEach((list) => list.reset());
    this.notices.replaceChildren();
    this.body.replaceChildren();
    this.element.querySelector("[data-remove]").focus();
  }

  /** Say what went wrong, and what to do. */
  fail(text, { at = 0, canRetry = true } = {}) {
    this.#steps[at].break();
    this.#note(text, { isBad: true, by: this.readers.length > 1 ? this.readers[at].name : "", canRetry });
    this.summary = `${this.file.name}: ${text}`;
  }

  dispose() {
    this.isRemoved = true;
    this.#abort.abort();
    URL.revokeObjectURL(this.#url);
    this.element.remove();
  }

  #note(text, { isBad = false, by = "", canRetry = false } = {}) {
    const sentence = text.charAt(0).toUpperCase() + text.slice(1);
    this.notices.append(make("p", { class: `notice${isBad ? " notice-bad" : ""}`, role: isBad ? "alert" : null }, by ? make("strong", {}, `${by}: `) : "", sentence));
    if (canRetry && !this.notices.querySelector("button")) {
      this.notices.append(make("button", { class: "button look-retry", type: "button", on: { click: () => this.onRetry(this) } }, "Try again"));
    }
  }

  #draw() {
    const answers = this.#answers.filter((answer) => answer?.image);
    const { image } = answers[0];
    const seconds = answers.map((answer) => `${answer.runtime_s.toFixed(2)} s`).join(" and ");
    this.facts.textContent = `${image.width} × ${image.height} · ${(this.file.size / MB).toFixed(this.file.size < MB ? 2 : 1)} MB · ${counted(image.faces.length, "face")} · ${seconds}`;
    this.summary = `${this.file.name}: ${counted(image.faces.length, "face")}`;
    this.#marks.clear();
    const highlight = (index, isOn) => {
      for (const element of this.#marks.get(index) ?? []) element.toggleAttribute("data-here", isOn);
    };
    const photo = make("img", { src: this.#url, alt: "", draggable: "false", on: { error: () => this.#preview(photo) } });
    const list = new FaceList(answers, { names: this.readers.map(({ name }) => name), photo, highlight });
    this.body.replaceChildren(
      make("figure", { class: "look-picture" },
        make("div", { class: "look-frame" }, photo, this.#overlay(image, (index) => list.focus(index))),
        make("figcaption", { class: "visually-hidden" }, `${this.summary}; the list of faces says more`)),
      make("div", { class: "look-side" }, list.element, this.#documents(answers)));
  }

  #overlay(image, onPick) {
    const svg = makeSvg("svg", { viewBox: `0 0 ${image.width} ${image.height}`, "aria-hidden": "true" });
    for (const face of image.faces) {
      const { x1, y1, x2, y2 } = face.box;
      const group = makeSvg("g", { class: "look-mark" });
      const box = makeSvg("rect", { class: "look-box", x: x1, y: y1, width: x2 - x1, height: y2 - y1 });
      box.addEventListener("click", () => onPick(face.face_index));
      const name = makeSvg("text", { class: "look-number", x: x1, y: y1 }, String(face.face_index + 1));
      group.append(box, name);
      for (const layer of ["478", "68", "5"]) {
        const points = face[`landmarks${layer}`] ?? [];
        if (points.length) group.append(makeSvg("path", { class: "look-points", "data-layer": layer, d: points.map(([x, y]) => `M${x.toFixed(2)} ${y.toFixed(2)}h0`).join("") }));
      }
      svg.append(group);
      this.#marks.set(face.face_index, [group]);
    }
    // Numbers have one size on the screen, however large the picture is.
    new ResizeObserver(([{ contentRect }]) => {
      if (contentRect.width) svg.style.setProperty("--letters", `${(BOX_LETTERS_PX * image.width) / contentRect.width}px`);
    }).observe(svg);
    return svg;
  }

  /** Browsers cannot show some formats; the service turns the picture into a JPEG, and keeps nothing of it. */
  async #preview(photo) {
    if (photo.dataset.asked) return;
    photo.dataset.asked = "";
    const response = await fetch(`${root}/attributes/picture`, { method: "POST", headers: { "content-type": "application/octet-stream" }, body: this.file, signal: this.signal }).catch(() => null);
    if (!response?.ok) return;
    URL.revokeObjectURL(this.#url);
    this.#url = URL.createObjectURL(await response.blob());
    photo.src = this.#url;
  }

  #documents(answers) {
    return make("div", { class: "look-documents" }, ...answers.map((answer) => {
      const name = answers.length > 1 ? ` of ${this.readers[this.#answers.indexOf(answer)].name}` : "";
      const text = JSON.stringify(answer.image, null, 2);
      const shown = make("pre", { class: "look-json", tabindex: "0", "aria-label": `JSON document${name}` });
      const file = () => URL.createObjectURL(new Blob([`${text}\n`], { type: "application/json" }));
      const details = make("details", { class: "look-document" },
        make("summary", {}, `JSON document${name}`),
        make("div", { class: "buttons" },
          make("button", { class: "button", type: "button", dataset: { copy: text } }, "Copy"),
          make("button", { class: "button", type: "button", on: { click: () => save(file(), `${answer.image.sha256}.json`) } }, "Download"),
          make("a", { class: "button button-quiet", href: `${root}/review/faces/log?image=${answer.image.sha256}` }, "Log")),
        answer.paths.length ? make("p", { class: "small muted look-paths" }, ...storedWords(answer.paths)) : null,
        shown);
      // Long lists of probabilities and points are put in only when somebody looks.
      details.addEventListener("toggle", () => { if (details.open && !shown.textContent) shown.textContent = compact(answer.image); });
      return details;
    }));
  }
}

/** Where the files are; their names, which are hashes, in short. */
function storedWords(paths) {
  const parts = paths.map((path) => path.match(/^(.*)[\\/]([^\\/]+)$/) ?? [path, ".", path]);
  const folders = [...new Set(parts.map(([, folder]) => folder))];
  const names = [...new Set(parts.map(([, , name]) => name))];
  const shown = (list, short = (text) => text) => list.flatMap((text, at) => [at ? (at === list.length - 1 ? " and " : ", ") : "", make("code", { title: text }, short(text))]);
  return ["Stored as ", ...shown(names, (name) => name.replace(/^([0-9a-f]{12})[0-9a-f]{52}/, "$1…")), " in ", ...shown(folders)];
}

/** JSON with lists of numbers on one line. */
function compact(value) {
  const lists = [];
  const marked = JSON.stringify(value, (key, inner) => {
    if (Array.isArray(inner) && inner.length && inner.every((one) => typeof one === "number" || typeof one === "string")) {
      lists.push(JSON.stringify(inner).replaceAll(",", ", "));
      return `\u0000${lists.length - 1}`;
    }
    return inner;
  }, 2);
  return marked.replace(/"\\u0000(\d+)"/g, (_, at) => lists[Number(at)]);
}

function save(url, name) {
  const link = make("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
  toast(`${name} is in your downloads`);
}

/** The way of a picture through the roles. */
class StepList {
  constructor(name) {
    this.items = new Map(STEPS.map(({ key, title }) => [key, make("li", { dataset: { state: "waiting" } },
      make("span", { class: "look-dot", "aria-hidden": "true" }), make("span", {}, title), make("span", { class: "visually-hidden" }, STATES.waiting), make("span", { class: "small muted", dataset: { time: "" } }))]));
    this.element = make("div", { class: "look-way" }, name ? make("strong", { class: "small" }, name) : null,
      make("ol", { class: "look-steps", "aria-label": name ? `Steps with ${name}` : "Steps" }, ...this.items.values()));
  }

  reset() {
    for (const [key, item] of this.items) {
      this.set(key, "waiting");
      item.querySelector("[data-time]").textContent = "";
    }
  }

  set(key, state, seconds = null) {
    const item = this.items.get(key);
    item.dataset.state = state;
    item.children[2].textContent = STATES[state];
    if (seconds !== null && seconds >= SHOWN_S) item.querySelector("[data-time]").textContent = `${seconds.toFixed(2)} s`;
  }

  follow({ role, step, status, runtime_s: seconds }) {
    const key = this.items.has(role) ? role : "received";
    if (status === "error") this.set(key, "failed", seconds);
    else if (key === "received") {
      this.set("received", "done");
      for (const next of ["landmarks", "age_gender"]) if (this.items.get(next).dataset.state === "waiting") this.set(next, "doing");
    } else {
      const isDone = !["received", "decoded"].includes(step);
      if (this.items.get(key).dataset.state !== "failed") this.set(key, isDone ? "done" : "doing", isDone ? seconds : null);
      if (isDone && key !== "storage" && this.items.get("storage").dataset.state === "waiting") this.set("storage", "doing");
    }
  }

  /** The answer is there: what the log did not tell of, it tells. */
  end({ status, paths, image }) {
    this.set("received", "done");
    const isWhole = status === "Success";
    const told = {
      landmarks: isWhole || image.faces.some((face) => face.landmarks68.length > 0),
      age_gender: isWhole || image.faces.some((face) => face.age !== null || face.sex !== null),
    };
    for (const [key, isThere] of Object.entries(told)) if (!this.is(key, "done", "failed")) this.set(key, isThere ? "done" : "failed");
    if (paths.length) this.set("storage", "done");
    else if (!this.is("storage", "failed")) this.set("storage", "skipped");
  }

  is(key, ...states) {
    return states.includes(this.items.get(key).dataset.state);
  }

  break() {
    let isFailed = [...this.items.values()].some((item) => item.dataset.state === "failed");
    for (const [key, item] of this.items) {
      if (item.dataset.state === "done" || item.dataset.state === "failed") continue;
      this.set(key, isFailed ? "skipped" : "failed");
      isFailed = true;
    }
  }
}
