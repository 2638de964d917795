// Requests to the JSON routes: the same that a script would use.

import { noAnswer } from "./connection.js";
import { wordsOf } from "./problem-words.js";

/** The problem of a problem+json response. `code` is stable, `message` what a person is told. */
export class Problem extends Error {
  constructor(status, body) {
    super(wordsOf(body?.code ?? "unknown", body?.detail));
    this.name = "Problem";
    this.status = status;
    this.code = body?.code ?? "unknown";
    this.body = body ?? {};
  }
}

/** No answer came; the page says so by itself if the service is away. */
export function offline() {
  noAnswer();
  return new Problem(0, { code: "offline" });
}

/**
 * Send a request and read the JSON response.
 *
 * @param {string} method GET, POST, PUT, PATCH or DELETE.
 * @param {string} url A path of this service.
 * @param {object} [body] Sent as JSON.
 * @param {object} [options] `ifMatch`: the ETag that must still be current; `signal`: that of an AbortController.
 * @returns {Promise<{data: any, etag: string|null, status: number}>}
 * @throws {Problem} For every error response, and if there is no response.
 */
export async function send(method, url, body, { ifMatch, signal } = {}) {
  const headers = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (ifMatch) headers["if-match"] = ifMatch;
  let response;
  try {
    response = await fetch(url, {
      method,
      headers,
      signal,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw offline();
  }
  const isJson = (response.headers.get("content-type") ?? "").includes("json");
  const data = isJson ? await response.json().catch(() => null) : null;
  if (!response.ok) throw new Problem(response.status, data);
  return { data, etag: response.headers.get("etag"), status: response.status };
}

export const get = async (url, options) => (await send("GET", url, undefined, options)).data;

const MOST_AT_ONCE = 1000;

/** All entries of a list that comes in pages; `name` is its key in the answers. Later entries are none that came before. */
export async function getAll(url, name) {
  const found = [];
  for (;;) {
    const separator = url.includes("?") ? "&" : "?";
    const page = await get(`${url}${separator}limit=${MOST_AT_ONCE}&offset=${found.length}`);
    found.push(...page[name]);
    if (!page[name].length || found.length >= page.total) return found;
  }
}

/** A fragment of a page as text; throws a Problem with the text of the error page if there is none. */
export const fragment = async (url) => (await fragmentOf(url)).text;

/** The same with the headers of the answer. */
export async function fragmentOf(url) {
  const response = await fetch(url, { headers: { "hx-request": "true" } }).catch(() => null);
  if (response === null) throw offline();
  const text = await response.text();
  if (response.ok) return { text, headers: response.headers };
  const said = new DOMParser().parseFromString(text, "text/html").body.textContent.replace(/\s+/g, " ").trim();
  throw new Problem(response.status, { code: "fragment", detail: said });
}
