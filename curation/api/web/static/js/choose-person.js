// Whose face is this? A field with completion by pictures: the people of the event, those who look like the face first.

import { get } from "./api.js";
import { counted, make } from "./dom.js";
import { root } from "./root.js";

const ASKED_FOR = 6; // so that somebody new is in sight, too
const WAIT_MS = 120;
let lists = 0;

/**
 * Ask for a person.
 *
 * @param {object} question `title`; `faceId`: people who look like this face come first; `picture`: shown beside the field;
 *   `text`: a sentence; `isNew`: whether somebody new and a stranger can be chosen, too.
 * @returns {Promise<{cluster: number, title: string} | {name: string} | {isStranger: true} | {isNew: true} | null>} Null if
 *   the user cancelled.
 */
export function choosePerson({ title, faceId = null, picture = null, text = "", isNew = true }) {
  return new Promise((resolve) => {
    let answer = null;
    const answered = (value) => {
      answer = value;
      dialog.close();
    };
    const { field, list } = combobox({ faceId, isNew, answered });
    const dialog = make("dialog", { class: "choose-person", "aria-label": title },
      make("form", { class: "dialog-form", on: { submit: (event) => event.preventDefault() } },
        make("header", { class: "choose-person-head" },
          picture ? make("img", { src: picture, alt: "", width: 64, height: 64 }) : null,
          make("div", {}, make("h2", {}, title), text ? make("p", { class: "small muted" }, text) : null)),
        field, list,
        make("div", { class: "buttons" }, make("button", { class: "button", type: "button", on: { click: () => dialog.close() } }, "Cancel")),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
    field.focus();
  });
}

/** The field and its list: arrow keys move in the list while the focus stays in the field. */
function combobox({ faceId, isNew, answered }) {
  const id = `people-choices-${++lists}`;
  const list = make("ul", { id, role: "listbox", class: "person-choices", "aria-label": "People" });
  const field = make("input", {
    class: "field", type: "text", role: "combobox", "aria-controls": id, "aria-expanded": "true", "aria-autocomplete": "list",
    "aria-label": "Name of the person", placeholder: "Name", maxlength: 80, autocomplete: "off", spellcheck: "false", enterkeyhint: "done",
  });
  let active = -1;
  let options = [];
  let values = []; // what each of them answers
  let turn = 0;
  let timer = 0;

  function mark(at) {
    options[active]?.setAttribute("aria-selected", "false");
    active = at;
    const option = options[active];
    if (!option) {
      field.removeAttribute("aria-activedescendant");
      return;
    }
    option.setAttribute("aria-selected", "true");
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function draw(people, typed) {
    const isNamed = people.some((one) => one.title.toLocaleLowerCase() === typed.toLocaleLowerCase());
    const entries = people.map((one) => ({
      value: { cluster: one.cluster_id, title: one.title },
      parts: [make("img", { src: one.picture_url, alt: "", width: 44, height: 44, decoding: "async" }),
        make("span", { class: "choice-name" }, one.title),
        make("span", { class: "small muted" }, `${counted(one.photos, "photo")}${one.category ? ` · ${one.category}` : ""}`)],
    }));
    if (isNew && typed && !isNamed) entries.push(extra({ name: typed }, `Somebody new: ${typed}`, "important"));
    if (isNew && !typed) {
      entries.push(extra({ isNew: true }, "Somebody new", "no name yet"), extra({ isStranger: true }, "A stranger", "hardly counts"));
    }
    options = entries.map(({ value, parts }, at) => make("li", {
      id: `${id}-${at}`, role: "option", "aria-selected": "false",
      // The field keeps the focus.
      on: { pointerdown: (event) => event.preventDefault(), click: () => answered(value) },
    }, ...parts));
    values = entries.map((entry) => entry.value);
    list.replaceChildren(...options);
    if (!options.length) list.replaceChildren(make("li", { class: "muted small", role: "presentation" }, "Nobody with this name."));
    // What is typed exactly is meant; else nobody is, until one is chosen.
    mark(typed ? Math.max(0, people.findIndex((one) => one.title.toLocaleLowerCase() === typed.toLocaleLowerCase())) : -1);
  }

  const extra = (value, name, note) => ({
    value, parts: [make("span", { class: "choice-mark", "aria-hidden": "true" }, "+"), make("span", { class: "choice-name" }, name), make("span", { class: "small muted" }, note)],
  });

  async function fill() {
    const mine = ++turn;
    const typed = field.value.trim().replace(/\s+/g, " ");
    const asked = new URLSearchParams({ q: typed, limit: ASKED_FOR, ...(faceId ? { face_id: faceId } : {}) });
    const { people } = await get(`${root}/people/choices?${asked}`).catch(() => ({ people: [] }));
    if (mine !== turn) return;
    // With a capital letter, as it begins an entry.
    draw(people.map((one) => ({ ...one, title: one.title.replace(/^person (?=\d+$)/, "Person ") })), typed);
  }

  field.addEventListener("input", () => {
    mark(-1); // the list is not that of what is typed now
    clearTimeout(timer);
    timer = setTimeout(fill, WAIT_MS);
  });
  field.addEventListener("keydown", async (event) => {
    if (event.isComposing) return;
    const step = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + 4, PageUp: active - 4 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      if (options.length) mark(active < 0 && event.key === "ArrowUp" ? options.length - 1 : Math.max(0, Math.min(options.length - 1, step)));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (active < 0 && field.value.trim()) {
        clearTimeout(timer);
        await fill(); // typed faster than the service answers
      }
      if (options[active]) answered(values[active]);
    }
  });
  fill();
  return { field, list };
}
