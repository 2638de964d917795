// The page Workers: asks every two seconds who works on what, as long as the page is seen.

import { root } from "./root.js";

const EVERY_MS = 2000;
const now = document.getElementById("workers-now");
const stale = document.getElementById("workers-stale");
let shown = "";

async function look() {
  if (document.hidden) return;
  try {
    const response = await fetch(`${root}/fragments/workers`, { headers: { "hx-request": "true" }, cache: "no-store" });
    const text = await response.text();
    stale.hidden = true;
    if (text !== shown) {
      // From our own templates, which escape every name.
      now.innerHTML = text;
      shown = text;
    }
  } catch {
    stale.hidden = false;
  }
}

async function keepLooking() {
  await look();
  setTimeout(keepLooking, EVERY_MS);
}

setTimeout(keepLooking, EVERY_MS);
document.addEventListener("visibilitychange", look);
