// The few icons that scripts insert; the templates have their own.

import { makeSvg } from "./dom.js";

const PATHS = {
  close: "M6 6l12 12M18 6L6 18",
  left: "M14.5 5.5 8 12l6.5 6.5",
  right: "M9.5 5.5 16 12l-6.5 6.5",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4.5 20.5a7.5 7.5 0 0 1 15 0",
  check: "M5 12.5l4.5 4.5L19 7",
  warning: "M12 4 2.8 19.5h18.400zM12 10v4.5M12 17v.1",
  none: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17M6 6l12 12",
  folder: "M3.5 6.5h6l2 2.5h9v10h-17z",
  up: "M12 19V6M6.5 11.5 12 6l5.5 5.5",
  star: "M12 4l2.5 5.2 5.7.8-4.1 4 1 5.700L12 17l-5.1 2.7 1-5.7-4.1-4 5.7-.8z",
  closed: "M2.500 10.500c2.500 4 6 5.500 9.500 5.500s7-1.500 9.500-5.500M6 14.500 4 17.500M12 16v3.500M18 14.500l2 3",
  blur: "M5 7v.1M5 12v.1M5 17v.1M9.500 6v.1M9.500 10v.1M9.500 14v.1M9.500 18v.1M14 6v.1M14 10v.1M14 14v.1M14 18v.1M18.500 7v.1M18.500 12v.1M18.500 17v.1",
  help: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M9.6 9.3a2.5 2.5 0 0 1 4.9.7c0 1.7-2.5 2-2.5 3.6M12 16.8v.1",
};

export function icon(name) {
  return makeSvg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, makeSvg("path", { d: PATHS[name] }));
}
