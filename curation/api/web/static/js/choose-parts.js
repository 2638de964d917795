// What the page Choose is made of: people, the day as a strip, and cards of chosen photos.

import { counted, make, makeSvg } from "./dom.js";
import { icon } from "./icons.js";
import { root } from "./root.js";

const keyOf = (person) => (/^person \d+$/.test(person.name) ? String(person.cluster_ids[0]) : person.name);
const thumbnail = (id) => `${root}/photos/${id}/picture?size=thumbnail`;
const photosOf = (person) => `${root}/review/photos?${new URLSearchParams({ person: keyOf(person) })}`;

function faceOf(person, faces) {
  const url = person.cluster_ids.map((id) => faces.get(id)).find(Boolean);
  return url ? make("img", { src: url, alt: "", loading: "lazy", width: 40, height: 40 }) : make("span", { class: "no-face" });
}

/** The people in a row: how many photos of each are in the choice, and how many are wanted. */
export function whoIsIn(people, inChoice, faces) {
  if (!people.length) {
    return make("div", { class: "panel changes-none" },
      make("p", {}, "Nobody is main or important yet."), make("p", {}, make("a", { href: `${root}/review/people` }, "Say who matters")));
  }
  const chosen = new Map(inChoice.map((one) => [one.cluster_ids.join(), one]));
  const isShortOf = (person) => { const one = chosen.get(person.cluster_ids.join()); return one !== undefined && one.chosen < one.wanted; };
  // Who is missing stands where it is seen.
  people = [...people.filter(isShortOf), ...people.filter((person) => !isShortOf(person))];
  return make("ul", { class: "who-row", dataset: { scrolls: "" }, tabindex: "0", "aria-label": "People in the choice" }, ...people.map((person) => {
    const one = chosen.get(person.cluster_ids.join());
    const isShort = isShortOf(person);
    const numbers = !one ? "" : isShort ? `${one.chosen} of ${one.wanted}` : `${one.chosen} in`;
    return make("li", {}, make("a", {
      class: "who-chip", href: photosOf(person), ...(isShort ? { "data-short": "" } : {}),
      dataset: { key: `person ${person.name}` },
      title: `${person.name} (${person.category}): ${one ? `${one.chosen} chosen, ${one.wanted} asked for, ` : ""}${person.good} good of ${counted(person.photos, "photo")}`,
    }, faceOf(person, faces),
    make("span", { class: "who-name" }, person.name),
    make("span", { class: "who-number" }, isShort ? icon("warning") : null, numbers),
    make("span", { class: "who-good" }, `${person.good.toLocaleString("en")} good`)));
  }));
}

/** Who has no good photo yet, why, and the best one so far. */
export function missingList(people, faces) {
  return make("ul", { class: "missing-row" }, ...people.map((person) => make("li", { class: "panel missing-one" },
    person.best_so_far
      ? make("a", { class: "missing-photo", href: `${root}/review/photos/${person.best_so_far}`, dataset: { key: `best ${person.name}` }, title: "The best so far" },
        make("img", { src: thumbnail(person.best_so_far), alt: `The best photo of ${person.name} so far`, loading: "lazy" }), faceOf(person, faces))
      : make("span", { class: "missing-photo" }, faceOf(person, faces)),
    make("div", {},
      make("p", { class: "missing-name" }, make("a", { href: photosOf(person) }, person.name), make("span", { class: "tag", dataset: { category: person.category } }, person.category)),
      make("p", { class: "small" }, sentence(person.shortcomings.map((one) => one.text).join("; ")))))));
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;
const shortName = (part) => (/\(([^)]+)\)$/.exec(part.name)?.[1] ?? part.name);

/** The day as a strip: each part with the best of its chosen photos, or its gap. */
export function dayStrip(parts, open, onOpen) {
  return make("ol", { class: "day-strip", dataset: { scrolls: "" }, tabindex: "0", "aria-label": "Parts of the day" }, ...parts.map((part) => {
    const id = part.chosen[0];
    const words = part.chosen.length ? `${counted(part.chosen.length, "photo")} chosen` : part.usable ? "left out" : "no usable photo";
    return make("li", {}, make("button", {
      type: "button", class: "day-part", "aria-expanded": String(part.begins === open), dataset: { key: `part ${part.begins}` },
      ...(id ? {} : { "data-gap": "" }), "aria-label": `${part.name}: ${words}, of ${counted(part.photos, "photo")}`, on: { click: () => onOpen(part) },
    },
    id ? make("img", { src: thumbnail(id), alt: "", loading: "lazy", decoding: "async" }) : gap(),
    make("span", { class: "day-time" }, shortName(part)),
    make("span", { class: "day-count" }, part.chosen.length ? `${part.chosen.length} of ${part.photos}` : part.usable ? `gap, ${part.photos}` : "none usable")));
  }));
}

