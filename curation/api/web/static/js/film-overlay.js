// Boxes and names over the player, drawn from the tracks: nothing of the film is encoded for it.

import { get } from "./api.js";
import { make } from "./dom.js";
import { root } from "./root.js";

const CHUNK_S = 120; // tracks are fetched as far as the player needs them

/**
 * Draw over the player as it plays.
 *
 * @returns {{toggle: () => void, repaint: () => void}}
 */
export function startOverlay({ id, player, film }) {
  const stage = document.getElementById("stage");
  const overlay = document.getElementById("overlay");
  const box = document.getElementById("boxes");
  const problem = document.getElementById("player-problem");
  stage.style.setProperty("--ratio", `${stage.dataset.width} / ${stage.dataset.height}`);
  const chunks = new Map(); // by number, the tracks or null while they are on their way
  const drawn = new Map(); // by track, its element
  let size = null;

  player.addEventListener("error", () => { problem.hidden = false; });
  if (player.error) problem.hidden = false;
  // A browser that knows the sound but not the pictures plays a black film without a word.
  player.addEventListener("loadedmetadata", () => { if (player.videoWidth === 0) problem.hidden = false; });
  if (!box) return { toggle: () => {}, repaint: () => {} };

  async function load(number) {
    if (chunks.has(number)) return;
    chunks.set(number, null);
    try {
      const found = await get(`${root}/videos/${id}/tracks?from_s=${number * CHUNK_S}&to_s=${(number + 1) * CHUNK_S}`);
      size = { width: found.width, height: found.height };
      chunks.set(number, found.tracks);
      paint();
    } catch (error) {
      chunks.delete(number);
      console.warn(error.message);
    }
  }

  function person(cluster) {
    return film.querySelector(`.film-character[data-cluster="${cluster}"]`);
  }

  function paint() {
    const time = player.currentTime;
    const number = Math.floor(time / CHUNK_S);
    load(number);
    if (time % CHUNK_S > CHUNK_S - 20) load(number + 1);
    const tracks = box.checked && size ? (chunks.get(number) ?? []) : [];
    const seen = tracks.filter((track) => track.cluster_id !== null && track.start_s <= time && time < track.end_s);
    const wanted = new Set(seen.map((track) => track.track));
    for (const [track, element] of drawn) {
      if (wanted.has(track)) continue;
      element.remove();
      drawn.delete(track);
    }
    for (const track of seen) place(elementOf(track), boxAt(track.boxes, time));
    tell(seen);
  }

  function elementOf(track) {
    let element = drawn.get(track.track);
    if (!element) {
      const one = person(track.cluster_id);
      element = make("div", { class: "film-box", dataset: { cluster: track.cluster_id, colour: one?.dataset.colour ?? "8" } },
        make("span", { class: "film-box-name" }, one?.dataset.title ?? `person ${track.cluster_id}`));
      drawn.set(track.track, element);
      overlay.append(element);
    }
    return element;
  }

  function place(element, at) {
    element.style.left = `${(100 * at.x) / size.width}%`;
    element.style.top = `${(100 * at.y) / size.height}%`;
    element.style.width = `${(100 * at.w) / size.width}%`;
    element.style.height = `${(100 * at.h) / size.height}%`;
    // Below a face at the lower edge there is no room for its name.
    element.toggleAttribute("data-low", at.y + at.h > 0.92 * size.height);
  }

  function tell(seen) {
    const now = document.getElementById("now");
    const names = [...new Set(seen.map((track) => person(track.cluster_id)?.dataset.title).filter(Boolean))];
    const text = names.length ? `On screen: ${names.join(", ")}` : "";
    if (now.textContent !== text) now.textContent = text;
  }

  // Pictures as they are shown where the browser tells of them, else as often as the screen is drawn.
  function follow() {
    paint();
    if (player.requestVideoFrameCallback) player.requestVideoFrameCallback(follow);
    else if (!player.paused) requestAnimationFrame(follow);
  }
  if (player.requestVideoFrameCallback) player.requestVideoFrameCallback(follow);
  else player.addEventListener("play", () => requestAnimationFrame(follow));
  for (const event of ["seeked", "timeupdate", "loadeddata"]) player.addEventListener(event, paint);
  box.addEventListener("change", paint);
  paint();

  return {
    toggle: () => {
      box.checked = !box.checked;
      paint();
    },
    repaint: () => {
      for (const element of drawn.values()) element.remove();
      drawn.clear();
      paint();
    },
  };
}

/** The box at a time: straight between the two pictures that were looked at. */
function boxAt(boxes, time) {
  const after = boxes.findIndex((one) => one.time_s > time);
  if (after === 0) return boxes[0];
  if (after < 0) return boxes.at(-1);
  const [one, next] = [boxes[after - 1], boxes[after]];
  const share = (time - one.time_s) / (next.time_s - one.time_s);
  const between = (name) => one[name] + share * (next[name] - one[name]);
  return { x: between("x"), y: between("y"), w: between("w"), h: between("h") };
}
