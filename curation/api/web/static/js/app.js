// What every page has: the running job, the theme, keyboard shortcuts, messages, and undo.

import { noAnswer } from "./connection.js";
import { followJobs } from "./jobs.js";
import { bind, showKeys } from "./keyboard.js";
import { linkPhotos } from "./photo-links.js";
import { root } from "./root.js";
import { wireThemeButton } from "./theme.js";
import { wordsOf } from "./problem-words.js";
import { toast } from "./toast.js";
import { undo } from "./undo.js";
import { wireWaysBack } from "./way-back.js";

followJobs();
wireWaysBack();
wireThemeButton(document.getElementById("theme-button"));
document.getElementById("help-button").addEventListener("click", showKeys);

// The gallery says in its own addresses where it was left.
if (!location.pathname.startsWith(`${root}/review/photos`)) linkPhotos(document.getElementById("main") ?? document);

const places = [...document.querySelectorAll(".head-nav a")];
// On a telephone the places do not all fit: the present one is in sight.
document.querySelector(".head-nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
bind([
  { keys: "?", label: "Keyboard shortcuts", group: "Everywhere", run: showKeys },
  ...places.slice(0, 9).map((link, at) => ({
    keys: `Alt+${at + 1}`, label: link.textContent, group: "Everywhere", run: () => link.click(),
  })),
  { keys: "/", label: "Search", group: "Everywhere", run: () => searchField()?.focus(), when: () => searchField() !== null },
]);

const searchField = () => document.querySelector("input[type=search]");

// Pages that change people are marked with data-undo; pages that change picks have an undo of their own.
const undoButton = document.getElementById("undo-button");
if (document.querySelector("[data-undo]")) {
  undoButton.hidden = false;
  undoButton.addEventListener("click", undo);
  bind([{ keys: "Mod+z", label: "Undo the last change", group: "Everywhere", run: undo, always: true }]);
}

// A fragment could not be loaded: show the error message of the service.
document.addEventListener("htmx:responseError", (event) => {
  const text = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html").body.textContent.trim();
  toast(text.replace(/\s+/g, " ").replace(/^This did not work\. /, "") || wordsOf("internal"), { kind: "bad" });
});
document.addEventListener("htmx:sendError", noAnswer);
document.addEventListener("curation:online", () => toast("The service answers again"));
