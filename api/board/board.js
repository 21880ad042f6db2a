// The board: reads the API, shows it, and keeps doing so.

import { byId, h, s, say } from "./dom.js";
import { Live } from "./live.js";
import { drawMap, layout, mark } from "./map.js";
import { day, duration, getLanguage, setLanguage, w } from "./words.js";

const STATES = ["connected", "degraded", "cut", "unknown", "not_connected"];
const ATTENTION = ["cut", "degraded", "unknown", "connected", "not_connected"];
const THEMES = ["auto", "light", "dark"];
const SEVERITIES = ["critical", "major", "warning", "info"];
const OFFICES_SHOWN = 12;
const COMPONENTS_SHOWN = 3;

const shown = { summary: null, topology: null, incidents: null };
const opened = new Map(); // what a person opened or closed stays so when the data changes
let place = null;
let placeKey = "";
let reading = null;
let again = false;

const live = new Live(() => refresh(), showLive);

// --- reading

async function get(path) {
  const response = await fetch(path, { headers: { Accept: "application/json", "Accept-Language": getLanguage() } });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

/** One reading at a time; what changes meanwhile is read right after. */
async function refresh() {
  if (reading) {
    again = true;
    return;
  }
  reading = (async () => {
    try {
      const [summary, topology, incidents] = await Promise.all([
        get("/api/v1/summary"), get("/api/v1/topology"), get("/api/v1/incidents?status=active&limit=100"),
      ]);
      Object.assign(shown, { summary, topology, incidents: incidents.items, error: null });
    } catch (error) {
      shown.error = error.message;
    }
    show();
  })();
  await reading;
  reading = null;
  if (again) {
    again = false;
    setTimeout(refresh, 200);
  }
}

// --- showing

function show() {
  showWords();
  showNotice();
  if (!shown.summary) return;
  const { summary, topology } = shown;
  say("network", summary.network);
  const cut = summary.offices.cut;
  document.title = cut ? `(${cut} ${w("cut")}) Ronda` : "Ronda";
  showCounts(summary.offices);
  showIncidents(shown.incidents);
  showPlaces(topology.offices);
  const key = topology.offices.map((o) => o.id).join() + topology.links.map((l) => l.id).join();
  if (key !== placeKey) {
    place = layout(topology);
    placeKey = key;
  }
  byId("map").replaceChildren(place ? drawMap(topology, place, byId("map").clientWidth) : "");
  tick();
}

function showWords() {
  say("broken-title", w("broken"));
  say("map-title", w("map"));
  say("places-title", w("places"));
  say("language", w("language"));
  byId("language").lang = getLanguage() === "id" ? "en" : "id";
  say("theme", w("theme")[theme()]);
  say("take-title", w("take"));
  say("take-who-label", w("whoLabel"));
  say("take-note-label", w("noteLabel"));
  say("take-cancel", w("cancel"));
  say("take-send", w("send"));
  byId("legend").replaceChildren(...STATES.map((state) => h("li", {}, symbol(state), w(state))));
}

function showNotice() {
  const { summary, error } = shown;
  let text = "";
  if (error) text = w("failed", { why: error });
  else if (summary && !summary.judged) text = w("first");
  else if (summary?.blind) text = w("blind");
  say("notice", text);
  byId("notice").hidden = !text;
}

function showLive({ state, silentS, verdictAgeS }) {
  const texts = {
    live: w("live"), waiting: w("connecting"), silent: w("stale", { t: duration(silentS) }),
    old: w("staleVerdict", { t: duration(verdictAgeS ?? 0) }),
  };
  const element = byId("live");
  element.className = `pulse ${state}`;
  // Seconds that count on are no news for a screen reader: it is told once.
  element.setAttribute("aria-live", element.dataset.state === state ? "off" : "polite");
  element.dataset.state = state;
  say("live", texts[state]);
  document.body.classList.toggle("stale", state === "silent" || state === "old");
  tick();
}

function symbol(state) {
  return s("svg", { class: "symbol", viewBox: "0 0 20 20", "aria-hidden": "true" }, mark(state, 10, 10, 6.5));
}

function showCounts(counts) {
  byId("counts").replaceChildren(...STATES.map((state) =>
    h("div", { class: `count ${state}${counts[state] ? "" : " none"}` },
      h("span", { class: "figure" }, symbol(state), String(counts[state])),
      h("span", { class: "what" }, w(state)))));
}

function showIncidents(incidents) {
  const told = incidents.filter((i) => i.opened_at);
  told.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  byId("broken").classList.toggle("quiet", !told.length);
  byId("incidents").replaceChildren(...(told.length ? told.map(incident) : [h("p", { class: "nothing" }, w("nothing"))]));
}

function blamed(i) {
  const names = i.components.slice(0, COMPONENTS_SHOWN).map((c) => c.name);
  const more = i.components.length - names.length;
  return names.join(", ") + (more > 0 ? ` ${w("andMore", { n: more })}` : "");
}

function incident(i) {
  const now = i.offices.filter((o) => !o.until);
  const kind = i.kind === "blind" ? w("blindKind") : w(i.kind);
  const more = now.length - OFFICES_SHOWN;
  const who = i.acknowledged_by ? w("takenBy", { who: i.acknowledged_by }) : w("nobody");
  const key = `why:${i.id}`;
  return h("article", { class: `incident ${i.severity}`, "data-incident": i.id },
    h("h3", {}, blamed(i) || kind),
    h("p", { class: "meta" },
      h("span", { class: "badge" }, kind), " ", w(i.severity), " · ", since(i.began_at), " · ", h("code", {}, i.id)),
    now.length
      ? h("p", {}, h("strong", {}, `${now.length} SKPD ${w("affected")}: `))
      : null,
    h("ul", { class: "offices" },
      now.slice(0, OFFICES_SHOWN).map((o) => h("li", {}, symbol(o.connectivity), o.name)),
      more > 0 ? h("li", {}, w("andMore", { n: more })) : null),
    h("p", { class: i.acknowledged_by ? "taken" : "nobody" }, who, " ",
      i.status === "open" ? h("button", { type: "button", onclick: () => take(i) }, w("take")) : null),
    h("details", { open: opened.get(key), ontoggle: (e) => opened.set(key, e.target.open) },
      h("summary", {}, w("why")), h("p", {}, i.why)));
}

function since(moment) {
  return h("time", { datetime: moment, class: "since" });
}

/** Durations count on between two readings. */
function tick() {
  for (const element of document.querySelectorAll("time.since")) {
    const text = w("since", { t: duration((live.now() - Date.parse(element.dateTime)) / 1000) });
    if (element.textContent !== text) element.textContent = text;
  }
}

function showPlaces(offices) {
  const groups = new Map();
  for (const office of offices) {
    const name = office.kecamatan ?? w("elsewhere");
    groups.set(name, [...(groups.get(name) ?? []), office]);
  }
  const sorted = [...groups].sort(([a], [b]) => a.localeCompare(b, getLanguage()));
  byId("places").replaceChildren(...sorted.map(([name, members]) => kecamatan(name, members)));
}

function kecamatan(name, offices) {
  const order = (o) => [ATTENTION.indexOf(o.connectivity), o.priority];
  const sorted = [...offices].sort((a, b) => {
    const [x, y] = [order(a), order(b)];
    return x[0] - y[0] || x[1] - y[1] || a.name.localeCompare(b.name, getLanguage());
  });
  const trouble = offices.some((o) => ["cut", "degraded", "unknown"].includes(o.connectivity));
  const key = `place:${name}`;
  const open = opened.get(key) ?? (trouble || window.matchMedia("(min-width: 900px)").matches);
  return h("details", { class: "kecamatan", open, ontoggle: (e) => opened.set(key, e.target.open) },
    h("summary", {}, h("span", { class: "name" }, name), h("span", { class: "tally" },
      STATES.map((state) => {
        const n = offices.filter((o) => o.connectivity === state).length;
        return n ? h("span", { title: w(state) }, symbol(state), String(n)) : null;
      }))),
    h("ul", { class: "offices" }, sorted.map(officeLine)));
}

function officeLine(o) {
  let detail = null;
  if (["cut", "degraded"].includes(o.connectivity) && o.since) detail = since(o.since);
  else if (o.connection !== "active") {
    const target = o.target_date ? `, ${w("target")} ${day(o.target_date)}` : "";
    detail = h("span", { class: o.late ? "late" : "" }, w(o.connection) + target + (o.late ? ` (${w("late")})` : ""));
  }
  return h("li", { "data-office": o.id, class: o.connectivity },
    symbol(o.connectivity),
    h("span", {}, o.name, h("span", { class: "hidden" }, ` (${w(o.connectivity)})`), " ", detail ? h("small", {}, detail) : null));
}

// --- taking an incident on

let taking = null;

function take(i) {
  taking = i.id;
  say("take-what", blamed(i));
  say("take-error", "");
  byId("take-who").value = remembered("who") ?? "";
  byId("take-note").value = "";
  byId("take").showModal();
}

async function sendTake() {
  const who = byId("take-who").value.trim();
  if (!who) {
    byId("take-who").focus();
    return;
  }
  remember("who", who);
  try {
    const response = await fetch(`/api/v1/incidents/${encodeURIComponent(taking)}/acknowledge`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ who, note: byId("take-note").value }),
    });
    if (!response.ok) throw new Error((await response.json()).detail ?? String(response.status));
    byId("take").close();
    refresh();
  } catch (error) {
    say("take-error", error.message);
  }
}

// --- what a viewer chose

function remembered(name) {
  try {
    return localStorage.getItem(`ronda.${name}`);
  } catch {
    return null; // storage is switched off: the choice lasts as long as the page
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(`ronda.${name}`, value);
  } catch {
    // As above.
  }
}

function theme() {
  return document.documentElement.dataset.theme ?? "auto";
}

function setTheme(chosen) {
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  else delete document.documentElement.dataset.theme;
}

setLanguage(new URLSearchParams(location.search).get("lang") ?? remembered("language") ?? "id");
setTheme(remembered("theme"));
byId("language").addEventListener("click", () => {
  setLanguage(getLanguage() === "id" ? "en" : "id");
  remember("language", getLanguage());
  show();
  refresh(); // names of links come in the viewer's language
});
byId("theme").addEventListener("click", () => {
  const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
  setTheme(next);
  remember("theme", next);
  showWords();
});
byId("take-cancel").addEventListener("click", () => byId("take").close());
byId("take-send").addEventListener("click", sendTake);
byId("take").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.tagName === "INPUT") sendTake();
});
showWords();
say("live", w("connecting"));
refresh();
live.start();
