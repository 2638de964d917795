// What the service is doing, told by server-sent events.

/** "about 3 min", "12 s". */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "";
  if (seconds < 1) return "1 s";
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * Follow a stream of job events. The browser connects again by itself after a break.
 *
 * @param {string} url
 * @param {(job: object) => void} onJob Told of every state.
 * @returns {() => void} Stops.
 */
export function follow(url, onJob) {
  const source = new EventSource(url);
  const read = (event) => {
    let job;
    try {
      job = JSON.parse(event.data);
    } catch {
      return;
    }
    if (job) onJob(job);
  };
  for (const name of ["message", "job", "progress", "state", "end"]) source.addEventListener(name, read);
  source.addEventListener("end", () => source.close());
  // A page that is left alone in the background must not hold a connection that others need.
  window.addEventListener("pagehide", () => source.close(), { once: true });
  return () => source.close();
}
