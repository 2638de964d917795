// The page Assets: hands pictures in, and watches them on their way.

import { fragment, send } from "./api.js";
import { followAssets } from "./asset-events.js";
import { wireFilters } from "./asset-grounds.js";
import { choosePhotos } from "./asset-photos.js";
import { counted } from "./dom.js";
import { bind } from "./keyboard.js";
import { root } from "./root.js";
import { toast, toastError } from "./toast.js";

const AT_ONCE = 2; // requests with a picture that are on their way together
const MB = 1_000_000; // as the service counts

const bar = document.getElementById("bar");
const cards = document.getElementById("cards");
const files = document.getElementById("files");
const drop = document.getElementById("drop");
const said = document.getElementById("said");
const query = bar.dataset.query;
const isWhole = query === "" && bar.dataset.page === "1";
const maxMb = Number(bar.dataset.maxMb);

// Handing in

async function take(chosen) {
  const results = { accepted: 0, refused: [] };
  const waiting = [...chosen];
  let close = () => {};
  let done = 0;
  const tell = () => {
    close();
    if (chosen.length > 1) close = toast(`Handing in picture ${Math.min(done + 1, chosen.length)} of ${chosen.length} …`);
  };
  tell();
  const work = async () => {
    while (waiting.length) {
      const file = waiting.shift();
      await handIn(file, results);
      done += 1;
      listen();
      if (waiting.length) tell();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  close();
  summarise(results);
}

async function handIn(file, results) {
  if (file.size > maxMb * MB) {
    results.refused.push(`${file.name}: it has ${(file.size / MB).toFixed(1)} MB, at most ${maxMb} MB are taken`);
    return;
  }
  const form = new FormData();
  form.append("files", file, file.name);
  try {
    const response = await fetch(`${root}/assets`, { method: "POST", body: form });
    note(await response.json(), response.ok, file.name, results);
  } catch {
    results.refused.push(`${file.name}: the service does not answer`);
  }
}

function note(answer, isOk, name, results) {
  if (!isOk) {
    results.refused.push(answer.detail ?? `${name}: the service reported an error; see its log`);
    return;
  }
  results.accepted += answer.accepted;
  for (const one of answer.assets) if (one.code) results.refused.push(`${one.sent_as}: ${one.message}`);
}

function summarise({ accepted, refused }) {
  const elsewhere = accepted && !isWhole ? { label: "Show all", run: () => location.assign(`${root}/review/assets`) } : undefined;
  if (accepted) toast(`${counted(accepted, "picture")} handed in`, { action: elsewhere });
  if (refused.length) toast(`${counted(refused.length, "picture")} not taken. ${refused[0]}${refused.length > 1 ? " …" : ""}`, { kind: "bad" });
  listen();
}

document.getElementById("choose").addEventListener("click", () => files.click());
files.addEventListener("change", () => {
  const chosen = [...files.files];
  files.value = "";
  if (chosen.length) take(chosen);
});
document.getElementById("take")?.addEventListener("click", takeFromEvent);

async function takeFromEvent() {
  const ids = await choosePhotos();
  const results = { accepted: 0, refused: [] };
  const most = Number(bar.dataset.photosAtOnce);
  for (let at = 0; at < ids.length; at += most) {
    try {
      const { data } = await send("POST", `${root}/assets`, { photo_ids: ids.slice(at, at + most) });
      note(data, true, "", results);
    } catch (error) {
      results.refused.push(error.message);
    }
    listen();
  }
  if (ids.length) summarise(results);
}

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

// Watching

const fetching = new Map(); // by id, whether the card has changed again while it was fetched

async function show(row) {
  const id = row.asset_id;
  if (fetching.has(id)) {
    fetching.set(id, true);
    return;
  }
  const isHere = document.getElementById(`card-${id}`) !== null;
  if (!isHere && !isWhole) return;
  fetching.set(id, false);
  try {
    const text = await fragment(`${root}/fragments/assets/card/${id}${query ? `?${query}` : ""}`);
    const card = new DOMParser().parseFromString(text, "text/html").querySelector(".asset-card");
    const before = document.getElementById(`card-${id}`);
    const hadFocus = before?.contains(document.activeElement);
    if (before) before.replaceWith(card);
    else cards.prepend(card);
    if (hadFocus) card.querySelector("a").focus();
    document.getElementById("nothing").hidden = true;
    if (["COMPLETED", "REJECTED", "FAILED"].includes(row.state)) said.textContent = card.querySelector("a").getAttribute("aria-label");
  } catch (error) {
    if (error.status !== 404) console.warn(error.message); // deleted in the meantime
  }
  const isStale = fetching.get(id);
  fetching.delete(id);
  if (isStale) show(row);
}

const listen = followAssets(Number(bar.dataset.version), {
  asset: show,
  counts: (counts) => {
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    for (const element of bar.querySelectorAll("[data-count]")) element.textContent = (element.dataset.count === "all" ? all : counts[element.dataset.count] ?? 0).toLocaleString("en");
  },
});

cards.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-retry]");
  if (!button) return;
  button.disabled = true;
  try {
    await send("POST", `${root}/assets/${button.dataset.retry}/retry`);
    listen();
  } catch (error) {
    button.disabled = false;
    toastError(error);
  }
});

// Keys

function move(step) {
  const links = [...cards.querySelectorAll(".asset-card-link")];
  if (!links.length) return;
  const at = links.findIndex((link) => link.closest(".asset-card").contains(document.activeElement));
  const to = at < 0 ? 0 : Math.min(Math.max(at + step, 0), links.length - 1);
  links[to].focus();
}
bind([
  { keys: "Mod+o", label: "Choose pictures", run: () => files.click() },
  { keys: "j ArrowRight", shown: "J", label: "Next picture", run: () => move(1), when: () => cards.children.length > 0 },
  { keys: "Shift+J ArrowLeft", shown: "Shift J", label: "Previous picture", run: () => move(-1), when: () => cards.children.length > 0 },
]);
wireFilters();
