// The page Faces: takes pictures, sends them to the attribute services, and shows what they see.

import { Problem } from "./api.js";
import { counted } from "./dom.js";
import { PictureLook } from "./face-picture.js";
import { readFaces } from "./face-stream.js";
import { bind } from "./keyboard.js";
import { toast } from "./toast.js";

const POINTS = ["5", "68", "478"];
const AT_ONCE = 2; // pictures that are on their way together; the others wait here, not in the services
const MOST_SHOWN = 60; // a browser holds every picture in memory
const LOOK_EVERY_MS = 10_000;
const MB = 2 ** 20; // as the services count

const status = document.getElementById("faces-status");
const options = document.getElementById("options");
const files = document.getElementById("files");
const looks = document.getElementById("looks");
const drop = document.getElementById("drop");
const said = document.getElementById("said");
const tools = document.getElementById("tools");
const layers = document.getElementById("layers");
const maxMb = Number(options.dataset.maxMb);
const shown = [];
const waiting = [];
let working = 0;

// Taking pictures

function take(chosen) {
  const room = MOST_SHOWN - shown.length;
  if (chosen.length > room) toast(`This page holds ${MOST_SHOWN} pictures. Remove some; for more, use “python -m curation services send”.`, { kind: "bad" });
  for (const file of chosen.slice(0, Math.max(0, room))) {
    const { checked: store } = options.elements.store;
    const enqueue = (look) => {
      waiting.push({ look, store });
      work();
    };
    const onRetry = (look) => {
      look.restart();
      enqueue(look);
    };
    const look = new PictureLook(file, { readers: readers(), onRemove: remove, onRetry });
    shown.push(look);
    looks.prepend(look.element);
    if (file.size > maxMb * MB) look.fail(`It has ${(file.size / MB).toFixed(1)} MB; the services take at most ${maxMb} MB. Send a smaller version.`, { canRetry: false });
    else enqueue(look);
  }
  refresh();
}

/** The readers of each request: the first that the user chose, and the second if two are compared. */
function readers() {
  const { first, second, dense } = options.elements;
  const own = (name) => ({ ...(name ? { age: name, sex: name } : {}), ...(dense.checked ? { landmarks: "mediapipe" } : {}) });
  const names = second.value && second.value !== first.value ? [first.value, second.value] : [first.value];
  return names.map((name) => ({ name: name || options.dataset.usual, asked: own(name) }));
}

async function work() {
  if (working >= AT_ONCE || !waiting.length) return;
  const { look, store } = waiting.shift();
  if (look.isRemoved) return void work();
  working += 1;
  work();
  await send(look, store);
  working -= 1;
  work();
}

async function send(look, store) {
  for (const [at, { asked }] of look.readers.entries()) {
    look.begin(at);
    try {
      // What is compared is not stored twice: the first answer is what the services keep.
      const answer = await readFaces(look.file, { readers: asked, store: store && at === 0, signal: look.signal, onStep: (step) => look.step(at, step) });
      look.answer(at, answer);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof Problem)) console.error(error);
      look.fail(error.message, { at });
      if (error.code === "services_unavailable" || error.code === "extra_missing") htmx.trigger(status, "curation:look");
    }
  }
  said.textContent = look.summary;
  refresh();
}

function remove(look) {
  const next = look.element.nextElementSibling ?? look.element.previousElementSibling;
  look.dispose();
  shown.splice(shown.indexOf(look), 1);
  (next?.querySelector("[data-remove]") ?? document.getElementById("choose")).focus();
  refresh();
}

function refresh() {
  document.getElementById("nothing").hidden = shown.length > 0;
  tools.hidden = shown.length === 0;
  document.getElementById("count").textContent = counted(shown.length, "picture");
  for (const button of layers.children) {
    const layer = button.dataset.layer;
    button.disabled = layer !== "boxes" && !shown.some((look) => look.has(layer));
  }
}

document.getElementById("choose").addEventListener("click", () => files.click());
document.getElementById("clear").addEventListener("click", () => {
  for (const look of shown.splice(0)) look.dispose();
  waiting.length = 0;
  document.getElementById("choose").focus();
  refresh();
});
options.addEventListener("submit", (event) => event.preventDefault());
files.addEventListener("change", () => {
  take([...files.files]);
  files.value = "";
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
document.addEventListener("paste", (event) => {
  const pasted = [...(event.clipboardData?.files ?? [])];
  if (pasted.length) take(pasted);
});

// What is drawn over the pictures

function press(button) {
  if (!button || button.disabled) return;
  const isOn = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(isOn));
  looks.toggleAttribute(`data-hide-${button.dataset.layer}`, !isOn);
}
const layer = (name) => layers.querySelector(`[data-layer="${name}"]`);
for (const button of layers.children) looks.toggleAttribute(`data-hide-${button.dataset.layer}`, button.getAttribute("aria-pressed") !== "true");
layers.addEventListener("click", (event) => press(event.target.closest("button")));

// Moving from face to face, and from one kind of points to the next

function move(step) {
  const faces = [...looks.querySelectorAll(".look-face")];
  if (!faces.length) return;
  const at = faces.indexOf(document.activeElement?.closest?.(".look-face"));
  const to = at < 0 ? (step > 0 ? 0 : faces.length - 1) : Math.min(Math.max(at + step, 0), faces.length - 1);
  faces[to].focus();
  faces[to].scrollIntoView({ block: "nearest" });
}

function nextPoints() {
  const there = POINTS.filter((name) => !layer(name).disabled);
  const on = there.filter((name) => layer(name).getAttribute("aria-pressed") === "true");
  const next = there[on.length ? there.indexOf(on.at(-1)) + 1 : 0];
  for (const name of on) press(layer(name));
  if (next) press(layer(next));
}

bind([
  { keys: "Mod+o", label: "Choose pictures", run: () => files.click() },
  { keys: "j", label: "Next face", run: () => move(1) },
  { keys: "Shift+J", label: "Previous face", run: () => move(-1) },
  { keys: "h", label: "Boxes", run: () => press(layer("boxes")) },
  { keys: "r", label: "5, 68 or 478 points, or none", run: nextPoints },
]);

// The state of the services, and commands that are copied from it

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    toast("Copied");
  } catch {
    // Browsers allow it only over HTTPS and on this machine itself.
    toast("The browser does not allow copying here: select the text, and press Ctrl+C", { kind: "bad" });
  }
});
setInterval(() => document.visibilityState === "visible" && htmx.trigger(status, "curation:look"), LOOK_EVERY_MS);
window.addEventListener("beforeunload", () => shown.forEach((look) => look.dispose()));
refresh();
