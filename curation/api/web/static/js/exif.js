// How photos were taken, shown beside them or below them: E shows and hides it, and it is remembered.

import { bind } from "./keyboard.js";

const KEY = "curation.exif";
let isShown = false;
try {
  isShown = localStorage.getItem(KEY) === "on";
} catch {
  // Without storage it is hidden at first.
}

function paint(root) {
  root.toggleAttribute("data-exif", isShown);
  for (const one of root.querySelectorAll(".exif")) one.hidden = !isShown;
}

/**
 * Bind E for the photos within `root`.
 *
 * @returns {() => void} To be called after photos were put in.
 */
export function exifSwitch(root) {
  paint(root);
  bind([{
    group: "Show", keys: "e", label: "Camera, lens and exposure",
    run: () => {
      isShown = !isShown;
      try {
        localStorage.setItem(KEY, isShown ? "on" : "off");
      } catch {
        // It holds for this page.
      }
      paint(root);
    },
  }]);
  return () => paint(root);
}
