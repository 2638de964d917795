// Changes of people: sends them to the service, shows a message with undo, and notifies the page.

import { Problem, send } from "./api.js";
import { ask } from "./dialog.js";
import { counted } from "./dom.js";
import { hold } from "./keyboard.js";
import { inOrder } from "./queue.js";
import { root } from "./root.js";
import { toast, toastError } from "./toast.js";
import { announceChange, toastUndoable } from "./undo.js";

// The version of the labels that the page shows. With it the service notices if the file is edited in the meantime.
let etag = document.querySelector("[data-labels-etag]")?.dataset.labelsEtag || null;

/** All labels were read again. */
export function labelsRead(newEtag) {
  if (newEtag) etag = newEtag;
}

/** Whether somebody else changed the labels since the page read them. */
export async function labelsChangedElsewhere() {
  try {
    const { etag: present } = await send("GET", `${root}/labels`);
    return etag !== null && present !== null && present !== etag;
  } catch {
    return false;
  }
}

/** Run something that may fail; if it does, shows the error and returns null. */
export async function attempt(run) {
  try {
    return await run();
  } catch (error) {
    toastError(error);
    return null;
  }
}

const change = (method, url, body) => inOrder(() => changeNow(method, url, body));

/** A change of labels. If somebody else labelled the same people in the meantime, the user chooses which label to use. */
async function changeNow(method, url, body) {
  try {
    return await changed(method, url, body);
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 412) throw error;
    if (error.code === "labels_conflict" && !(await useMine(error.body.conflicts ?? []))) {
      announceChange();
      return null;
    }
    // Without a version the one that was read last counts, which is that of the refused request.
    etag = null;
    return changed(method, url, body);
  }
}

async function changed(method, url, body) {
  const answer = await send(method, url, body, { ifMatch: etag ?? undefined });
  if (answer.etag) etag = answer.etag;
  return answer.data;
}

function useMine(conflicts) {
  const [first] = conflicts;
  const more = conflicts.length > 1 ? `, and ${conflicts.length - 1} more` : "";
  return ask({
    title: "The labels were edited meanwhile",
    text: first
      ? `Person ${first.cluster_id} is ${label(first.theirs)} in cluster_labels.json now; you say ${label(first.yours)}${more}.`
      : "Somebody else changed the same label in cluster_labels.json.",
    yes: "Use mine", no: "Keep the other",
  });
}

function label(value) {
  if (!value) return "not labelled";
  if (typeof value === "string") return value;
  return value.name ? `${value.name} (${value.category})` : value.category;
}

const people = (ids) => counted(ids.length, "person", "people");

/** Put people into a category; null removes their label. */
export function setCategory(ids, category, titles = []) {
  return attempt(async () => {
    // A name needs a category, so both are removed together.
    const label = category === null ? { category, name: null } : { category };
    const data = ids.length === 1
      ? await change("PATCH", `${root}/people/${ids[0]}`, label)
      : await change("PATCH", `${root}/people`, { ids: ids.map(Number), ...label });
    if (data === null) return null;
    announceChange({ labels: true, ids: [...ids, ...(data.same_name ?? []).map(String)] });
    toastUndoable(`${ids.length === 1 ? titles[0] ?? "1 person" : people(ids)}: ${category ?? "no label"}`);
    return data;
  });
}

/** Give a person a name; an empty one removes the name. Whoever is named matters, unless it was said otherwise. */
export function setName(id, name) {
  return attempt(async () => {
    const data = await change("PATCH", `${root}/people/${id}`, name ? { name, first_category: "important" } : { name: null });
    if (data === null) return null;
    announceChange({ labels: true, ids: [String(id), ...(data.same_name ?? []).map(String)] });
    const groups = (data.same_name ?? []).length + 1;
    toastUndoable(name ? `This is ${name}${groups > 1 ? `, together with ${groups - 1 === 1 ? "one other cluster" : `${groups - 1} other clusters`}` : ""}` : "The name is removed");
    return data;
  });
}

/** Put everybody without a label who is in few photos into the category "other". */
export function ignoreStrangers(below) {
  return attempt(async () => {
    const data = await change("PATCH", `${root}/people`, { strangers_below_photos: below });
    if (data === null) return null;
    if (data.changed === 0) {
      toast(`Nobody without a label is in fewer than ${counted(below, "photo")}`);
      return data;
    }
    announceChange({ labels: true });
    toastUndoable(`${counted(data.changed, "person", "people")} in fewer than ${counted(below, "photo")}: other`);
    return data;
  });
}

// After a correction other faces are on the screen: keys wait for them.
function correct(body, text) {
  return hold(attempt(async () => {
    const data = await change("POST", `${root}/corrections`, body);
    if (data === null) return null;
    announceChange();
    if (data.id !== null) toastUndoable(text);
    return data;
  }));
}

/** Merge people; returns the id that remains. `into`: whose id and label remain (default: those with the better label). */
export async function merge(ids, { into } = {}) {
  const body = { kind: "same_person", cluster_ids: ids.map(Number) };
  if (into !== undefined) body.cluster_id = Number(into);
  const data = await correct(body, `${people(ids)} merged`);
  return data === null ? null : String(data.cluster_id);
}

/** Record that two people are not the same. */
export const differ = (ids) => correct({ kind: "different_people", cluster_ids: ids.map(Number) }, "They stay two people");

/**
 * Split faces off: they become those of the person with this name, or of a new person, who may get a category. Returns the
 * correction.
 */
export function split(faceIds, { name, category } = {}) {
  const body = { kind: "different_people", face_ids: faceIds };
  if (name) body.name = name;
  if (category) body.category = category;
  return correct(body, `${counted(faceIds.length, "face")}: ${name || (category === "other" ? "a stranger" : "somebody new")}`);
}

/** Give faces to a person who is there. Returns the correction. */
export const giveFaces = (faceIds, cluster, title) =>
  correct({ kind: "same_person", face_ids: faceIds, cluster_id: Number(cluster) }, `${counted(faceIds.length, "face")}: ${title}`);

/** Make a face the picture of its person. */
export const chooseCover = (faceId) => correct({ kind: "cover", face_ids: [faceId] }, "This is the cover now");

/** Say where a face is that was not found; `box` in pixels of the upright photo. Returns it as it is shown now. */
export function drawFace(photoId, box) {
  return hold(attempt(async () => {
    const data = await change("POST", `${root}/faces`, { photo_id: photoId, box });
    if (data === null) return null;
    announceChange();
    toastUndoable("The face is drawn, and kept over every later run");
    return data;
  }));
}

export const notAFace = (faceIds) => correct({ kind: "not_a_face", face_ids: faceIds }, `${counted(faceIds.length, "face")}: not a face`);

/** Record that clusters are not people, but statues or posters. */
export const notAPerson = (ids, title) =>
  correct({ kind: "not_a_person", cluster_ids: ids.map(Number) }, `${ids.length === 1 && title ? title : people(ids)}: not a person`);
