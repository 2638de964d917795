// The few icons that scripts put in; the templates have their own.

import { makeSvg } from "./dom.js";

const PATHS = {
  close: "M6 6l12 12M18 6L6 18",
  left: "M14.5 5.5 8 12l6.5 6.5",
  right: "M9.5 5.5 16 12l-6.5 6.5",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4.5 20.5a7.5 7.5 0 0 1 15 0",
  check: "M5 12.5l4.5 4.5L19 7",
};

export function icon(name) {
  return makeSvg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, makeSvg("path", { d: PATHS[name] }));
}
