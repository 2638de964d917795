// One picture on its way through the attribute services: its steps as they happen, then the answer.

import { Problem, offline } from "./api.js";
import { root } from "./root.js";

/**
 * Send a picture and follow it.
 *
 * @param {Blob} file Its bytes.
 * @param {object} options `readers`: names by attribute; `store`: whether the services keep the result; `signal`: of an
 *   AbortController; `onStep`: is told each step of the log.
 * @returns {Promise<object>} The answer of POST /attributes.
 * @throws {Problem} With a sentence that says what to do.
 */
export async function readFaces(file, { readers, store, signal, onStep }) {
  const query = new URLSearchParams({ ...readers, store: String(store) });
  const headers = { accept: "text/event-stream", "content-type": "application/octet-stream" };
  const response = await fetch(`${root}/attributes?${query}`, { method: "POST", headers, body: file, signal }).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw offline();
  });
  if (!response.ok) throw new Problem(response.status, await response.json().catch(() => null));
  let answer = null;
  let problem = null;
  // To the end of the stream: a reader that leaves early breaks the connection.
  for await (const { name, data } of eventsOf(response.body)) {
    if (name === "step") onStep(data);
    else if (name === "problem") problem = new Problem(data.status, data);
    else if (name === "answer") answer = data;
  }
  if (problem) throw problem;
  if (answer) return answer;
  throw offline();
}

async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read().catch((error) => {
      if (error.name === "AbortError") throw error;
      return { done: true };
    });
    if (done) return;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const lines = Object.fromEntries(block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]));
      if (lines.event) yield { name: lines.event, data: JSON.parse(lines.data) };
    }
  }
}
