// One job, from its start to its end; also one that ends before anybody looks.

/**
 * @param {string} id Of the job.
 * @param {{progress?: (job: object) => void, end: (job: object) => void}} on Told of each state, and of the last one.
 * @returns {() => void} Stops listening.
 */
export function followJob(id, { progress = () => {}, end }) {
  const source = new EventSource(`/jobs/${id}/events`);
  source.addEventListener("progress", (event) => progress(JSON.parse(event.data)));
  source.addEventListener("end", (event) => {
    source.close();
    end(JSON.parse(event.data));
  });
  // A page that is left must not hold a connection that others need.
  window.addEventListener("pagehide", () => source.close(), { once: true });
  return () => source.close();
}
