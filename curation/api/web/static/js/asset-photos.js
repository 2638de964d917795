// The dialog with the event's photos, from which some are taken.

import { fragment, getAll } from "./api.js";
import { askWith } from "./dialog.js";
import { make } from "./dom.js";
import { root } from "./root.js";
import { toastError } from "./toast.js";

/** Let the user choose photos of the event; returns their ids, none if the user cancelled. */
export async function choosePhotos() {
  const list = make("ul", { class: "asset-photos", "aria-label": "Photos of the event" });
  const count = make("span", { class: "small muted", role: "status" }, "None chosen");
  const person = make("select", { class: "field", "aria-label": "Photos of a person", on: { change: () => load(0) } }, make("option", { value: "" }, "Photos of anybody"));
  const boxes = () => [...list.querySelectorAll("input[type=checkbox]")];
  const chosen = () => boxes().filter((box) => box.checked).map((box) => box.value);
  const tell = () => { count.textContent = chosen().length ? `${chosen().length} chosen` : "None chosen"; };
  const all = make("button", { class: "button button-quiet", type: "button", on: { click: () => {
    const isAll = boxes().every((box) => box.checked);
    for (const box of boxes()) box.checked = !isAll;
    tell();
  } } }, "All or none");

  async function load(offset) {
    const query = new URLSearchParams({ offset, ...(person.value ? { person: person.value } : {}) });
    try {
      const text = await fragment(`${root}/fragments/assets/photos?${query}`);
      const rows = [...new DOMParser().parseFromString(`<ul>${text}</ul>`, "text/html").querySelector("ul").children];
      if (offset) list.querySelector(".asset-photos-more")?.replaceWith(...rows);
      else list.replaceChildren(...rows);
      if (offset) rows[0]?.querySelector("input")?.focus();
    } catch (error) {
      toastError(error);
    }
    tell();
  }
  list.addEventListener("change", tell);
  list.addEventListener("click", (event) => {
    const more = event.target.closest("[data-more]");
    if (more) load(Number(more.dataset.more));
  });
  load(0);
  getAll(`${root}/people`, "people").then((people) => {
    const names = [...new Set(people.map((one) => one.name).filter(Boolean))].sort();
    person.append(...names.map((name) => make("option", { value: name }, name)));
  }).catch(() => {});
  const content = [make("div", { class: "asset-photos-tools" }, person, all, count), list];
  return (await askWith({ title: "Take photos of the event", content, yes: "Take apart" })) ? chosen() : [];
}
