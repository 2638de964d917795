// Whether the next photo comes into focus by itself after a pick, a reject or stars: one switch for all views, remembered.

import { bind } from "./keyboard.js";
import { toast } from "./toast.js";

const KEY = "curation.advance";
const listeners = new Set();
let isOn = stored() === "on";

function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** Whether it is on. */
export const advances = () => isOn;

/** Turn it on or off. */
export function setAdvance(on) {
  isOn = on;
  try {
    localStorage.setItem(KEY, on ? "on" : "off");
  } catch {
    // Without storage it holds for this page.
  }
  for (const listener of listeners) listener(on);
}

/** Bind the key A, and a checkbox if there is one. */
export function advanceSwitch(checkbox = null) {
  if (checkbox) {
    checkbox.checked = isOn;
    checkbox.addEventListener("change", () => setAdvance(checkbox.checked));
    listeners.add((on) => { checkbox.checked = on; });
  }
  bind([{
    group: "Pick and rate", keys: "a", label: "Advance by itself, on or off",
    run: () => {
      setAdvance(!isOn);
      toast(isOn ? "On to the next photo after each pick, reject or star" : "The focus stays after a pick, a reject or stars");
    },
  }]);
}
