// The screen in the regent's room: how many offices are connected, which are not, and whether somebody is on it.
// Nobody sits at it: it must never scroll, never go to sleep, and never show old figures as if they were new.

import { all, get, send } from "./api.js";
import { byId, h, morph } from "./dom.js";
import { hourMinute, longDay, moment, roughDuration, setZone } from "./format.js";
import { Live } from "./live.js";
import { drawWallMap } from "./parts/wall-map.js";
import { loadBorders } from "./parts/map.js";
import { symbol } from "./parts/marks.js";
import { remembered } from "./remember.js";
import { rememberedTheme } from "./shell.js";
import { setLanguage, w } from "./words.js";

const CARDS = 3; // that can be read across a room at once
const TURN_MS = 8000;
const SHIFT_MS = 60_000;
const SHIFTS = 4; // steps each way against burn-in
const TOKEN_KEY = "ronda.wall.token";

const shown = { summary: null, offices: [], incidents: [], error: null };
let reading = false;
let again = false;
let turn = 0;
let kept = null; // the token, where this browser stores nothing

const live = new Live({ onChange: () => refresh(), onState: () => draw(), onRefused: (status) => { if (status === 401) enter(); } });

// --- who we are: a token in the fragment, which no server and no log ever sees

function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return;
  try {
    sessionStorage.setItem(TOKEN_KEY, given);
  } catch {
    kept = given;
  }
  history.replaceState(null, "", location.pathname + location.search);
}


let refused = null;
let entering = null;

function token() {
  try {
    return sessionStorage.getItem(TOKEN_KEY) ?? kept;
  } catch {
    return kept;
  }
}

/** Once for many who ask. A token that was refused is not tried again: that would only lock the door for longer. */
function enter() {
  entering ??= (async () => {
    try {
      if (!token() || token() === refused) throw Object.assign(new Error(w("wallLogin")), { status: 401 });
      await send("/session", { token: token() });
      shown.error = null;
      live.hurry();
      setTimeout(refresh, 0);
    } catch (error) {
      if (error.status === 401) refused = token();
      shown.error = error.status === 401 ? w("wallLogin") : null;
      draw();
    }
    setTimeout(() => { entering = null; }, 10_000);
  })();
  return entering;
}

// --- reading

async function refresh() {
  if (reading) {
    again = true;
    return;
  }
  reading = true;
  try {
    const [summary, offices, incidents] = await Promise.all([
      get("/summary"), all("/offices", {}, 5000), all("/incidents", { status: "active" }, 1000), loadBorders(),
    ]);
    Object.assign(shown, { summary, offices: offices.items, incidents: incidents.items, error: null });
    setZone(summary.timezone);
  } catch (error) {
    if (error.status === 401) enter();
    else setTimeout(refresh, 5000); // the line's own state says how old the figures are
  }
  reading = false;
  draw();
  if (again) {
    again = false;
    setTimeout(refresh, 250);
  }
}

// --- showing

function draw() {
  const wall = byId("wall");
  const line = live.state();
  const stale = line.state === "silent" || line.state === "old";
  const { summary } = shown;
  const cut = summary?.offices.cut ?? 0;
  const doubt = !summary || !summary.judged || summary.blind;
  wall.className = `wall ${stale ? "stale" : ""} ${doubt ? "doubt" : cut ? "alarm" : "calm"}`;
  document.title = summary ? `${cut ? `(${cut}) ` : ""}${summary.network}` : "Ronda";
  morph(wall, h("div", { class: "frame", id: "frame" },
    stale || (!summary && shown.error) ? staleBand(line) : null,
    head(summary),
    summary ? body(summary) : h("p", { class: "lone" }, shown.error ?? w("connecting")),
    summary ? foot(summary) : null));
}

function staleBand(line) {
  const never = live.heardAt === null;
  return h("section", { class: "stale-band", role: "alert", "data-key": "stale" },
    h("strong", {}, w("wallStale")), h("span", {}, never ? (shown.error ?? w("wallStaleNever")) : w("wallStaleSince", { at: moment(line.since) })));
}

function head(summary) {
  const now = live.now();
  return h("header", { class: "wall-head", "data-key": "head" },
    h("h1", {}, summary?.network ?? "Ronda"),
    h("p", { class: "date" }, longDay(now)),
    h("p", { class: "clock" }, hourMinute(now)));
}

function body(summary) {
  const counts = summary.offices;
  const total = counts.connected + counts.degraded + counts.cut + counts.unknown;
  const reached = counts.connected + counts.degraded;
  return h("div", { class: "wall-body", "data-key": "body" },
    h("section", { class: "big", "data-key": "big" },
      h("p", { class: "figure" }, String(reached)),
      h("p", { class: "of" }, w("wallOf", { m: total })),
      h("p", { class: "sentence" }, sentence(summary, total, reached))),
    counts.cut ? cards() : h("section", { class: "wall-map", "data-key": "map" }, drawWallMap(shown.offices)));
}

