// The calls of /v1/admin. The key is typed by a merchandiser and stays in this tab's session storage.

import { address, Refused, Unreachable } from "./api.js";

const KEY = "ltr.admin-key";

export const key = () => sessionStorage.getItem(KEY) ?? "";

/** Keeps the key for this tab; null forgets it. */
export function keepKey(value) {
  if (value) sessionStorage.setItem(KEY, value);
  else sessionStorage.removeItem(KEY);
}

async function response(method, path, body) {
  const headers = { ...(key() && { "x-api-key": key() }), ...(body && { "content-type": "application/json" }) };
  let answer;
  try {
    answer = await fetch(address(`v1/admin/${path}`), { method, headers, body: body && JSON.stringify(body) });
  } catch (error) {
    throw new Unreachable(error.message);
  }
  if (answer.ok) return answer;
  throw new Refused(answer.status, await answer.json().catch(() => ({})), null);
}

const call = async (method, path, body) => (await response(method, path, body)).json();

export const rankers = () => call("GET", "rankers");
export const compare = (body) => call("POST", "compare", body);
export const preview = (body) => call("POST", "preview", body);
export const explain = (body) => call("POST", "explain", body);
export const rules = () => call("GET", "rules");
export const saveRules = (body) => call("PUT", "rules", body);
export const undoRules = (body) => call("POST", "rules/undo", body);
export const grade = (body) => call("PUT", "grades", body);
export const grades = async (text) =>
  text.trim() ? (await call("GET", `grades?${new URLSearchParams({ text })}`)).grades : {};

/** The file of judgments. */
export const judgments = async () => (await response("GET", "qrels")).blob();
