// One photo: moving to the next one, picking, and showing the people in it.

import { get } from "./api.js";
import { icon } from "./icons.js";
import { bind } from "./keyboard.js";
import { leaveFor, paintRecent, pickControls } from "./picks.js";
import { reasonList } from "./reasons.js";
import { root } from "./root.js";

const SWIPE_PX = 60;
const holder = document.getElementById("photo");
const photo = () => holder.querySelector(".photo");
let plain = false;
let turn = 0;

async function go(id) {
  if (!id) return;
  const mine = ++turn;
  const { suffix } = photo().dataset;
  const focused = document.activeElement?.id;
  await htmx.ajax("GET", `${root}/fragments/photos/${id}/photo${suffix}`, { target: holder, swap: "innerHTML" });
  if (mine !== turn) return;
  history.replaceState(history.state, "", `${root}/review/photos/${id}${suffix}`);
  // Keep the focus on the button that was used.
  if (focused) document.getElementById(focused)?.focus();
  shown();
}

function shown() {
  const { title, before, after } = photo().dataset;
  document.title = `${title} · Curation`;
  paintRecent(holder);
  drawBoxes();
  explain();
  for (const id of [after, before]) if (id) new Image().src = `${root}/photos/${id}/picture?size=screen`;
  holder.querySelector(".burst-strip [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
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
  const shown = reasonList(better, {
    addressOf: (other) => `${root}/review/photos/${other}${suffix}`,
    iconOf: (kind) => icon({ good: "check", bad: "warning", unknown: "help" }[kind]),
  });
  list.replaceChildren(...vetoes.filter((veto) => !repeated.has(veto)), ...shown);
  for (const veto of repeated) {
    const line = shown.find((one) => one.textContent.startsWith(veto.dataset.text));
    if (!line) continue;
    line.classList.add("reason-veto");
    line.querySelector(".icon").replaceWith(icon("none"));
  }
}

function drawBoxes() {
  holder.querySelector("#photo-picture")?.toggleAttribute("data-plain", plain);
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
    go(link.id === "before" ? photo().dataset.before : link.id === "after" ? photo().dataset.after : link.dataset.go);
  } else if (event.target.closest("#boxes")) toggleBoxes();
});

// Highlight a face together with its row in the list.
const point = (event, on) => {
  const face = event.target.closest?.("[data-face]")?.dataset.face;
  if (!face) return;
  for (const one of holder.querySelectorAll(`[data-face="${face}"]`)) one.toggleAttribute("data-here", on);
};
for (const [name, on] of [["pointerover", true], ["pointerout", false], ["focusin", true], ["focusout", false]]) {
  holder.addEventListener(name, (event) => point(event, on));
}

let from = null;
holder.addEventListener("pointerdown", (event) => {
  from = event.pointerType === "touch" && event.target.closest(".photo-stage") ? event.clientX : null;
});
holder.addEventListener("pointerup", (event) => {
  if (from === null) return;
  const moved = event.clientX - from;
  from = null;
  if (Math.abs(moved) > SWIPE_PX) go(moved < 0 ? photo().dataset.after : photo().dataset.before);
});

pickControls(holder, { targets: () => [photo()], next: () => go(photo().dataset.after) });
const keys = { group: "Photo" };
bind([
  { ...keys, keys: "ArrowRight", label: "Next photo", run: () => go(photo().dataset.after) },
  { ...keys, keys: "ArrowLeft", label: "Previous photo", run: () => go(photo().dataset.before) },
  { ...keys, keys: "ArrowDown", label: "Next photo of the burst", run: () => inBurst(1) },
  { ...keys, keys: "ArrowUp", hidden: true, label: "Previous photo of the burst", run: () => inBurst(-1) },
  { ...keys, keys: "f", label: "Boxes and names", run: toggleBoxes },
  { ...keys, keys: "c", label: "Compare the photos of this burst", when: () => holder.querySelector("#compare") !== null, run: () => holder.querySelector("#compare").click() },
  { ...keys, keys: "Escape", label: "All photos", run: () => leaveFor(photo().dataset.back) },
]);

function inBurst(by) {
  const all = [...holder.querySelectorAll(".burst-strip [data-go]")];
  const at = all.findIndex((one) => one.hasAttribute("aria-current"));
  go(all[at + by]?.dataset.go);
}

shown();