function sentence(summary, total, reached) {
  const { cut, unknown, degraded } = summary.offices;
  if (!summary.judged) return [symbol("unknown"), w("wallFirst")];
  if (summary.blind) return [symbol("unknown"), w("wallBlind")];
  if (cut) return [symbol("cut"), cut === 1 ? w("wallCut1") : w("wallCutN", { n: cut })];
  if (unknown) return [symbol("unknown"), w("wallUnknownN", { n: unknown })];
  if (degraded) return [symbol("degraded"), w("wallDegradedN", { n: degraded })];
  return reached === total && total ? [symbol("connected"), w("wallCalm")] : "";
}

/** The most important first; when there are more than a room can read, they take turns. */
function cut() {
  return shown.offices.filter((o) => o.connectivity === "cut").sort((a, b) => a.priority - b.priority || Date.parse(a.since ?? 0) - Date.parse(b.since ?? 0));
}

function cards() {
  const offices = cut();
  const pages = Math.max(1, Math.ceil(offices.length / CARDS));
  const page = turn % pages;
  return h("section", { class: "cards", "data-key": "cards" },
    h("h2", {}, w("wallCutTitle"), pages > 1 ? h("span", { class: "page" }, w("wallPage", { n: page + 1, m: pages })) : null),
    h("ul", { class: offices.length < CARDS ? `few n${offices.length}` : "" }, offices.slice(page * CARDS, page * CARDS + CARDS).map(card)),
    offices.length < CARDS ? h("div", { class: "wall-map", "data-key": "map" }, drawWallMap(shown.offices)) : null);
}

function card(office) {
  const i = shown.incidents.find((x) => office.incidents.includes(x.id)) ?? shown.incidents.find((x) => x.offices.some((o) => o.office === office.id && !o.until));
  const who = i?.assigned_to ?? i?.acknowledged_by ?? null;
  return h("li", { class: "card", "data-key": office.id, "data-office": office.id },
    h("p", { class: "name" }, office.name),
    h("p", { class: "where" }, [office.kecamatan ? w("wallPlaces", { name: office.kecamatan }) : null,
      office.since ? since((live.now() - Date.parse(office.since)) / 1000) : null].filter(Boolean).join(" · ")),
    h("p", { class: who ? "hand" : "hand nobody" }, who ? w("wallTaken", { who }) : w("wallNobody")));
}

const since = (seconds) => (seconds < 60 ? w("justNow") : w("wallSince", { t: roughDuration(seconds) }));

function foot(summary) {
  const { unknown, degraded, not_connected: waiting } = summary.offices;
  const late = shown.offices.filter((o) => o.late).length;
  const item = (state, n, text, more) => h("li", { class: n ? state : "none", "data-key": state },
    symbol(state), h("strong", {}, String(n)), h("span", {}, text, more ? h("small", {}, more) : null));
  return h("ul", { class: "wall-foot", "data-key": "foot" },
    item("degraded", degraded, w("wallDegraded")), item("unknown", unknown, w("wallUnknown")),
    item("not_connected", waiting, w("wallWaiting"), late ? w("wallLate", { n: late }) : null));
}

// --- what keeps a screen well

/** A few pixels to and fro, so that no edge burns in. */
function shift() {
  const step = Math.floor(Date.now() / SHIFT_MS);
  const swing = (n) => Math.abs((n % (4 * SHIFTS)) - 2 * SHIFTS) - SHIFTS;
  const wall = byId("wall");
  wall.style.setProperty("--shift-x", String(swing(step)));
  wall.style.setProperty("--shift-y", String(swing(step * 3)));
}

async function stayAwake() {
  if (document.hidden || !navigator.wakeLock) return;
  try {
    await navigator.wakeLock.request("screen");
  } catch {
    // Low battery, or not allowed: the screen's own settings decide.
  }
}

rememberedTheme();
if (!document.documentElement.dataset.theme) document.documentElement.dataset.theme = "dark"; // a bright wall blinds a room
setLanguage(new URLSearchParams(location.search).get("lang") ?? remembered("language") ?? "id");
takeToken();
shift();
draw();
(async () => {
  if (token()) await enter();
  refresh();
  live.start();
})();
stayAwake();
document.addEventListener("visibilitychange", stayAwake);
addEventListener("hashchange", () => { takeToken(); entering = null; enter(); });
setInterval(shift, SHIFT_MS);
setInterval(() => { turn += 1; draw(); }, TURN_MS);
setInterval(refresh, SHIFT_MS); // lateness changes with the day, though nothing happens
