// The calls of the service. Addresses are relative to the page's, so that it may stand below a path of a shop's own.

/** A response that says no: its status, the service's reason, and the problems with their places. */
export class Refused extends Error {
  constructor(status, body, retryAfterS) {
    super(body.problems?.map((one) => one.message).join(" ") || body.error || String(status));
    Object.assign(this, { status, problems: body.problems ?? [], retryAfterS });
  }

  /** Whether the same request may be answered later. */
  get passing() {
    return this.status === 429 || this.status >= 500;
  }
}

/** No response at all: the service or the network is away. */
export class Unreachable extends Error {
  passing = true;
}

let page = null;

/** What the service says of itself; read anew after a restart, which may change the key. */
export async function configuration(anew = false) {
  if (anew || !page) page = await (await answered("page.json", { cache: "no-store" })).json();
  return page;
}

/** The address of a path of the service. */
export const address = (path) => new URL(path.replace(/^\//, ""), document.baseURI);

async function answered(path, options) {
  let response;
  try {
    response = await fetch(address(path), options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable(error.message);
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  throw new Refused(response.status, body, Number(response.headers.get("retry-after")) || null);
}

async function call(path, options = {}, again = true) {
  const { key } = await configuration();
  try {
    return await (await answered(path, { ...options, headers: { ...options.headers, "x-api-key": key } })).json();
  } catch (error) {
    if (error.status !== 401 || !again) throw error;
    await configuration(true); // the service was started anew, with another key
    return call(path, options, false);
  }
}

const json = (body) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

/** Fields that the service takes as they are; others are written as JSON. */
const TEXTS = new Set(["text", "language", "sort", "client_id", "session_id"]);

function form(fields, files) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    body.append(name, TEXTS.has(name) ? value : JSON.stringify(value));
  }
  for (const [name, file] of Object.entries(files)) body.append(name, file, name);
  return { method: "POST", body };
}

/** A result page; `files` has a photo as `image`, a sound as `audio`. */
export function search(fields, files, signal) {
  const request = Object.keys(files).length ? form(fields, files) : json(fields);
  return call("v1/search", { ...request, signal });
}

/** A page of products like the one with this id. */
export function similar(id, { size, from, language }, signal) {
  const query = parameters({ size, from, language });
  return call(`v1/similar/${encodeURIComponent(id)}?${query}`, { signal });
}

/** Products, categories and queries for what is typed so far. */
export function suggest(text, { size, language }, signal) {
  return call(`v1/suggest?${parameters({ q: text, size, language })}`, { signal });
}

/** The words of a recording. */
export const transcribe = (speech, language, signal) =>
  call("v1/transcribe", { ...form(language ? { language } : {}, { speech }), signal });

/** Sends events, also while the page is being closed. */
export const sendEvents = (events) => call("v1/events", { ...json({ events }), keepalive: true });

function parameters(values) {
  return new URLSearchParams(Object.entries(values).filter(([, value]) => value !== undefined && value !== null));
}
