// What the page Export says: sizes, what each program sees, and errors in words of a person.

import { Problem } from "./api.js";

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** "1.4 GB". */
export function size(bytes) {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) { value /= 1000; unit += 1; }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** What a program sees of copies, and of sidecars beside the originals. */
export const PROGRAMS = {
  "": {
    copies: "What all of these programs read: stars, label, names, face regions.",
    beside: "Choose the program that will read the sidecars: each looks for them under another name.",
  },
  lightroom: {
    copies: "Sees stars, label and keywords inside JPEGs, TIFFs, DNGs, PNGs, PSDs and HEICs, and in NAME.xmp of RAW files.",
    beside: "Reads sidecars of RAW files only (NAME.xmp). Of JPEGs, DNGs and others it reads only what is inside: export copies for those.",
  },
  digikam: {
    copies: "Sees stars, pick and colour labels, tags below People, and face regions, inside the copies.",
    beside: "Reads NAME.jpg.xmp if “Read from sidecar files” is switched on in its settings, Metadata, Sidecars.",
  },
  darktable: {
    copies: "Sees stars, rejected, colour label and tags; each copy gets a NAME.jpg.xmp. It knows no face regions.",
    beside: "Reads NAME.jpg.xmp when it imports a photo; of photos that it knows only if it looks for changed sidecars at its start.",
  },
  immich: {
    copies: "Sees stars and tags; people if its face import is switched on.",
    beside: "Reads NAME.jpg.xmp of external libraries at the next scan; people if its face import is switched on.",
  },
  windows: {
    copies: "Sees stars and tags inside the copies. It reads no sidecars, and nothing of RAW files.",
    beside: "Reads no sidecars at all: choose Copies, which have everything inside.",
  },
};

const FORBIDDEN = /[<>:"|?*\\/\u0000-\u001f]/;

/** Why a name cannot be that of a folder, in a sentence; empty if it can. */
export function nameFault(name) {
  const bad = FORBIDDEN.exec(name);
  if (bad) return `A name cannot have the character ${bad[0]} in it.`;
  if (/^\./.test(name)) return "A name cannot begin with a full stop.";
  if (/[. ]$/.test(name)) return "A name cannot end with a full stop.";
  if (new TextEncoder().encode(name).length > 200) return "This name is too long.";
  return "";
}

const WORDS = [
  [/disk is full|needs? .* GB|No space left/i, () => "There is not enough room on the disk. Free some space, export fewer photos, or choose hard links, which take none. Nothing is left of this export."],
  [/quota/i, () => "Your share of the disk is used up. Free some space and try again."],
  [/disk is read-only|read-only file system/i, () => "The disk for exports can only be read, not written. Is it locked?"],
  [/no permission|Permission denied/i, (text) => `The folder for exports may not be written into${quoted(text)}. Ask whoever owns it, or choose another folder in the settings (io.export_dir).`],
  [/part of the path is a file/i, (text) => `There is a file where the folder for exports should be${quoted(text)}. Rename that file, and try again.`],
  [/hard link/i, () => "Hard links are not possible here: they need the photos and the exports on one disk. Choose copies instead."],
  [/no photo could be exported.*(gone|No such file)/i, () => "The photos are not where they were. Is their disk plugged in, or was the folder moved?"],
  [/no photo is picked|pick some/i, () => "No photo is picked yet. Pick some on the page Photos, or choose “The best”."],
];

function quoted(text) {
  const path = /^(\/.*?) cannot be /.exec(text)?.[1];
  return path ? ` (${path})` : "";
}

/** Likewise of a run that wrote sidecars, of which what was written stays. */
export const sidecarWords = (error) => wordsOf(error).replace(/ Nothing (is left of|of) [^.]*\./, "").replace(", export fewer photos, or choose hard links, which take none", " and try again");

/** An error of a request or of a job, in words of a person. */
export function wordsOf(error) {
  const text = error?.message ?? "";
  if (error?.code === "already_running") return "Something is being exported already. Wait until that has ended, or stop it.";
  if (error?.code === "interrupted") return "The program was ended while it was at work. Nothing of that export is left: export again.";
  if (error?.code === "cancelled") return "It was stopped.";
  for (const [pattern, words] of WORDS) if (pattern.test(text)) return words(text);
  if (error instanceof Problem && error.code === "request_invalid") return "Something in the form is not possible. Look at the fields above.";
  return text || "It did not work; the log says why.";
}
