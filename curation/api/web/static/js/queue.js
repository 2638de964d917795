// Changes one after the other, in the order in which they were said: keys come faster than answers.

let before = Promise.resolve();

/** Run this when all that was said before is done; gives what it gives. */
export function inOrder(run) {
  const done = before.then(run);
  before = done.catch(() => {});
  return done;
}
