// The light table: cut-outs on one ground, some of which are picked and downloaded.

import { noteInAddress, wireFilters, wireGrounds } from "./asset-grounds.js";
import { rovingGrid } from "./grid.js";
import { bind } from "./keyboard.js";
import { root } from "./root.js";
import { selection } from "./selection.js";
import { toast } from "./toast.js";

const MOST = 200; // that one ZIP holds

const table = document.getElementById("table");
const zip = document.getElementById("zip");
const sizes = document.getElementById("sizes");
const asked = new URLSearchParams(location.search);

function size(name) {
  if (table) table.dataset.size = name;
  for (const button of sizes.children) button.setAttribute("aria-pressed", String(button.dataset.size === name));
}
sizes.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  size(button.dataset.size);
  noteInAddress("size", button.dataset.size === "middle" ? null : button.dataset.size);
});
size(["small", "large"].includes(asked.get("size")) ? asked.get("size") : "middle");
wireGrounds(table ?? document.createElement("div"), noteInAddress);
wireFilters();

// Links of the page keep the ground and the size.
for (const link of document.querySelectorAll("a[data-keep]")) {
  link.addEventListener("click", () => {
    const url = new URL(link.href);
    for (const name of ["ground", "size"]) {
      const value = new URLSearchParams(location.search).get(name);
      if (value) url.searchParams.set(name, value);
    }
    link.href = url.href;
  });
}

if (table) {
  const grid = rovingGrid(table);
  const chosen = selection(table, { onChange: paint });

  function paint(ids) {
    const count = ids.size;
    zip.lastElementChild.textContent = count ? `Download ${count} as ZIP` : "Download";
    zip.setAttribute("aria-disabled", String(count === 0));
    if (count) {
      zip.href = `${root}/assets/cutouts.zip?${[...ids].slice(0, MOST).map((key) => `cutout=${key}`).join("&")}`;
      zip.setAttribute("download", "cutouts.zip");
    } else zip.removeAttribute("href");
    document.getElementById("none").disabled = count === 0;
  }
  zip.addEventListener("click", () => {
    if (chosen.ids.size > MOST) toast(`One ZIP holds ${MOST} cut-outs: the first ${MOST} are in it`, { kind: "bad" });
  });
  table.addEventListener("click", (event) => {
    const cell = event.target.closest(".asset-cell");
    if (!cell) return;
    if (event.shiftKey) chosen.extendTo(cell.dataset.id);
    else chosen.toggle(cell.dataset.id);
  });
  table.addEventListener("dblclick", (event) => {
    const cell = event.target.closest(".asset-cell");
    if (cell) location.assign(cell.dataset.href);
  });
  const all = () => chosen.set(grid.cells().map((cell) => cell.dataset.id));
  document.getElementById("all").addEventListener("click", all);
  document.getElementById("none").addEventListener("click", chosen.clear);
  bind([
    { keys: "Space", label: "Choose or leave a cut-out", scope: table, run: () => chosen.toggle(document.activeElement.dataset.id) },
    { keys: "Enter", label: "Look at its picture", scope: table, run: () => location.assign(document.activeElement.dataset.href) },
    { keys: "Mod+a", label: "Pick all", run: all },
    { keys: "Escape", label: "Pick none", run: chosen.clear },
  ]);
} else document.getElementById("all").disabled = true;
