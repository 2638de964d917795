// One photo: moving to the next one, looking closely, picking, and showing the people in it.

import { fragment, get } from "./api.js";
import { fillBurst, forgetBursts } from "./burst-row.js";
import { wireFaces } from "./draw-face.js";
import { exifSwitch } from "./exif.js";
import { icon } from "./icons.js";
import { bind, hold } from "./keyboard.js";
import { gestures } from "./photo-gestures.js";
import { walkFrom } from "./photo-links.js";
import { screenPicture } from "./photo-tiles.js";
import { factsOf, photoView } from "./photo-view.js";
import { leaveFor, paintRecent, pickControls } from "./picks.js";
import { inOrder } from "./queue.js";
import { reasonList } from "./reasons.js";
import { root } from "./root.js";
import { toastError } from "./toast.js";

const AHEAD_AFTER_MS = 150; // whoever walks faster looks at none of them closely
const KEPT_MS = 20_000; // a photo that was fetched ahead; later something may have changed
const WAIT_MS = 250; // for the picture, before a photo is shown without it
const PAN_PX = 90;
const ZOOM_STEP = 1.3;

const holder = document.getElementById("photo");
const photo = () => holder.querySelector(".photo");
const ahead = new Map(); // photo id -> {promise of its elements, at}
let plain = false;
let turn = 0;
let person = null; // who is looked at

const view = photoView({ onChange: changed });
const pointer = gestures(holder, view, (by) => step(by > 0 ? after : before));

const cameFrom = new URLSearchParams(location.search).get("from") ?? "";
const walk = walkFrom(cameFrom);
const inWalk = (by) => {
  const at = walk?.indexOf(photo().dataset.id) ?? -1;
  return at < 0 ? undefined : (walk[at + by] ?? null);
};
const after = () => (inWalk(1) === undefined ? photo().dataset.after : inWalk(1));
const before = () => (inWalk(-1) === undefined ? photo().dataset.before : inWalk(-1));

/** The elements of a photo, fetched once. */
function fetched(id) {
  const known = ahead.get(id);
  if (known && performance.now() - known.at < KEPT_MS) return known.promise;
  const promise = fragment(`${root}/fragments/photos/${id}/photo${photo().dataset.suffix}`).then((text) => {
    const parsed = new DOMParser().parseFromString(text, "text/html");
    return { parsed: parsed.body, facts: factsOf(parsed.body) };
  });
  promise.catch(() => ahead.delete(id));
  ahead.set(id, { promise, at: performance.now() });
  return promise;
}

let under = Promise.resolve(); // the moves under way, one after the other
let waiting = 0;

/** Go one step: every press counts, however slow the service is; a key that is held down skips what it cannot show. */
function step(where, event) {
  if (waiting && event?.repeat) return under;
  waiting++;
  under = hold(under.then(() => go(where())).finally(() => waiting--));
  return under;
}

async function go(id) {
  if (!id) return;
  const mine = ++turn;
  const { suffix } = photo().dataset;
  try {
    const { parsed } = await fetched(id);
    await Promise.race([screenPicture(id).ready, new Promise((done) => setTimeout(done, WAIT_MS))]);
    if (mine !== turn) return;
    const focus = focused();
    ahead.delete(id);
    if (screenPicture(id).isDecoded) parsed.querySelector("#photo-picture image")?.remove(); // it is not asked for twice
    holder.replaceChildren(...[...parsed.children].map((one) => document.adoptNode(one)));
    window.htmx?.process(holder);
    history.replaceState(history.state, "", `${root}/review/photos/${id}${suffix}${location.hash}`);
    shown();
    refocus(focus);
  } catch (error) {
    if (mine === turn) toastError(error);
  }
}

/** What has the focus, in words that hold for the next photo. */
function focused() {
  const active = document.activeElement;
  if (!holder.contains(active)) return null;
  return { id: active.id, person: active.closest(".close-up")?.dataset.person ?? null, photo: active.dataset?.go ?? null };
}

function refocus(focus) {
  if (!focus) return;
  const faces = [...holder.querySelectorAll(".close-up")];
  const link = focus.photo && holder.querySelector(`[data-go="${photo().dataset.id}"]`);
  const same = focus.person === null ? null : (faces.find((one) => one.dataset.person === focus.person) ?? faces[0]);
  const again = same ?? link ?? (focus.id ? document.getElementById(focus.id) : null) ?? document.getElementById("zoom") ?? document.getElementById("back");
  again?.focus({ preventScroll: true });
}

function shown() {
  const { title, id } = photo().dataset;
  document.title = `${title} · Curation`;
  paintRecent(holder);
  paintExif?.();
  paintArrows();
  view.show(photo(), id);
  drawBoxes();
  explain();
  fillBurst(holder, id, person);
  const mine = turn;
  setTimeout(() => mine === turn && prepare(), view.state().isZoomed ? 0 : AHEAD_AFTER_MS);
  for (const face of holder.querySelectorAll("#close-ups img")) face.addEventListener("error", () => face.remove(), { once: true });
}