function gap() {
  return makeSvg("svg", { class: "day-gap", viewBox: "0 0 88 66", "aria-hidden": "true" },
    makeSvg("path", { d: "M1 1h86v64H1z" }), makeSvg("path", { d: "M35 33h18M44 24v18" }));
}

/** The photos of one part of the day: those that are chosen, and others that can be taken. */
export function partOfDay(part, { take, isTaken }) {
  const photo = (id, isIn) => make("li", {},
    make("a", { href: `${root}/review/photos/${id}`, dataset: { key: `of part ${id}` } }, make("img", { src: thumbnail(id), alt: isIn ? "A chosen photo" : "A photo that is not chosen", loading: "lazy", decoding: "async" })),
    isIn ? make("span", { class: "part-in" }, icon("check"), isTaken(id) ? "taken" : "chosen")
      : make("button", { type: "button", class: "button part-take", dataset: { key: `take ${id}` }, on: { click: () => take(id) } }, "Take"));
  return make("div", { class: "panel part-photos" },
    make("h3", {}, `${headline(part)}: ${counted(part.photos, "photo")}`),
    part.usable ? null : make("p", { class: "small" }, "All of them are vetoed, rejected or unreadable, so none is chosen by itself. The best of them are below: take one if the moment matters more."),
    make("ul", {}, ...part.chosen.slice(0, 8).map((id) => photo(id, true)), ...part.others.map((id) => photo(id, false))));
}

/** The chosen photos as an album: by time, under the part of the day that they are of; those without a time at the end. */
export function album(photos, parts, options) {
  if (!parts.length) return [cards(photos, options)];
  const inPart = new Map(parts.flatMap((part, at) => part.chosen.map((id) => [id, at])));
  const groups = [...parts.map((part, at) => [headline(part), photos.filter((photo) => inPart.get(photo.photo_id) === at)]),
    ["Without a time", photos.filter((photo) => !inPart.has(photo.photo_id))]];
  return groups.filter(([, some]) => some.length).map(([title, some]) => make("section", { class: "album-part" }, make("h4", {}, title), cards(some, options)));
}

const headline = (part) => `${part.name[0].toUpperCase()}${part.name.slice(1)}`;

/** Cards of photos; without `take` they cannot be changed. */
export function cards(photos, { take = null, leaveOut = null, kept = [] }) {
  return make("div", { class: "choices" }, ...photos.map((photo) => card(photo, { take, leaveOut, kept })));
}

function card(photo, { take, leaveOut, kept }) {
  const name = photo.image_path.split("/").at(-1);
  const isPicked = photo.pick === "picked";
  const alternatives = make("div", { class: "instead", hidden: true });
  const swap = take && !isPicked && photo.instead.length
    ? make("button", { type: "button", class: "small-button", "aria-expanded": "false", dataset: { key: `swap ${photo.photo_id}` }, on: { click: toggle } }, "Swap")
    : null;

  function toggle() {
    alternatives.hidden = !alternatives.hidden;
    swap.setAttribute("aria-expanded", String(!alternatives.hidden));
    if (!alternatives.hidden && !alternatives.firstChild) {
      alternatives.append(...photo.instead.map((id, at) => make("button", { type: "button", class: "instead-photo", "aria-label": `Take alternative ${at + 1} instead of ${name}`, on: { click: () => take(photo.photo_id, id) } },
        make("img", { src: thumbnail(id), alt: "", decoding: "async" }))));
    }
  }

  return make("article", { class: "chosen", dataset: { id: photo.photo_id }, "aria-label": `${name}: ${photo.reasons.join("; ")}` },
    make("a", { href: `${root}/review/photos/${photo.photo_id}`, title: photo.image_path, dataset: { key: `photo ${photo.photo_id}` } },
      make("img", { src: thumbnail(photo.photo_id), alt: name, loading: "lazy", decoding: "async" }),
      isPicked ? make("span", { class: "chosen-pick", title: "Picked" }, icon("check")) : null),
    make("p", { class: "chosen-line" }, make("strong", {}, photo.final_score === undefined || photo.final_score === null ? `#${photo.rank}` : photo.final_score.toFixed(2)),
      make("span", {}, photo.people?.join(", ") || name)),
    ...photo.reasons.map((reason) => make("p", { class: "chosen-why" }, reason)),
    take ? make("p", { class: "chosen-change" }, swap,
      isPicked ? null : make("button", { type: "button", class: "small-button", dataset: { key: `out ${photo.photo_id}` }, "aria-label": `Leave ${name} out`, on: { click: () => leaveOut(photo.photo_id) } }, kept.includes(photo.photo_id) ? "Take out" : "Leave out")) : null,
    alternatives);
}
