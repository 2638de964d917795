// Requests to the JSON routes: the same that a script would use.

/** The problem of a problem+json response. `code` is stable, `message` a sentence that says what to do. */
export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail ?? "The service sent an invalid response; see its log.");
    this.name = "Problem";
    this.status = status;
    this.code = body?.code ?? "unknown";
    this.body = body ?? {};
  }
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
    throw new Problem(0, { code: "offline", detail: "The service does not answer. Is it still running?" });
  }
  const isJson = (response.headers.get("content-type") ?? "").includes("json");
  const data = isJson ? await response.json().catch(() => null) : null;
  if (!response.ok) throw new Problem(response.status, data);
  return { data, etag: response.headers.get("etag"), status: response.status };
}

export const get = async (url, options) => (await send("GET", url, undefined, options)).data;

/** A fragment of a page as text; throws a Problem with the text of the error page if there is none. */
export const fragment = async (url) => (await fragmentOf(url)).text;

/** The same with the headers of the answer. */
export async function fragmentOf(url) {
  const response = await fetch(url, { headers: { "hx-request": "true" } }).catch(() => null);
  if (response === null) throw new Problem(0, { code: "offline", detail: "The service does not answer. Is it still running?" });
  const text = await response.text();
  if (response.ok) return { text, headers: response.headers };
  const said = new DOMParser().parseFromString(text, "text/html").body.textContent.replace(/\s+/g, " ").trim();
  throw new Problem(response.status, { code: "fragment", detail: said });
}
