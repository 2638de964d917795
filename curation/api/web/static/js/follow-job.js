// Follows one job until it ends; also a job that has ended already.

import { root } from "./root.js";

/**
 * @param {string} id The id of the job.
 * @param {{progress?: (job: object) => void, end: (job: object) => void}} on Called with each state, and with the last one.
 * @returns {() => void} Stops listening.
 */
export function followJob(id, { progress = () => {}, end }) {
  const source = new EventSource(`${root}/jobs/${id}/events`);
  source.addEventListener("progress", (event) => progress(JSON.parse(event.data)));
  source.addEventListener("end", (event) => {
    source.close();
    end(JSON.parse(event.data));
  });
  // A page that was left must not keep a connection open that others need.
  window.addEventListener("pagehide", () => source.close(), { once: true });
  return () => source.close();
}
