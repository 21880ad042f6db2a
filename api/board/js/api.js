// The API, asked politely: errors become values that a view can show and a person can act on.

import { getLanguage } from "./words.js";

const BASE = "/api/v1";
const PATIENCE_MS = 20_000;

export class ApiError extends Error {
  /** `status` 0: the server was not reached. `retryS`: it asked to come back then. */
  constructor(status, detail, retryS = null) {
    super(detail);
    this.status = status;
    this.retryS = retryS;
  }
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(BASE + path, {
      ...options,
      headers: { Accept: "application/json", "Accept-Language": getLanguage(), ...options?.headers },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch (error) {
    throw new ApiError(0, error.message);
  }
  if (response.ok) {
    if (response.status === 204) return null;
    try {
      return await response.json();
    } catch (error) {
      throw new ApiError(0, error.message);
    }
  }
  const problem = await response.json().catch(() => ({}));
  const retry = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  throw new ApiError(response.status, problem.detail ?? response.statusText, Number.isFinite(retry) ? retry : null);
}

function query(parameters) {
  const pairs = Object.entries(parameters)
    .flatMap(([name, value]) => [value].flat().map((v) => [name, v]))
    .filter(([, value]) => value !== null && value !== undefined && value !== "");
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
}

export function get(path, parameters = {}) {
  return ask(path + query(parameters));
}

/** What not every server or every role has: null where there is none of it. */
export async function maybe(path, parameters = {}) {
  try {
    return await get(path, parameters);
  } catch (error) {
    if ([400, 403, 404, 422, 501].includes(error.status)) return null;
    throw error;
  }
}

/** Every page of a list, up to `most` rows: `{items, complete}`. */
export async function all(path, parameters = {}, most = 2000) {
  const items = [];
  let cursor = null;
  do {
    const page = await get(path, { limit: 500, ...parameters, cursor });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor && items.length < most);
  return { items, complete: !cursor };
}

export function send(path, body, method = "POST") {
  const content = body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return ask(path, { method, ...content });
}

export const id = encodeURIComponent;