/** The arrows on the photo lead where the keys do. */
function paintArrows() {
  for (const [name, id] of [["before", before()], ["after", after()]]) {
    const link = document.getElementById(name);
    if (!link) continue;
    link.hidden = !id;
    if (id) link.href = `${root}/review/photos/${id}${photo().dataset.suffix}`;
  }
}

/** Fetch and decode what will be looked at next. */
async function prepare() {
  const { id } = photo().dataset;
  view.expect();
  for (const next of [after(), ...neighboursInBurst(), before()]) {
    if (!next || next === id) continue;
    const facts = await fetched(next).then((one) => one.facts, () => null);
    if (photo().dataset.id !== id) return;
    if (facts === null) continue;
    if (next === after() || view.state().isZoomed) view.prepare(next, facts);
    else screenPicture(next);
  }
}

function changed(state) {
  const { isZoomed, zoom, centre } = state;
  if (state.person !== person || !isZoomed) {
    person = isZoomed ? state.person : null;
    fillBurst(holder, photo().dataset.id, person);
  }
  const button = document.getElementById("zoom");
  button?.setAttribute("aria-pressed", String(isZoomed));
  const note = document.getElementById("zoom-note");
  if (note) note.textContent = isZoomed ? `${Math.round(100 * zoom)} %` : "";
  for (const one of holder.querySelectorAll(".close-up")) {
    const isLooked = isZoomed && one.dataset.face === lookedFace(state);
    one.toggleAttribute("data-looked", isLooked);
    if (isLooked) one.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  clearTimeout(changed.timer);
  changed.timer = setTimeout(() => {
    const hash = isZoomed ? `#zoom=${Math.round(100 * zoom)}&at=${centre.x.toFixed(4)},${centre.y.toFixed(4)}` : "";
    if (hash !== location.hash) history.replaceState(history.state, "", location.pathname + location.search + hash);
  }, 120);
}

const lookedFace = (state) => [...holder.querySelectorAll("#photo-picture [data-face]")].find((one) => state.person && one.dataset.name === state.person)?.dataset.face ?? state.face;

/** The zoom that the address tells. */
function restore() {
  const found = /^#zoom=(\d{1,4})&at=(-?[\d.]+),(-?[\d.]+)$/.exec(location.hash);
  if (found && Number(found[1]) >= 5) view.restore(Number(found[1]) / 100, { x: Number(found[2]), y: Number(found[3]) });
}

// Fetch the reasons, with links to better photos of the burst; until then the page shows those of the table.
async function explain() {
  const { id, suffix } = photo().dataset;
  const list = holder.querySelector("#reasons");
  if (!list) return;
  const answer = await get(`${root}/photos/${id}/reasons`).catch(() => null);
  if (!answer?.reasons.length || photo().dataset.id !== id) return;
  const vetoes = [...list.querySelectorAll(".reason-veto")];
  const isSaid = (text) => vetoes.some((veto) => text === veto.dataset.text);
  const better = answer.reasons.filter((reason) => !isSaid(reason.text));
  const repeated = new Set(better.flatMap(({ text }) => vetoes.filter((veto) => text.startsWith(`${veto.dataset.text};`))));
  const lines = reasonList(better, {
    addressOf: (other) => `${root}/review/photos/${other}${suffix}`,
    iconOf: (kind) => icon({ good: "check", bad: "warning", unknown: "help" }[kind]),
  });
  list.replaceChildren(...vetoes.filter((veto) => !repeated.has(veto)), ...lines);
  for (const veto of repeated) {
    const line = lines.find((one) => one.textContent.startsWith(veto.dataset.text));
    if (!line) continue;
    line.classList.add("reason-veto");
    line.querySelector(".icon").replaceWith(icon("none"));
  }
}

function drawBoxes() {
  view.setPlain(plain);
  holder.querySelector("#boxes")?.setAttribute("aria-pressed", String(!plain));
}

function toggleBoxes() {
  plain = !plain;
  drawBoxes();
}

holder.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest("#before, #after, [data-go]");
  if (link) {
    event.preventDefault();
    step(link.id === "before" ? before : link.id === "after" ? after : () => link.dataset.go);
  } else if (event.target.closest("#boxes")) toggleBoxes();
  else if (event.target.closest("#zoom")) view.cycle();
  else if (event.target.closest(".close-up")) view.toFace(event.target.closest(".close-up").dataset.face);
  else if (event.target.closest("#back")) {
    event.preventDefault();
    leave();
  }
});

