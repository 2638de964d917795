// What changes with assets, as the service tells it.

import { root } from "./root.js";

const AGAIN_MS = 300;

/**
 * Follow all assets.
 *
 * @param {number} version The version of the last change that the page shows.
 * @param {{asset?: (row: object) => void, counts?: (counts: object) => void}} on Called with each change.
 * @returns {() => void} To be called after something was handed in, so that its changes are not waited for.
 */
export function followAssets(version, { asset = () => {}, counts = () => {} }) {
  let known = version;
  let source = null;
  let timer;
  const open = () => {
    source?.close();
    source = new EventSource(`${root}/assets/events?after=${known}`);
    source.addEventListener("asset", (event) => {
      const row = JSON.parse(event.data);
      known = Math.max(known, row.version);
      asset(row);
    });
    source.addEventListener("counts", (event) => counts(JSON.parse(event.data)));
  };
  open();
  // A page that was left must not keep a connection open that others need; one that comes back goes on.
  window.addEventListener("pagehide", () => source?.close());
  window.addEventListener("pageshow", (event) => event.persisted && open());
  return () => {
    // While the stream is open, it tells everything; when nothing waited, it has ended.
    timer ??= setTimeout(() => {
      timer = undefined;
      if (source.readyState !== EventSource.OPEN) open();
    }, AGAIN_MS);
  };
}
