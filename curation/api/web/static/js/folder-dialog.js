// The dialog in which the user finds a folder of photos on the machine of the service.

import { get, send } from "./api.js";
import { counted, make } from "./dom.js";
import { icon } from "./icons.js";

let ids = 0;

/**
 * Ask for a folder, and open it as an event.
 *
 * @returns {Promise<object|null>} The event as `POST /events` gives it; null if the user cancelled.
 */
export function askFolder() {
  return new Promise((resolve) => {
    const title = `folder-title-${++ids}`;
    let place = null;
    let turn = 0;
    let opened = null;

    const field = make("input", {
      class: "field", "aria-label": "Path of the folder", placeholder: "~/Pictures/wedding", autocomplete: "off",
      spellcheck: "false",
    });
    const go = make("button", { type: "button", class: "button" }, "Go");
    const roots = make("div", { class: "folder-roots" });
    const list = make("div", { class: "folder-list", role: "group", "aria-label": "Folders" });
    const status = make("p", { class: "small muted", role: "status" });
    const problem = make("p", { class: "notice notice-bad", role: "alert", hidden: true });
    const cancel = make("button", { type: "button", class: "button" }, "Cancel");
    const open = make("button", { type: "button", class: "button button-main", disabled: true }, "Open this folder");
    const dialog = make("dialog", { class: "folder-dialog", "aria-labelledby": title },
      make("form", { class: "folder-form", method: "dialog" },
        make("h2", { id: title }, "Open a folder of photos"),
        make("div", { class: "folder-path" }, field, go),
        roots, list, problem, status,
        make("div", { class: "buttons" }, cancel, open),
      ),
    );

    const tell = (error) => {
      problem.textContent = error?.message ?? "";
      problem.hidden = !error;
    };

    async function show(path, { focus = true } = {}) {
      const mine = ++turn;
      try {
        const found = await get(path === null ? "/folders" : `/folders?path=${encodeURIComponent(path)}`);
        if (mine !== turn) return;
        const from = place?.path;
        place = found;
        tell(null);
        fill(from, focus);
      } catch (error) {
        if (mine === turn) tell(error);
      }
    }

    const row = (sign, text, path) => make("button", { type: "button", dataset: { path }, tabindex: "-1" }, icon(sign), text);

    function fill(from, focus) {
      field.value = place.path;
      field.setSelectionRange?.(place.path.length, place.path.length);
      const rows = place.folders.map((folder) => row("folder", folder.name, folder.path));
      if (place.parent) rows.unshift(row("up", "The folder above", place.parent));
      list.replaceChildren(...rows);
      if (!place.folders.length) list.append(make("p", { class: "small muted" }, "No folders in here."));
      roots.replaceChildren(...(place.roots.length > 1 ? place.roots : []).map((root) => {
        const path = root.path ?? root;
        return make("button", { type: "button", class: "button", dataset: { path } }, root.name ?? path);
      }));
      const some = place.photos_complete ? "" : "At least ";
      status.textContent = place.photos ? `${some}${counted(place.photos, "photo")} in this folder and the folders in it` : "No photos in this folder";
      open.disabled = false;
      const back = rows.find((one) => one.dataset.path === from) ?? rows[0];
      if (back) back.tabIndex = 0;
      if (focus) (back ?? field).focus();
    }

    async function finish() {
      open.disabled = true;
      try {
        // What was typed counts, even if nobody went there.
        opened = (await send("POST", "/events", { folder: field.value.trim() })).data;
        dialog.close();
      } catch (error) {
        tell(error);
        open.disabled = false;
        field.focus();
      }
    }

    list.addEventListener("keydown", (event) => {
      const rows = [...list.querySelectorAll("button")];
      const at = rows.indexOf(event.target);
      if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
      if (to !== undefined) focusRow(rows, rows[Math.max(0, Math.min(rows.length - 1, to))]);
      else if (event.key === "ArrowRight") show(event.target.dataset.path);
      else if ((event.key === "ArrowLeft" || event.key === "Backspace") && place.parent) show(place.parent);
      else if (event.key.length === 1 && event.key !== " ") {
        const begin = event.key.toLowerCase();
        const named = [...rows.slice(at + 1), ...rows.slice(0, at + 1)].find((one) => one.textContent.toLowerCase().startsWith(begin));
        if (named) focusRow(rows, named);
        else return;
      } else return;
      event.preventDefault();
      event.stopPropagation();
    });
    function focusRow(rows, row) {
      for (const other of rows) other.tabIndex = other === row ? 0 : -1;
      row.focus();
    }
    dialog.addEventListener("click", (event) => {
      const path = event.target.closest("[data-path]")?.dataset.path;
      if (path !== undefined) show(path);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      show(field.value.trim());
    });
    field.addEventListener("input", () => { open.disabled = !field.value.trim(); });
    go.addEventListener("click", () => show(field.value.trim()));
    open.addEventListener("click", finish);
    cancel.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(opened);
    });

    document.body.append(dialog);
    dialog.showModal();
    field.focus();
    show(null);
  });
}
