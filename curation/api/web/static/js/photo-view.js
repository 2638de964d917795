// What part of a photo is seen: the whole of it, or a part at 100 %, 200 % or anything between. It is drawn on a canvas;
// the boxes of faces are an SVG over it that shows the same part.

import { placePlates } from "./name-plates.js";
import { fetchTiles, levelFor, onTile, screenPicture, tileAt, tileGrid, tilesIn } from "./photo-tiles.js";

const STEPS = [1, 2]; // device pixels per pixel of the photo: 100 % and 200 %
const ABOVE_FIT = 1.08; // a step that shows hardly more than the whole photo is left out
const MOST = 8;
const MOVE_MS = 170;
const EYES = 0.44; // where the middle of what matters of a face is, from the top of its box
const FACE_REACH = 2.2; // of a face's size: nearer than that, a press at a place means the face

const still = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * The view of one photo after another.
 *
 * @param {object} options `onChange(view)`: called when what is seen has changed, for the address and the buttons.
 */
export function photoView({ onChange }) {
  let photo = null; // {id, width, height, faces: [{id, name, x, y, w, h}], element, canvas, svg, plates, grid, picture}
  let zoom = null; // device pixels per pixel of the photo; null shows the whole photo
  let centre = { x: 0.5, y: 0.5 }; // in parts of the photo
  let looked = null; // {name, dx, dy}: the person who is looked at, and where from the middle of the face, in faces
  let moving = null;
  let asked = false;
  let isPlain = false;

  onTile(draw);
  new ResizeObserver(() => {
    if (photo) photo.buttons = null;
    draw();
  }).observe(document.getElementById("photo"));

  /** Show a photo whose elements have just been put in; keeps the zoom and the person. */
  function show(element, id) {
    stop();
    const svg = element.querySelector("#photo-picture");
    if (!svg) {
      photo = null;
      return;
    }
    const facts = factsOf(element);
    photo = { id, ...facts, element: svg.parentElement, canvas: svg.parentElement.querySelector("canvas"), svg, plates: svg.parentElement.querySelector("#plates"), grid: null, buttons: null, picture: screenPicture(id) };
    const mine = photo;
    follow();
    photo.picture.ready.then((isThere) => {
      if (!isThere || mine !== photo) return;
      svg.querySelector("image")?.remove();
      draw();
    });
    if (photo.picture.isDecoded) svg.querySelector("image")?.remove();
    // Whoever only walks by needs no tiles.
    setTimeout(() => mine === photo && needGrid(), zoom === null ? 120 : 0);
    draw();
    onChange(state());
  }

  /** Where the photo is to be seen that was just shown: at the same person's face, else at the same place. */
  function follow() {
    if (zoom === null || !photo) return;
    centre = centreFor(photo);
  }

  function centreFor(facts) {
    const face = looked?.name ? facts.faces.find((one) => one.name === looked.name) : null;
    if (!face) return centre;
    return { x: (face.x + face.w / 2 + looked.dx * face.w) / facts.width, y: (face.y + face.h * EYES + looked.dy * face.h) / facts.height };
  }

  async function needGrid() {
    const mine = photo;
    if (!mine || mine.grid || asked === mine) return;
    asked = mine;
    const grid = await tileGrid(mine.id);
    asked = false;
    mine.grid = grid;
    if (mine === photo) draw();
  }

  const size = () => ({ width: photo.element.clientWidth, height: photo.element.clientHeight });
  const fitScale = () => Math.min(size().width / photo.width, size().height / photo.height);
  const scaleOf = (value) => (value === null ? fitScale() : value / devicePixelRatio);

  /** The part of the photo that is seen, in its pixels; `scale`: CSS pixels per pixel of the photo. */
  function region(facts = photo, value = zoom, middle = centre) {
    const { width, height } = size();
    const scale = value === null ? Math.min(width / facts.width, height / facts.height) : value / devicePixelRatio;
    const seen = { width: width / scale, height: height / scale };
    const start = (at, whole, part) => (part >= whole ? (whole - part) / 2 : Math.max(0, Math.min(whole - part, at * whole - part / 2)));
    const at = value === null ? { x: 0.5, y: 0.5 } : middle;
    return { x: start(at.x, facts.width, seen.width), y: start(at.y, facts.height, seen.height), ...seen, scale };
  }

  function draw() {
    if (!photo?.element.isConnected || !photo.element.clientWidth) return;
    const seen = region();
    photo.svg.setAttribute("viewBox", `${seen.x} ${seen.y} ${seen.width} ${seen.height}`);
    photo.element.toggleAttribute("data-zoomed", zoom !== null);
    const isSharp = paint(seen);
    photo.element.toggleAttribute("data-sharp", isSharp && !moving);
    const shown = (one) => ({ ...one, x: (one.x - seen.x) * seen.scale, y: (one.y - seen.y) * seen.scale, w: one.w * seen.scale, h: one.h * seen.scale });
    photo.buttons ??= buttonsOver(photo.element);
    placePlates(photo.plates, isPlain ? [] : photo.faces.map(shown), size(), photo.buttons);
  }

  function paint(seen) {
    const { canvas, picture } = photo;
    const ratio = devicePixelRatio;
    const { width, height } = size();
    const wide = Math.round(width * ratio), high = Math.round(height * ratio);
    if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, wide, high);
    if (!picture.isDecoded) return false;
    const density = seen.scale * ratio;
    pen.imageSmoothingQuality = "high";
    // Whole pixels, so that a tile at 100 % is shown as it is and no seam is seen between two.
    const left = Math.round(-seen.x * density), top = Math.round(-seen.y * density);
    const put = (image, x, y, right, bottom) => {
      const from = { x: left + Math.round(x * density), y: top + Math.round(y * density) };
      pen.drawImage(image, from.x, from.y, left + Math.round(right * density) - from.x, top + Math.round(bottom * density) - from.y);
    };
    put(picture.image, 0, 0, photo.width, photo.height);
    const { grid } = photo;
    if (!grid) {
      if (density > (picture.image.naturalWidth / photo.width) * 1.02) needGrid();
      return false;
    }
    const level = levelFor(grid, density, picture.image);
    if (!level) return true;
    const wanted = tilesIn(grid, level, seen);
    let missing = 0;
    for (const tile of wanted) {
      const image = tileAt(tile.address);
      if (image) put(image, tile.left, tile.top, tile.right, tile.bottom);
      else missing += 1;
    }
    if (!moving) fetchTiles(wanted, { only: true });
    return missing === 0;
  }

  /** Fetch what another photo needs to be seen at once in the present zoom. */
  async function prepare(id, facts) {
    screenPicture(id);
    const grid = await tileGrid(id);
    if (!grid || zoom === null || !photo) return;
    const seen = region(facts, zoom, centreFor(facts));
    const level = levelFor(grid, seen.scale * devicePixelRatio, null);
    if (level) fetchTiles(tilesIn(grid, level, seen));
  }

  /** Fetch what a press on a face would show; without one, on the face that `Z` goes to. */
  async function expect(faceId = null) {
    const mine = photo;
    if (!mine || (zoom !== null && faceId === null)) return;
    const grid = await tileGrid(mine.id);
    if (!grid || mine !== photo) return;
    const face = faceId ? photo.faces.find((one) => one.id === faceId) : (personFace() ?? firstFace());
    const value = zoom ?? stops()[0];
    const level = face && levelFor(grid, value, photo.picture.image);
    if (level) fetchTiles(tilesIn(grid, level, region(photo, value, middleOfFace(face))));
  }

  const personFace = () => (looked?.name ? photo.faces.find((one) => one.name === looked.name) : null);

  function moveTo(value, middle) {
    moving = null; // a movement under way goes on from where it is
    const from = { zoom: zoom ?? fitScale() * devicePixelRatio, ...middleOf(region()) };
    zoom = value;
    centre = value === null ? centre : middle;
    const to = { zoom: value ?? fitScale() * devicePixelRatio, ...(value === null ? { x: 0.5, y: 0.5 } : middleOf(region())) };
    if (value !== null) centre = { x: to.x, y: to.y };
    needGrid();
    onChange(state());
    if (still.matches || !photo) {
      draw();
      return;
    }
    if (photo.grid && value !== null) {
      const seen = region();
      const level = levelFor(photo.grid, seen.scale * devicePixelRatio, photo.picture.image);
      if (level) fetchTiles(tilesIn(photo.grid, level, seen), { only: true });
    }
    const began = performance.now();
    const mine = (moving = {});
    const tick = (now) => {
      if (moving !== mine) return;
      const part = Math.min(1, (now - began) / MOVE_MS);
      if (part >= 1) {
        moving = null;
        zoom = value;
        centre = value === null ? centre : middle;
        draw();
        return;
      }
      const eased = 1 - (1 - part) ** 3;
      zoom = Math.exp(Math.log(from.zoom) + eased * Math.log(to.zoom / from.zoom));
      // The place that grows stays on one line across the view.
      const share = to.zoom === from.zoom ? eased : (1 / zoom - 1 / from.zoom) / (1 / to.zoom - 1 / from.zoom);
      centre = { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) };
      draw();
      requestAnimationFrame(tick);
    };
    moving.target = { zoom: value, centre: middle };
    requestAnimationFrame(tick);
  }

  function stop() {
    if (!moving) return;
    const { target } = moving;
    moving = null;
    zoom = target.zoom;
    if (target.zoom !== null) centre = target.centre;
  }

  const middleOf = (seen) => ({ x: (seen.x + seen.width / 2) / photo.width, y: (seen.y + seen.height / 2) / photo.height });

  /** The zooms that `Z` goes through: 100 % and 200 %; of a small photo, twice and four times the whole. */
  function stops() {
    const fit = fitScale() * devicePixelRatio;
    const found = STEPS.filter((step) => step > fit * ABOVE_FIT);
    return found.length === STEPS.length ? found : [...found, fit * 2, fit * 4].slice(0, STEPS.length);
  }

  /** The face at or nearest to a place in pixels of the photo; null if there are none. */
  function nearestFace(at, reach = Infinity) {
    const far = (face) => Math.hypot(Math.max(0, Math.abs(at.x - face.x - face.w / 2) - face.w / 2), Math.max(0, Math.abs(at.y - face.y - face.h / 2) - face.h / 2));
    const found = photo.faces.reduce((best, face) => (best === null || far(face) < far(best) ? face : best), null);
    return found && far(found) <= reach * Math.max(found.w, found.h) ? found : null;
  }

  const middleOfFace = (face) => ({ x: (face.x + face.w / 2) / photo.width, y: (face.y + face.h * EYES) / photo.height });

  /** Zoom to a face by its id. */
  function toFace(id, value = null) {
    const face = photo?.faces.find((one) => one.id === id);
    if (!face) return;
    look(face);
    const [first] = stops();
    moveTo(value ?? (zoom === null || zoom < first ? first : zoom), middleOfFace(face));
  }

  function look(face) {
    looked = face ? { name: face.name, dx: 0, dy: 0, id: face.id } : null;
  }

  /** The next of: 100 %, 200 %, the whole photo. `at`: a place in the view in CSS pixels, else the person looked at. */
  function cycle(at = null) {
    if (!photo) return;
    const now = moving?.target.zoom ?? zoom;
    const next = stops().find((step) => now === null || step > now * 1.02) ?? null;
    if (next === null) {
      moveTo(null, null);
      return;
    }
    if (now !== null) {
      moveTo(next, moving?.target.centre ?? centre);
      return;
    }
    const place = at && inPhoto(at);
    const face = place ? nearestFace(place, FACE_REACH) : (personFace() ?? firstFace());
    look(face);
    moveTo(next, face ? middleOfFace(face) : place ? { x: place.x / photo.width, y: place.y / photo.height } : { x: 0.5, y: 0.5 });
  }

  /** Whose face is judged first: the first of the close-ups, which is the worst of those who matter. */
  function firstFace() {
    const id = document.querySelector("#close-ups [data-face]")?.dataset.face;
    return photo.faces.find((one) => one.id === id) ?? photo.faces[0] ?? null;
  }

  function inPhoto({ x, y }) {
    const seen = region();
    return { x: seen.x + x / seen.scale, y: seen.y + y / seen.scale };
  }

  /** Zoom by a factor; the place `at` in the view stays where it is. */
  function zoomBy(factor, at = null) {
    if (!photo) return;
    stop();
    const { width, height } = size();
    const place = at ?? { x: width / 2, y: height / 2 };
    if (zoom === null && factor <= 1) return;
    if (zoom === null && at === null) {
      const face = personFace() ?? firstFace();
      if (face) {
        look(face);
        centre = middleOfFace(face);
      }
    }
    const before = at === null && zoom === null ? null : inPhoto(place);
    const fit = fitScale() * devicePixelRatio;
    const next = Math.min(Math.max(MOST, fit * 4), (zoom ?? fit) * factor);
    if (next <= fit * 1.01) zoom = null;
    else {
      zoom = next;
      const scale = scaleOf(zoom);
      if (before) centre = { x: (before.x + (width / 2 - place.x) / scale) / photo.width, y: (before.y + (height / 2 - place.y) / scale) / photo.height };
      settle();
    }
    draw();
    onChange(state());
  }

  /** Move the part that is seen by CSS pixels. */
  function panBy(x, y) {
    if (!photo || zoom === null) return;
    stop();
    const scale = scaleOf(zoom);
    centre = { x: centre.x - x / scale / photo.width, y: centre.y - y / scale / photo.height };
    settle();
    draw();
    onChange(state());
  }

  /** Keep the middle inside the photo, and remember whose face is nearest to it. */
  function settle() {
    centre = middleOf(region());
    const at = { x: centre.x * photo.width, y: centre.y * photo.height };
    const face = nearestFace(at, 1.2) ?? personFace();
    looked = face ? { name: face.name, id: face.id, dx: (at.x - face.x - face.w / 2) / face.w, dy: (at.y - face.y - face.h * EYES) / face.h } : null;
  }

  const leave = () => moveTo(null, null);

  const state = () => {
    const now = moving ? moving.target : { zoom, centre };
    return { isZoomed: now.zoom !== null, zoom: now.zoom, centre: now.centre ?? centre, person: looked?.name ?? null, face: looked?.id ?? null };
  };

  /** Take up what an address says. */
  function restore(value, middle) {
    zoom = value;
    centre = middle;
  }

  function setPlain(plain) {
    isPlain = plain;
    photo?.element.toggleAttribute("data-plain", plain);
    draw();
  }

  return { cycle, draw, expect, inPhoto, leave, panBy, prepare, restore, setPlain, settle: () => photo && zoom !== null && settle(), show, state, stops, toFace, zoomBy };
}

/** Where the buttons over a view are, in its CSS pixels. */
function buttonsOver(element) {
  const frame = element.getBoundingClientRect();
  return [...element.parentElement.querySelectorAll(".stage-button:not([hidden])")].map((button) => {
    const { left, top, width, height } = button.getBoundingClientRect();
    return { x: left - frame.left, y: top - frame.top, width, height };
  });
}

/** What the elements of a photo say of it. */
export function factsOf(element) {
  const svg = element.querySelector("#photo-picture");
  if (!svg) return null;
  const faces = [...svg.querySelectorAll("[data-face]")].map((box) => ({
    id: box.dataset.face, name: box.dataset.name, category: box.dataset.category ?? null,
    x: Number(box.getAttribute("x")), y: Number(box.getAttribute("y")), w: Number(box.getAttribute("width")), h: Number(box.getAttribute("height")),
  }));
  return { width: Number(svg.dataset.width), height: Number(svg.dataset.height), faces };
}
