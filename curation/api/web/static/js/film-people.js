// The characters: typing names, categories, jumping to faces.

import { Problem, send } from "./api.js";
import { ask } from "./dialog.js";
import { completeNames } from "./names.js";
import { inOrder } from "./queue.js";
import { root } from "./root.js";
import { toast, toastError } from "./toast.js";
import { toastUndoable } from "./undo.js";

/**
 * Wire the list of characters.
 *
 * @returns {{move: (step: number) => void, editName: () => void, categorise: (category: string) => void, current: () => string|null}}
 */
export function startPeople({ id, film, people, jump, changed }) {
  let etag = film.dataset.labelsEtag || null;
  let here = null; // cluster id of the character that keys are about

  const cards = () => [...people.querySelectorAll(".film-character")];
  const cardOf = (cluster) => people.querySelector(`.film-character[data-cluster="${cluster}"]`);
  const present = () => cardOf(here) ?? cards()[0] ?? null;

  /** A change of a label; whoever labelled the same person meanwhile is asked about. */
  const change = (cluster, body) => inOrder(async () => {
    const path = `${root}/videos/${id}/people/${cluster}`;
    try {
      return await sent(path, body, etag);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 412) throw error;
      const mine = await ask({ title: "The names were changed meanwhile", text: "Somebody else gave this person another label. Yours can replace it.", yes: "Use mine", no: "Keep the other" });
      if (!mine) {
        location.reload();
        return null;
      }
      return sent(path, body, null);
    }
  });

  async function sent(path, body, ifMatch) {
    const answer = await send("PATCH", path, body, { ifMatch: ifMatch ?? undefined });
    if (answer.etag) etag = answer.etag;
    return answer.data;
  }

  /** Show what a character is called now, wherever that is written. */
  function show(person) {
    for (const card of cards()) {
      const isMeant = card.dataset.cluster === String(person.cluster_id);
      if (!isMeant) continue;
      card.dataset.name = person.name ?? "";
      card.dataset.title = person.display_name;
      card.dataset.category = person.category ?? "";
      const field = card.querySelector("[data-name-field]");
      field.value = field.defaultValue = person.name ?? "";
      for (const button of card.querySelectorAll("[data-set-category]")) button.setAttribute("aria-pressed", String(button.dataset.setCategory === person.category));
    }
    const row = film.querySelector(`.film-row[data-cluster="${person.cluster_id}"]`);
    if (row) {
      row.querySelector(".film-row-title").textContent = person.display_name;
      for (const bar of row.querySelectorAll(".film-bar")) {
        const text = bar.title.replace(/^.*?(, [\d:]+ to [\d:]+)$/, (_, times) => `${person.display_name}${times}`);
        bar.title = text;
        bar.setAttribute("aria-label", text);
      }
    }
    for (const face of film.querySelectorAll(`.film-poster-face[data-cluster="${person.cluster_id}"] .film-poster-name`)) face.textContent = person.display_name;
    changed();
  }

  async function label(card, body, text) {
    const before = { name: card.dataset.name || null, category: card.dataset.category || null };
    try {
      const person = await change(card.dataset.cluster, body);
      if (person === null) return;
      // Clusters of one name are one person: the others may have changed with it.
      show(person);
      await others(person);
      if (person.of_event) toastUndoable(text);
      else toast(text, { action: { label: "Undo", run: () => label(card, before, "Undone") } });
    } catch (error) {
      const field = card.querySelector("[data-name-field]");
      field.value = field.defaultValue = card.dataset.name;
      toastError(error);
    }
  }

  async function others(changedPerson) {
    if (!changedPerson.of_event || cards().length < 2) return;
    const { data, etag: now } = await send("GET", `${root}/videos/${id}/people`);
    if (now) etag = now;
    for (const person of data.people) if (person.cluster_id !== changedPerson.cluster_id) show(person);
  }

  function setName(card, name) {
    return label(card, name ? { name, first_category: "important" } : { name: null }, name ? `This is ${name}` : "The name is removed");
  }

  function categorise(card, category) {
    const next = card.dataset.category === category && !card.dataset.name ? null : category;
    return label(card, { category: next }, `${card.dataset.title}: ${next ?? "no category"}`);
  }

  /** The answer to a name of the gallery of known people. */
  async function answerProposal(card, proposal, answer) {
    const { cluster, name, category } = card.dataset;
    try {
      const { data } = await inOrder(() => send("POST", `${root}/videos/${id}/people/${cluster}/proposal`, { person_id: proposal.dataset.person, answer }));
      proposal.remove();
      show(data);
      card.querySelector("[data-name-field]").focus();
      if (answer === "refuse") toast("It is not asked again");
      else if (data.of_event) toastUndoable(`This is ${data.name}`);
      else toast(`This is ${data.name}`, { action: { label: "Undo", run: () => label(card, { name: name || null, category: category || null }, "Undone") } });
    } catch (error) {
      toastError(error);
    }
  }

  for (const field of people.querySelectorAll("[data-name-field]")) completeNames(field);

  people.addEventListener("focusin", (event) => {
    here = event.target.closest(".film-character")?.dataset.cluster ?? here;
  });
  people.addEventListener("keydown", (event) => {
    const field = event.target.closest("[data-name-field]");
    if (!field || event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
    event.preventDefault();
    if (event.key === "Escape") field.value = field.defaultValue;
    field.blur();
  });
  people.addEventListener("change", (event) => {
    const field = event.target.closest("[data-name-field]");
    if (!field || field.value.trim() === field.defaultValue) return;
    field.defaultValue = field.value = field.value.trim();
    setName(field.closest(".film-character"), field.value);
  });
  people.addEventListener("click", (event) => {
    const card = event.target.closest(".film-character");
    const category = event.target.closest("[data-set-category]")?.dataset.setCategory;
    if (category) categorise(card, category);
    const answer = event.target.closest("[data-answer]");
    if (answer) answerProposal(card, answer.closest(".film-proposal"), answer.dataset.answer);
    const face = event.target.closest("[data-jump]");
    if (face) jump(Number(face.dataset.jump));
  });
  // What was undone elsewhere on the page.
  document.addEventListener("curation:changed", async () => {
    const { data, etag: now } = await send("GET", `${root}/videos/${id}/people`).catch(() => ({ data: null }));
    if (!data) return;
    etag = now ?? etag;
    data.people.forEach(show);
  });

  return {
    move: (step) => {
      const all = cards();
      const at = all.indexOf(cardOf(here));
      const to = all[at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1)];
      here = to.dataset.cluster;
      to.querySelector(".film-faces button, [data-set-category]")?.focus();
      to.scrollIntoView({ block: "nearest" });
    },
    editName: () => present()?.querySelector("[data-name-field]").select(),
    categorise: (category) => present() && categorise(present(), category),
    current: () => here ?? present()?.dataset.cluster ?? null,
  };
}
