// The row of a burst's photos. While somebody is looked at, it shows that person's face in each of them, with the best one
// marked; the line above says in which photos the eyes of everybody are open.

import { get } from "./api.js";
import { make } from "./dom.js";
import { icon } from "./icons.js";
import { root } from "./root.js";

const known = new Map(); // photo id -> promise of the answer of GET /photos/{id}/burst
const MOST_KEPT = 40;

/** What is known of a photo's burst; the same answer for all of its photos. */
export function burstOf(id) {
  if (!known.has(id)) {
    const answer = get(`${root}/photos/${id}/burst`).catch(() => null);
    known.set(id, answer);
    answer.then((burst) => {
      for (const photo of burst?.photos ?? []) known.set(photo.photo_id, answer);
      if (burst === null) known.delete(id);
      while (known.size > MOST_KEPT) known.delete(known.keys().next().value);
    });
  }
  return known.get(id);
}

/** Forget what was said of bursts: a label or a correction has changed it. */
export const forgetBursts = () => known.clear();

/**
 * Fill the row of the photo that is shown.
 *
 * @param {Element} holder Contains the photo.
 * @param {string} id Of the photo.
 * @param {?string} person Who is looked at; null shows the photos themselves.
 */
export async function fillBurst(holder, id, person) {
  const row = holder.querySelector("#burst");
  if (!row) return;
  row.dataset.wanted = person ?? "";
  const burst = await burstOf(id);
  if (!burst || !row.isConnected || row.dataset.wanted !== (person ?? "")) return;
  const one = burst.people.find((other) => called(other.person) === person) ?? null;
  row.toggleAttribute("data-person", one !== null);
  for (const link of row.querySelectorAll("[data-go]")) {
    const photo = burst.photos.find((other) => other.photo_id === link.dataset.go);
    const face = one?.faces.find((other) => other.photo_id === link.dataset.go);
    paintLink(link, photo, face, burst, one);
  }
  holder.querySelector("#burst-line").textContent = line(burst, one);
  row.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

function paintLink(link, photo, face, burst, person) {
  const image = link.querySelector("img");
  link.dataset.photoPicture ??= image.getAttribute("src");
  const picture = face?.picture_url ?? link.dataset.photoPicture;
  if (image.getAttribute("src") !== picture) image.src = picture;
  link.toggleAttribute("data-without", person !== null && !face?.face_id);
  for (const old of link.querySelectorAll(".burst-mark")) old.remove();
  if (!photo) return;
  const marks = [];
  if (face?.is_best) marks.push(["best", "star", `the best of ${called(person.person)}`]);
  if (!person && photo.photo_id === burst.best_photo_id) marks.push(["best", "star", "best for most people"]);
  if (face?.eyes_closed) marks.push(["bad", "closed", "eyes closed"]);
  if (face?.blurred) marks.push(["bad", "blur", "blurred"]);
  const name = photo.image_path.split("/").at(-1);
  const said = person && !face?.face_id ? ["not seen here"] : marks.map(([, , text]) => text);
  link.setAttribute("aria-label", [person ? `${called(person.person)} in ${name}` : name, ...said].join(", "));
  link.title = link.getAttribute("aria-label");
  link.append(...marks.map(([kind, sign]) => make("span", { class: "burst-mark", dataset: { kind } }, icon(sign))));
}

function line(burst, person) {
  const count = burst.photos.length;
  const nameOf = (id) => burst.photos.find((one) => one.photo_id === id)?.image_path.split("/").at(-1).replace(/\.[^.]+$/, "");
  if (person) {
    const seen = person.faces.filter((face) => face.face_id).length;
    const where = seen === count ? `in ${count === 2 ? "both" : `the ${count}`} photos of this burst` : `in ${seen} of the ${count} photos of this burst`;
    return `${called(person.person)} ${where}; best in ${nameOf(person.best_photo_id)}`;
  }
  const parts = [burst.summary];
  if (burst.best_photo_id && burst.people.filter((one) => one.counts).length > 1) parts.push(`best for most: ${nameOf(burst.best_photo_id)}`);
  return parts.filter(Boolean).join("; ");
}

const called = (name) => name.replace(/^person (?=\d+$)/, "Person ");
