// Giving faces to a person, and choosing the picture of one: from the person's page, a photo, and questions.

import { choosePerson } from "./choose-person.js";
import { counted } from "./dom.js";
import { giveFaces, merge, setCategory, setName, split } from "./people-actions.js";
import { root } from "./root.js";

const pictureOf = (faceId) => `${root}/faces/${faceId}/picture`;

/**
 * Ask whose faces these are, and give them to that person.
 *
 * @param {string[]} faceIds
 * @param {{title?: string, text?: string}} [options]
 * @returns {Promise<object|null>} The correction; null if the user cancelled or it failed.
 */
export async function giveFacesTo(faceIds, { title, text = "" } = {}) {
  const [first] = faceIds;
  const whose = await choosePerson({
    title: title ?? (faceIds.length === 1 ? "Whose face is this?" : `Whose ${counted(faceIds.length, "face")} are these?`),
    text, faceId: first, picture: pictureOf(first),
  });
  if (whose === null) return null;
  if (whose.cluster !== undefined) return giveFaces(faceIds, whose.cluster, whose.title);
  if (whose.name !== undefined) return split(faceIds, { name: whose.name });
  return split(faceIds, whose.isStranger ? { category: "other" } : {});
}

/**
 * Say who a whole person is, as `choosePerson` answered.
 *
 * @param {number} cluster The person.
 * @param {object} whose The answer.
 * @param {() => Promise<object|null>} otherwise For somebody new without a name.
 */
export async function isPerson(cluster, whose, otherwise) {
  if (whose.cluster !== undefined) return merge([cluster, whose.cluster], { into: whose.cluster });
  if (whose.name !== undefined) return setName(cluster, whose.name);
  if (whose.isStranger) return setCategory([String(cluster)], "other");
  return otherwise();
}
