// The first page: opens an event, adds one by its folder, and takes one off the list.

import { send } from "./api.js";
import { askFolder } from "./folder-dialog.js";
import { bind } from "./keyboard.js";
import { toast, toastError } from "./toast.js";

const list = document.getElementById("events-list");
const refresh = () => htmx.trigger(list, "curation:refresh");
const LOOK_AGAIN_MS = 5000;

const pageOf = (event) => `${event.root}/review/event`;

async function chooseFolder() {
  const event = await askFolder();
  if (event) location.href = pageOf(event);
}

document.addEventListener("click", async (click) => {
  const button = click.target.closest("[data-open-folder], [data-sample], [data-go]");
  if (!button) return;
  if (button.matches("[data-open-folder]")) {
    await chooseFolder();
    return;
  }
  button.disabled = true;
  try {
    if (button.matches("[data-sample]")) location.href = pageOf((await send("POST", "/events/sample")).data);
    else await takeOff(button);
  } catch (error) {
    button.disabled = false;
    toastError(error);
  }
});

async function takeOff(button) {
  const { go, input, output, name } = button.dataset;
  const card = button.closest("li");
  const stays = (card.nextElementSibling ?? card.previousElementSibling)?.dataset.event;
  await send("DELETE", `/events/${go}`);
  toast(`${name} is off the list. Nothing was deleted.`, {
    action: {
      label: "Put back",
      run: () => send("POST", "/events", { folder: input, output }).then(() => show(go), toastError),
    },
  });
  show(stays);
}

/** Show the list anew, with the focus on an event, or where there is none on the way to another folder. */
function show(event) {
  list.addEventListener("htmx:afterSettle", () => {
    const card = event && list.querySelector(`[data-event="${CSS.escape(event)}"] a`);
    (card || list.querySelector("[data-open-folder]"))?.focus();
  }, { once: true });
  refresh();
}

bind([{ keys: "Mod+o", label: "Open a folder", group: "Events", run: chooseFolder }]);

// An event at work gets further while one looks.
setInterval(() => {
  const isAtWork = list.querySelector('[data-state="running"]') !== null;
  if (isAtWork && document.visibilityState === "visible" && !list.contains(document.activeElement)) refresh();
}, LOOK_AGAIN_MS);

const localise = () => {
  for (const time of list.querySelectorAll("time[datetime]")) {
    time.textContent = new Date(time.dateTime).toLocaleDateString(undefined, { dateStyle: "medium" });
    time.title = new Date(time.dateTime).toLocaleString();
  }
};
list.addEventListener("htmx:afterSettle", localise);
localise();
