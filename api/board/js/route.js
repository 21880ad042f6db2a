// Addresses: each page has one, and the moment of the past that is looked at is part of it.

const PATTERNS = [
  ["home", /^\/$/],
  ["topology", /^\/topology$/],
  ["office", /^\/office\/([^/]+)$/],
  ["provider", /^\/provider\/([^/]+)$/],
  ["incident", /^\/incident\/([^/]+)$/],
  ["maintenance", /^\/maintenance$/],
  ["rollout", /^\/rollout$/],
  ["discovery", /^\/discovery$/],
  ["login", /^\/login$/],
];

/** Lists and forms of today: the past has none. */
const PRESENT = new Set(["maintenance", "rollout", "discovery", "login"]);

/** `{name, id, at, focus}` of an address; name "missing" where there is no such page. */
export function parse(location) {
  const parameters = new URLSearchParams(location.search);
  const at = Date.parse(parameters.get("at") ?? "");
  const rest = { at: Number.isFinite(at) ? at : null, focus: parameters.get("focus") };
  for (const [name, pattern] of PATTERNS) {
    const found = pattern.exec(location.pathname);
    if (found) {
      try {
        return { name, id: found[1] === undefined ? null : decodeURIComponent(found[1]), ...rest, ...(PRESENT.has(name) ? { at: null } : {}) };
      } catch {
        break; // %E0 and the like: no id of ours
      }
    }
  }
  return { name: "missing", id: null, ...rest };
}

/** `path`, which may have a query of its own, at a moment of the past (milliseconds) or now (null). */
export function address(path, at) {
  const url = new URL(path, "http://board");
  if (at === null || PRESENT.has(parse(url).name)) url.searchParams.delete("at");
  else url.searchParams.set("at", new Date(at).toISOString());
  return url.pathname + url.search;
}