// Highlight a face together with its row in the list.
const point = (event, on) => {
  const face = event.target.closest?.("[data-face]")?.dataset.face;
  if (!face) return;
  for (const one of holder.querySelectorAll(`[data-face="${face}"]`)) one.toggleAttribute("data-here", on);
};
for (const name of ["pointerover", "focusin"]) {
  holder.addEventListener(name, (event) => {
    const face = event.target.closest?.(".close-up")?.dataset.face;
    if (face) view.expect(face);
  });
}
for (const [name, on] of [["pointerover", true], ["pointerout", false], ["focusin", true], ["focusout", false]]) {
  holder.addEventListener(name, (event) => point(event, on));
}

pickControls(holder, { targets: () => [photo()], next: () => step(after), goTo: ([id]) => step(() => (id === photo().dataset.id ? null : id)) });
const paintExif = exifSwitch(holder);
wireFaces(holder, { photoId: () => photo().dataset.id, refresh });

/** Show the photo again, as its faces or people have changed. */
function refresh() {
  ahead.clear();
  forgetBursts();
  step(() => photo().dataset.id);
}


/** Back to where the photo was opened: by the browser's own history if that is one step, so that its place is kept. */
function leave() {
  const { back } = photo().dataset;
  const from = document.referrer ? new URL(document.referrer) : null;
  const isOneStep = from?.origin === location.origin && from.pathname + from.search === back && history.length > 1;
  if (isOneStep && cameFrom) inOrder(() => history.back());
  else leaveFor(back);
}

const closeUps = () => [...holder.querySelectorAll(".close-up")];
const inCloseUps = () => document.activeElement?.classList.contains("close-up") ?? false;

function toCloseUp(at) {
  const all = closeUps();
  const one = all[Math.max(0, Math.min(all.length - 1, at))];
  if (!one) return;
  for (const other of all) other.tabIndex = other === one ? 0 : -1;
  one.focus();
  if (view.state().isZoomed) view.toFace(one.dataset.face);
}

function neighboursInBurst() {
  const all = [...holder.querySelectorAll(".burst-strip [data-go]")].map((one) => one.dataset.go);
  const at = all.indexOf(photo().dataset.id);
  return [all[at + 1], all[at - 1]];
}

function inBurst(by, event) {
  if (inCloseUps()) toCloseUp(closeUps().indexOf(document.activeElement) + by);
  else step(() => neighboursInBurst()[by > 0 ? 0 : 1], event);
}

const keys = { group: "Photo" };
const isZoomed = () => view.state().isZoomed;
bind([
  { ...keys, keys: "ArrowRight", label: "Next photo or stack", always: true, run: (event) => step(after, event) },
  { ...keys, keys: "ArrowLeft", label: "Previous photo or stack", always: true, run: (event) => step(before, event) },
  { ...keys, keys: "ArrowDown", shown: "↑ ↓", label: "Within the stack; among the close-ups", always: true, run: (event) => inBurst(1, event) },
  { ...keys, keys: "ArrowUp", hidden: true, label: "Previous photo of the burst", always: true, run: (event) => inBurst(-1, event) },
  { ...keys, keys: "h", label: "Boxes and names", run: toggleBoxes },
  { ...keys, keys: "v", label: "Compare the photos of this burst", when: () => holder.querySelector("#compare") !== null, run: () => holder.querySelector("#compare").click() },
  { ...keys, keys: "Escape", label: "Leave the zoom; back to where the photo was opened", always: true, run: () => (isZoomed() ? view.leave() : leave()) },
]);
const close = { group: "Look closely" };
bind([
  { ...close, keys: "z", label: "Zoom to the face: 100 %, 200 %, whole photo", run: () => view.cycle(pointer.over()) },
  { ...close, keys: "+ =", shown: "+ −", label: "Zoom in, zoom out", run: () => view.zoomBy(ZOOM_STEP) },
  { ...close, keys: "-", hidden: true, label: "Zoom out", run: () => view.zoomBy(1 / ZOOM_STEP) },
  { ...close, keys: "f", label: "Close-ups of the faces", when: () => closeUps().length > 0, run: () => toCloseUp(closeUps().findIndex((one) => one.hasAttribute("data-looked"))) },
  { ...close, keys: "Shift+ArrowRight", shown: "Shift ← ↑ ↓ →", label: "Move the part that is seen", when: isZoomed, run: () => view.panBy(-PAN_PX, 0) },
  { ...close, keys: "Shift+ArrowLeft", hidden: true, label: "Move left", when: isZoomed, run: () => view.panBy(PAN_PX, 0) },
  { ...close, keys: "Shift+ArrowDown", hidden: true, label: "Move down", when: isZoomed, run: () => view.panBy(0, -PAN_PX) },
  { ...close, keys: "Shift+ArrowUp", hidden: true, label: "Move up", when: isZoomed, run: () => view.panBy(0, PAN_PX) },
]);

restore();
shown();
view.settle();
