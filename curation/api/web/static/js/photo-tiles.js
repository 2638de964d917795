// The pixels of a photo: its picture for the screen, and tiles of the full size for what is looked at closely.

import { get } from "./api.js";
import { root } from "./root.js";

const MOST_TILES = 160; // decoded ones that are kept, of all photos together: about 1 MB each
const MOST_PICTURES = 8;
const ENOUGH = 1.02; // device pixels per pixel of the picture, up to which it is sharp enough

const pictures = new Map(); // photo id -> {image, ready}, the last used last
const grids = new Map(); // photo id -> promise of the answer of GET /photos/{id}/tiles
const tiles = new Map(); // address -> Image that is decoded, the last used last
const coming = new Map(); // address -> Image that is on its way
const listeners = new Set();

/** The picture of a photo for the screen: `image`, and a promise `ready` of whether it is decoded. */
export function screenPicture(id) {
  const known = pictures.get(id);
  if (known) {
    pictures.delete(id);
    pictures.set(id, known);
    return known;
  }
  const image = new Image();
  image.decoding = "async";
  image.src = `${root}/photos/${id}/picture?size=screen`;
  const entry = { image, isDecoded: false, ready: null };
  entry.ready = image.decode().then(() => (entry.isDecoded = true), () => {
    pictures.delete(id);
    return false;
  });
  pictures.set(id, entry);
  while (pictures.size > MOST_PICTURES) pictures.delete(pictures.keys().next().value);
  return entry;
}

/** Which tiles a photo has; asking makes the service decode it, so that they come at once. Null if it cannot. */
export function tileGrid(id) {
  if (!grids.has(id)) {
    grids.set(id, get(`${root}/photos/${id}/tiles`).catch(() => {
      grids.delete(id);
      return null;
    }));
  }
  return grids.get(id);
}

/** The level whose pixels suffice for `density` device pixels per pixel of the photo; null if the picture does. */
export function levelFor(grid, density, picture) {
  const own = picture?.naturalWidth ? picture.naturalWidth / grid.width : 0;
  const finest = grid.levels[0];
  const isWhole = density >= 1 && own < 2 ** -finest.level * ENOUGH;
  if (density <= own * ENOUGH && !isWhole) return null;
  const wanted = Math.floor(Math.log2(1 / density) + 0.02);
  return grid.levels.find((one) => one.level === wanted) ?? (wanted < finest.level ? finest : grid.levels.at(-1));
}

/** The tiles of a level that a region of the photo touches, nearest to its middle first. */
export function tilesIn(grid, level, { x, y, width, height }) {
  const side = grid.tile_px * 2 ** level.level; // of a tile, in pixels of the photo
  const first = (start) => Math.max(0, Math.floor(start / side));
  const last = (end, count) => Math.min(count - 1, Math.floor((end - 0.001) / side));
  const found = [];
  for (let row = first(y); row <= last(y + height, level.rows); row++) {
    for (let column = first(x); column <= last(x + width, level.columns); column++) {
      const address = grid.tile_url.replace("{level}", level.level).replace("{x}", column).replace("{y}", row);
      const left = column * side, top = row * side;
      const far = Math.hypot(left + side / 2 - x - width / 2, top + side / 2 - y - height / 2);
      found.push({ address, left, top, right: Math.min(grid.width, left + side), bottom: Math.min(grid.height, top + side), far });
    }
  }
  return found.sort((a, b) => a.far - b.far);
}

/** A tile that is there already; null if it is not. */
export function tileAt(address) {
  const image = tiles.get(address);
  if (!image) return null;
  tiles.delete(address);
  tiles.set(address, image);
  return image;
}

/**
 * Fetch tiles in their order.
 *
 * @param {Array<{address: string}>} wanted
 * @param {object} options `only`: gives up those on their way that are not wanted.
 */
export function fetchTiles(wanted, { only = false } = {}) {
  const addresses = new Set(wanted.map((one) => one.address));
  if (only) {
    for (const [address, image] of coming) {
      if (addresses.has(address)) continue;
      coming.delete(address);
      image.src = "";
    }
  }
  for (const address of addresses) {
    if (tiles.has(address) || coming.has(address)) continue;
    const image = new Image();
    coming.set(address, image);
    image.fetchPriority = only ? "high" : "low";
    image.src = address;
    image.decode().then(() => {
      if (coming.get(address) !== image) return;
      coming.delete(address);
      tiles.set(address, image);
      while (tiles.size > MOST_TILES) tiles.delete(tiles.keys().next().value);
      for (const listener of listeners) listener();
    }, () => {
      if (coming.get(address) === image) coming.delete(address);
    });
  }
}

/** Call `listener` whenever a tile has come. */
export function onTile(listener) {
  listeners.add(listener);
}
