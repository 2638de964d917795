// Photos side by side. With a person chosen, positions in the view are measured in sizes of that person's face, so that
// zooming and moving in one photo shows the same part of the same face in all of them; without, in parts of the photo.

import { get } from "./api.js";
import { burstOf } from "./burst-row.js";
import { make } from "./dom.js";
import { bind } from "./keyboard.js";
import { leaveFor, pickControls } from "./picks.js";
import { fillReasons } from "./reasons.js";
import { root } from "./root.js";
import { toastError } from "./toast.js";

const FACE_SHARE = 0.42; // of the view's shorter side, when a person is chosen
const STEP = 1.25;
const MOST_ZOOM = 12;
const LEAST_ZOOM = 0.25;
const FULL_FROM = 1.4; // screen pixels per pixel of the smaller picture, from which on the full one is fetched

const panesElement = document.getElementById("panes");
if (panesElement) start();

async function start() {
  const panes = [...panesElement.querySelectorAll(".pane")].map((element) => ({
    element,
    view: element.querySelector(".pane-view"),
    image: element.querySelector("img"),
    note: element.querySelector(".pane-note"),
    faceText: element.querySelector(".pane-face"),
    id: element.dataset.id,
    photo: null,
  }));
  // What all views show: whose face, how large, and at which offset from it (in faces, or in parts of the photo).
  const look = { person: null, zoom: 1, dx: 0, dy: 0 };

  fillReasons(panesElement);
  const answers = await Promise.allSettled(panes.map((pane) => get(`${root}/photos/${pane.id}`)));
  answers.forEach((answer, at) => {
    if (answer.status === "fulfilled") panes[at].photo = answer.value;
    else toastError(answer.reason);
  });

  const shown = () => panes.filter((pane) => pane.element.isConnected);
  const current = () => shown().find((pane) => pane.element.contains(document.activeElement)) ?? shown()[0];

  const keyOf = (face) => (face.cluster_id === null ? null : face.person);
  function faceOf(pane, person = look.person) {
    const faces = (pane.photo?.faces ?? []).filter((face) => person !== null && keyOf(face) === person);
    return faces.sort((a, b) => b.box.w * b.box.h - a.box.w * a.box.h)[0] ?? null;
  }

  // The people to choose from: those in most of these photos first, then by category.
  const people = new Map();
  for (const pane of panes) {
    for (const person of new Set((pane.photo?.faces ?? []).map(keyOf).filter((key) => key !== null))) {
      const face = faceOf(pane, person);
      const known = people.get(person);
      people.set(person, { person, face, category: face.category, photos: (known?.photos ?? 0) + 1, ...(known ? { face: known.face } : {}) });
    }
  }
  const worth = { main: 3, important: 2, other: 1 };
  const order = [...people.values()].sort((a, b) => b.photos - a.photos || (worth[b.category] ?? 0) - (worth[a.category] ?? 0));

  const chooser = document.getElementById("people");
  const chip = (value, title, face, category) => make("label", { class: "face-chip", ...(category ? { "data-category": category } : {}) },
    make("input", { type: "radio", name: "person", value, checked: value === "" }),
    make("span", {}, face ? make("img", { src: face.picture_url, alt: "" }) : make("span", { class: "whole" }), title));
  chooser.append(chip("", "Whole photos", null, null), ...order.map((one) => chip(one.person, one.person, one.face, one.category)));
  chooser.addEventListener("change", (event) => choose(event.target.value || null));

  function choose(person) {
    lastPerson = person ?? lastPerson;
    Object.assign(look, { person, zoom: 1, dx: 0, dy: 0 });
    for (const input of chooser.querySelectorAll("input")) input.checked = input.value === (person ?? "");
    draw();
  }

  let lastPerson = null;

  /** Whole photos; again, the face that was compared. */
  function toggleWhole() {
    if (look.person === null && look.zoom === 1 && look.dx === 0 && look.dy === 0) choose(lastPerson ?? order[0]?.person ?? null);
    else choose(null);
  }

  // Drawing. `unitX` and `unitY` are the size of the face (or the whole photo) in pixels of the photo, `x` and `y` its
  // centre, `scale` the screen pixels per pixel of the photo.

  function frameOf(pane) {
    const { clientWidth: width, clientHeight: height } = pane.view;
    const photo = pane.photo;
    if (!photo?.width || !width) return null;
    const fit = Math.min(width / photo.width, height / photo.height);
    const face = faceOf(pane);
    if (!face) {
      return { width, height, fit, face, scale: fit * (look.person === null ? look.zoom : 1),
        x: photo.width / 2, y: photo.height / 2, unitX: photo.width, unitY: photo.height };
    }
    const { x, y, w, h } = face.box;
    const size = Math.sqrt(w * h);
    return { width, height, fit, face, scale: (FACE_SHARE * Math.min(width, height) / size) * look.zoom,
      x: x + w / 2, y: y + h / 2, unitX: size, unitY: size };
  }

  // On a phone one swipes from photo to photo; what is seen is moved where it was zoomed.
  const isMoved = () => look.zoom > 1 || look.dx !== 0 || look.dy !== 0;

  function draw() {
    panesElement.toggleAttribute("data-moved", isMoved());
    for (const pane of shown()) {
      const frame = frameOf(pane);
      if (!frame) continue;
      const follows = frame.face !== null || look.person === null;
      const centreX = frame.x + (follows ? look.dx * frame.unitX : 0);
      const centreY = frame.y + (follows ? look.dy * frame.unitY : 0);
      const left = frame.width / 2 - centreX * frame.scale;
      const top = frame.height / 2 - centreY * frame.scale;
      const { image, photo } = pane;
      image.dataset.placed = "";
      image.style.width = `${photo.width * frame.scale}px`;
      image.style.height = `${photo.height * frame.scale}px`;
      image.style.transform = `translate(${left}px, ${top}px)`;
      pane.note.hidden = follows;
      if (!follows) pane.note.textContent = `${look.person} is not in this photo`;
      describe(pane, frame.face);
      sharpen(pane, frame.scale);
    }
    markBest();
  }

  function describe(pane, face) {
    pane.faceText.replaceChildren();
    const measures = face?.measures;
    if (!measures) return;
    const parts = [["eyes", measures.eyes, "open", "closed"], ["smile", measures.smile, "", ""], ["focus", measures.focus, "", ""]];
    parts.forEach(([title, measure], at) => {
      pane.faceText.append(at ? " · " : "", `${title} `, measure.value === null ? (measure.reason ?? "?") : make("b", measure.value < 0.5 ? { "data-low": "" } : {}, String(Math.round(100 * measure.value))));
    });
  }

  // The smaller picture has at most 2048 pixels; if it is shown larger, the full one is fetched.
  function sharpen(pane, scale) {
    const { photo, image } = pane;
    const shrunk = Math.min(1, 2048 / Math.max(photo.width, photo.height));
    if (shrunk === 1 || pane.full || scale * devicePixelRatio < shrunk * FULL_FROM) return;
    pane.full = true;
    const full = new Image();
    full.addEventListener("load", () => { image.src = full.src; });
    full.src = `${photo.picture_url}?size=full`;
  }

  // Of photos of one burst: in which of them everybody's eyes are open, and where the person who is compared looks best.
  let burst = null;
  burstOf(panes[0].id).then((found) => {
    if (!found || !panes.every((pane) => found.photos.some((one) => one.photo_id === pane.id))) return;
    burst = found;
    const line = document.getElementById("burst-line");
    line.textContent = found.summary;
    line.hidden = !found.summary;
    markBest();
  });

  function markBest() {
    if (!burst) return;
    const person = burst.people.find((one) => one.person === look.person);
    for (const pane of panes) {
      const tag = pane.element.querySelector("[data-best]");
      const isBest = (person ? person.best_photo_id : burst.best_photo_id) === pane.id;
      tag.hidden = !isBest;
      tag.textContent = isBest ? (person ? `best of ${person.person}` : "best for most") : "";
    }
  }

  /** Zoom all views; `pane` and its place x, y on the screen stay where they are. */
  function zoom(factor, pane = null, x = 0, y = 0) {
    const before = look.zoom;
    look.zoom = Math.max(LEAST_ZOOM, Math.min(MOST_ZOOM, look.zoom * factor));
    const real = look.zoom / before;
    const frame = pane && frameOf(pane);
    if (frame && real !== 1) {
      // Keep the point under the pointer in its place.
      const old = frame.scale / real;
      const fromCentreX = x - frame.width / 2;
      const fromCentreY = y - frame.height / 2;
      look.dx += (fromCentreX / old - fromCentreX / frame.scale) / frame.unitX;
      look.dy += (fromCentreY / old - fromCentreY / frame.scale) / frame.unitY;
    }
    draw();
  }

  /** Move all views by pixels of one of them. */
  function move(pane, byX, byY) {
    const frame = frameOf(pane);
    if (!frame) return;
    look.dx -= byX / frame.scale / frame.unitX;
    look.dy -= byY / frame.scale / frame.unitY;
    draw();
  }

  /** Whether a finger there goes from photo to photo: on a phone they lie in a row that is wider than the screen. */
  const swipes = (event) => event.pointerType === "touch" && panesElement.scrollWidth > panesElement.clientWidth + 1;

  for (const pane of panes) {
    const pointers = new Map();
    let moved = false;
    pane.view.addEventListener("wheel", (event) => {
      event.preventDefault();
      const box = pane.view.getBoundingClientRect();
      zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0018)), pane, event.clientX - box.left, event.clientY - box.top);
    }, { passive: false });
    pane.view.addEventListener("pointerdown", (event) => {
      pointers.set(event.pointerId, event);
      if (!swipes(event) || isMoved() || pointers.size > 1) pane.view.setPointerCapture(event.pointerId);
      moved = false;
      pane.element.focus({ preventScroll: true });
    });
    pane.view.addEventListener("pointermove", (event) => {
      const last = pointers.get(event.pointerId);
      if (!last) return;
      const others = [...pointers.values()].filter((one) => one.pointerId !== event.pointerId);
      if (others.length) {
        const [other] = others;
        const box = pane.view.getBoundingClientRect();
        const gap = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
        zoom(gap(event) / gap(last), pane, (event.clientX + other.clientX) / 2 - box.left, (event.clientY + other.clientY) / 2 - box.top);
        move(pane, (event.clientX - last.clientX) / 2, (event.clientY - last.clientY) / 2);
      } else if (!swipes(event) || isMoved()) move(pane, event.clientX - last.clientX, event.clientY - last.clientY);
      moved ||= Math.hypot(event.movementX, event.movementY) > 1;
      pointers.set(event.pointerId, event);
    });
    for (const name of ["pointerup", "pointercancel"]) pane.view.addEventListener(name, (event) => pointers.delete(event.pointerId));
    pane.view.addEventListener("dblclick", (event) => {
      if (moved) return;
      const face = faceAt(pane, event);
      if (face && keyOf(face) !== null) choose(keyOf(face));
      else choose(null);
    });
  }

  function faceAt(pane, event) {
    const box = pane.view.getBoundingClientRect();
    const frame = frameOf(pane);
    if (!frame) return null;
    const x = (event.clientX - box.left - frame.width / 2) / frame.scale + frame.x + look.dx * frame.unitX;
    const y = (event.clientY - box.top - frame.height / 2) / frame.scale + frame.y + look.dy * frame.unitY;
    return (pane.photo?.faces ?? []).find(({ box: b }) => x >= b.x && x <= b.x + b.w && y >= b.y && y <= b.y + b.h) ?? null;
  }

  function step(by) {
    const all = shown();
    const at = all.indexOf(current());
    const next = all[(at + by + all.length) % all.length];
    for (const pane of all) pane.element.tabIndex = pane === next ? 0 : -1;
    next.element.focus();
    next.element.scrollIntoView({ block: "nearest", inline: "center" });
  }

  function nextPerson(by) {
    const all = [null, ...order.map((one) => one.person)];
    choose(all[(all.indexOf(look.person) + by + all.length) % all.length]);
  }

  function drop(pane) {
    if (shown().length <= 2) return;
    const neighbour = shown()[shown().indexOf(pane) + 1] ?? shown()[shown().indexOf(pane) - 1];
    pane.element.remove();
    panesElement.dataset.count = String(shown().length);
    if (shown().length <= 2) for (const button of panesElement.querySelectorAll("[data-drop]")) button.hidden = true;
    const address = new URL(location.href);
    address.searchParams.set("ids", shown().map((one) => one.id).join(","));
    history.replaceState(history.state, "", address);
    neighbour.element.tabIndex = 0;
    neighbour.element.focus();
    draw();
  }

  panesElement.addEventListener("click", (event) => {
    const pane = panes.find((one) => one.element.contains(event.target));
    if (pane && event.target.closest("[data-drop]")) drop(pane);
  });
  document.getElementById("zoom-in").addEventListener("click", () => zoom(STEP));
  document.getElementById("zoom-out").addEventListener("click", () => zoom(1 / STEP));
  document.getElementById("zoom-fit").addEventListener("click", toggleWhole);
  new ResizeObserver(draw).observe(panesElement);

  pickControls(panesElement, { targets: () => [current().element], next: () => step(1) });
  const group = { group: "Compare" };
  const by = 60;
  bind([
    { ...group, keys: "ArrowRight", shown: "← →", label: "Next photo", run: () => step(1) },
    { ...group, keys: "ArrowLeft", hidden: true, label: "Previous photo", run: () => step(-1) },
    { ...group, keys: "ArrowDown", shown: "↑ ↓", label: "Next person", run: () => nextPerson(1) },
    { ...group, keys: "ArrowUp", hidden: true, label: "Previous person", run: () => nextPerson(-1) },
    { ...group, keys: "+ =", shown: "+ −", label: "Zoom in, zoom out", run: () => zoom(STEP) },
    { ...group, keys: "-", hidden: true, label: "Zoom out", run: () => zoom(1 / STEP) },
    { ...group, keys: "Shift+ArrowUp", shown: "Shift ← ↑ ↓ →", label: "Move what is seen", run: () => move(current(), 0, by) },
    { ...group, keys: "Shift+ArrowDown", hidden: true, label: "Move down", run: () => move(current(), 0, -by) },
    { ...group, keys: "Shift+ArrowLeft", hidden: true, label: "Move left", run: () => move(current(), by, 0) },
    { ...group, keys: "Shift+ArrowRight", hidden: true, label: "Move right", run: () => move(current(), -by, 0) },
    { ...group, keys: "z", label: "Whole photos, or the face again", run: toggleWhole },
    { ...group, keys: "Delete", label: "Remove from the comparison", run: () => drop(current()) },
    { ...group, keys: "Escape", label: "Back to where the photos were chosen", run: () => leaveFor(document.getElementById("back").href) },
  ]);

  // Start with the person who is in most of the photos.
  choose(order.length && order[0].photos > 1 ? order[0].person : null);
  shown()[0].element.focus({ preventScroll: true });
}
