// Sends changes one after the other, in their order: keys are pressed faster than the service answers.

let before = Promise.resolve();

/** Run a function after all earlier ones have finished; returns its result. */
export function inOrder(run) {
  const done = before.then(run);
  before = done.catch(() => {});
  return done;
}
