// One asset: what is drawn over it, its cut-outs, and its people.

import { fragment, send } from "./api.js";
import { followAssets } from "./asset-events.js";
import { noteInAddress, wireGrounds } from "./asset-grounds.js";
import { ask } from "./dialog.js";
import { bind } from "./keyboard.js";
import { root } from "./root.js";
import { toastError } from "./toast.js";

const look = document.getElementById("look");
const { id, query } = look.dataset;
const USUAL = ["boxes", "skeletons"];

// What is shown; the parts of the page are looked up each time, because they come anew when the state changes.

const stage = () => document.getElementById("stage");
const OVERLAYS = ["skeletons", "people", "clothes"];

const buttons = (group) => [...(document.getElementById(group)?.querySelectorAll("button") ?? [])];
const layersOn = () => buttons("layers").filter((button) => button.getAttribute("aria-pressed") === "true").map((button) => button.dataset.layer);

function paintLayers() {
  const on = layersOn();
  for (const part of stage().querySelectorAll("#drawn [data-layer]")) {
    const isOn = on.includes(part.dataset.layer);
    part.toggleAttribute("hidden", !isOn);
    const image = part.querySelector("image[data-href]");
    if (isOn && image && !image.hasAttribute("href")) image.setAttribute("href", image.dataset.href);
  }
}

function press(layer) {
  const button = buttons("layers").find((one) => one.dataset.layer === layer);
  if (!button || button.disabled) return;
  button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
  paintLayers();
  const on = layersOn();
  noteInAddress("layers", on.join() === USUAL.join() ? null : on.join() || "none");
}

// One overlay after the other, then none.
function nextOverlay() {
  const there = OVERLAYS.filter((layer) => buttons("layers").some((one) => one.dataset.layer === layer && !one.disabled));
  const on = layersOn().filter((layer) => there.includes(layer));
  const next = there[on.length ? there.indexOf(on[0]) + 1 : 0];
  for (const layer of on) press(layer);
  if (next) press(next);
}

/** Show the picture, the cut-out, or (a number) the cut-out of one person. */
function show(what) {
  const image = document.getElementById("shown");
  const person = typeof what === "number" ? what : null;
  const isPicture = what === "picture";
  const source = person === null ? image.dataset[what] : image.dataset.cutout.replace("?", `?person=${person}&`);
  if (image.getAttribute("src") !== source) image.src = source;
  stage().dataset.show = isPicture ? "picture" : "cutout";
  stage().toggleAttribute("data-only", person !== null);
  for (const button of buttons("shows")) button.setAttribute("aria-pressed", String(button.dataset.show === what));
  for (const button of stage().querySelectorAll("[data-only]")) button.setAttribute("aria-pressed", String(Number(button.dataset.only) === person));
  for (const button of buttons("layers")) button.disabled = person !== null;
  noteInAddress("show", isPicture ? null : String(what));
}

function begin() {
  if (!stage()) return;
  const asked = new URLSearchParams(location.search);
  const layers = asked.get("layers")?.split(",") ?? USUAL;
  for (const button of buttons("layers")) button.setAttribute("aria-pressed", String(layers.includes(button.dataset.layer)));
  paintLayers();
  wireGrounds(stage(), (name, value) => {
    noteInAddress(name, value);
    // Who chooses a ground wants to see it.
    if (stage().dataset.show === "picture" && buttons("shows").length) show("cutout");
  });
  const shown = asked.get("show");
  const isThere = buttons("shows").length > 0;
  if (isThere && shown === "cutout") show("cutout");
  else if (isThere && /^\d{1,3}$/.test(shown ?? "") && stage().querySelector(`[data-only="${shown}"]`)) show(Number(shown));
}

look.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.closest("#layers")) press(button.dataset.layer);
  else if (button.closest("#shows")) show(button.dataset.show);
  else if (button.dataset.only !== undefined) show(button.getAttribute("aria-pressed") === "true" ? "picture" : Number(button.dataset.only));
  else if (button.id === "delete") await remove(button.dataset.name);
  else if (button.dataset.retry) await retry(button);
});

// People and their marks

function here(number) {
  for (const one of look.querySelectorAll(".asset-marks, .asset-person")) one.toggleAttribute("data-here", one.dataset.person === number);
}
for (const [event, isOn] of [["pointerover", true], ["focusin", true], ["pointerout", false], ["focusout", false]]) {
  look.addEventListener(event, ({ target }) => {
    const person = target.closest?.(".asset-person");
    if (person) here(isOn ? person.dataset.person : null);
  });
}

function move(step) {
  const people = [...look.querySelectorAll(".asset-person")];
  if (!people.length) return;
  const at = people.findIndex((one) => one.contains(document.activeElement));
  const to = people[at < 0 ? 0 : Math.min(Math.max(at + step, 0), people.length - 1)];
  to.focus();
  to.scrollIntoView({ block: "nearest" });
}

// Changing

async function remove(name) {
  const text = "The picture as it was handed in, its cut-outs and masks are removed for good. A photo of the event stays in its folder.";
  if (!(await ask({ title: `Delete ${name}?`, text, yes: "Delete", bad: true }))) return;
  try {
    await send("DELETE", `${root}/assets/${id}`);
    location.assign(`${root}/review/assets${query ? `?${query}` : ""}`);
  } catch (error) {
    toastError(error);
  }
}

async function retry(button) {
  button.disabled = true;
  try {
    await send("POST", `${root}/assets/${id}/retry`);
    listen();
  } catch (error) {
    button.disabled = false;
    toastError(error);
  }
}

const listen = followAssets(Number(look.dataset.version), {
  asset: async (row) => {
    if (row.asset_id !== id || row.state === document.getElementById("look-head").dataset.state) return;
    try {
      const text = await fragment(`${root}/fragments/assets/look/${id}${query ? `?${query}` : ""}`);
      look.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
      begin();
    } catch (error) {
      if (error.status !== 404) toastError(error);
    }
  },
});

const isDone = () => stage() !== null;
bind([
  { keys: "r", label: "Picture or cut-out", when: () => isDone() && buttons("shows").length > 0, run: () => show(stage().dataset.show === "cutout" ? "picture" : "cutout") },
  { keys: "h", label: "Boxes", when: isDone, run: () => press("boxes") },
  { keys: "Shift+H", label: "Skeletons, mask of people, mask of clothes, nothing", when: isDone, run: nextOverlay },
  { keys: "j", label: "Next person", when: isDone, run: () => move(1) },
  { keys: "Shift+J", label: "Previous person", when: isDone, run: () => move(-1) },
]);
begin();
