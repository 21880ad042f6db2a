// The board: one page at a time, read anew whenever the server says that something changed.

import { all, get, maybe } from "./api.js";
import { announce } from "./announce.js";
import { dialogActions } from "./dialogs.js";
import { byId, h, morph, onDo, say } from "./dom.js";
import { setZone } from "./format.js";
import { Live } from "./live.js";
import { tick } from "./parts/incident.js";
import { remember, remembered } from "./remember.js";
import { address, parse } from "./route.js";
import { logout } from "./session.js";
import { drawBanners, drawLive, drawShell, nextTheme, rememberedTheme, troublePage } from "./shell.js";
import { moment, state } from "./state.js";
import { openSearch } from "./search.js";
import { Travel } from "./travel.js";
import { discovery } from "./views/discovery.js";
import { home } from "./views/home.js";
import { incident } from "./views/incident.js";
import { login } from "./views/login.js";
import { maintenance } from "./views/maintenance.js";
import { office } from "./views/office.js";
import { provider } from "./views/provider.js";
import { rollout } from "./views/rollout.js";
import { topology } from "./views/topology.js";
import { workActions } from "./work.js";
import { getLanguage, setLanguage, w } from "./words.js";

const VIEWS = { home, topology, office, provider, incident, maintenance, rollout, discovery, login };
const PATIENT_S = [2, 5, 10, 20, 30];

let route = parse(location);
let shown = null; // {route, data}: what is on the screen
let reading = false;
let again = false;
let trouble = null;
let failures = 0;
let retryAt = null;

state.at = route.at;
state.live = new Live({
  onChange: () => state.at === null ? refresh() : refreshPulse(),
  onState: () => { drawLive(); banners(); tick(); retry(); },
  onRefused: (status) => { if (status === 401) toLogin(); },
});
const travel = new Travel({ go: (at) => goTo(address(location.pathname, at), { replace: true }), redraw: () => drawTravel() });

// --- reading

const view = () => VIEWS[route.name];
const same = (a, b) => a && b && a.name === b.name && a.id === b.id && a.at === b.at;

/** One reading at a time; what changes meanwhile is read right after. */
async function refresh() {
  if (reading) {
    again = true;
    return;
  }
  reading = true;
  const asked = route;
  try {
    if (!view()) throw Object.assign(new Error(w("e404")), { status: 404 });
    const [data] = await Promise.all([view().read(asked), readPulse()]);
    if (asked === route) {
      shown = { route: asked, data };
      [trouble, retryAt, failures] = [null, null, 0];
    }
  } catch (error) {
    if (error.status === 401) toLogin();
    else if (asked === route) fail(error);
  }
  reading = false;
  draw();
  if (again || asked !== route) {
    again = false;
    setTimeout(refresh, asked === route ? 200 : 0);
  }
}

function fail(error) {
  if (error.status === undefined) console.error(error); // a fault of ours: the engineer wants to see it
  trouble = { status: error.status ?? -1, message: error.message };
  failures += 1;
  const patience = error.retryS ?? PATIENT_S[Math.min(failures, PATIENT_S.length) - 1];
  retryAt = [403, 404].includes(error.status) ? null : Date.now() + patience * 1000;
}

function retry() {
  if (retryAt !== null && Date.now() >= retryAt && !reading) {
    retryAt = null;
    refresh();
  }
}

/** What every page shows: the network's name, how many are cut, what to announce. */
async function readPulse() {
  if (route.name === "login") return;
  state.session ??= await maybe("/session");
  const [summary, incidents] = await Promise.all([get("/summary", moment()), all("/incidents", { status: "active" }, 500)]);
  state.summary = summary;
  setZone(summary.timezone);
  announce(incidents.items);
  state.incidents = incidents.items;
}

/** While the past is looked at, the present is still told. */
async function refreshPulse() {
  try {
    announce((await all("/incidents", { status: "active" }, 500)).items);
  } catch {
    // The line's own state says that the server is away.
  }
}

// --- showing

const againS = () => (retryAt === null ? null : Math.max(1, Math.round((retryAt - Date.now()) / 1000)));
const banners = () => drawBanners(route.name !== "login" && same(shown?.route, route) ? trouble : null, againS());

function draw() {
  drawShell(route, travel.open);
  drawLive();
  banners();
  const main = byId("view");
  const ready = same(shown?.route, route);
  main.setAttribute("aria-busy", String(reading && !ready));
  if (ready) {
    main.className = view().className ?? "";
    morph(main, view().draw(shown.data, route));
    view().after?.(shown.data, route);
  } else if (trouble) {
    main.className = "";
    morph(main, troublePage(trouble, againS()));
  } else {
    main.className = "";
    morph(main, h("p", { class: "waiting-for", "data-key": "waiting" }, w("loading")));
  }
  if (state.summary) say("network", state.summary.network);
  const cut = state.summary?.offices.cut;
  const name = ready ? view().title(shown.data, route) : w("loading");
  document.title = `${cut ? `(${cut} ${w("cut")}) ` : ""}${name} · Ronda`;
  drawTravel();
}

function drawTravel() {
  byId("travel").hidden = !travel.open;
  if (travel.open) morph(byId("travel"), travel.draw());
}

// --- going about

function goTo(href, { replace = false } = {}) {
  const target = new URL(href, location.href);
  history[replace ? "replaceState" : "pushState"](null, "", target);
  arrive({ keepPlace: replace });
}

function arrive({ keepPlace = false } = {}) {
  const before = route;
  route = parse(location);
  state.at = route.at;
  if (before.name !== route.name || before.id !== route.id) {
    VIEWS[before.name]?.leave?.();
    if (before.name === "login") state.live.hurry(); // the line may be open now
    [trouble, retryAt, failures] = [null, null, 0];
    if (!keepPlace) {
      window.scrollTo(0, 0);
      byId("view").focus({ preventScroll: true });
    }
  }
  byId("menu")?.removeAttribute("open");
  draw();
  refresh();
}

function toLogin() {
  if (route.name === "login") return;
  goTo(`/login?next=${encodeURIComponent(location.pathname + location.search)}`, { replace: true });
}

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const go = event.target.closest("[data-go]")?.dataset.go ?? ours(event.target.closest("a[href]"));
  if (!go) return;
  event.preventDefault();
  byId("dialog").close();
  goTo(address(go, state.at));
});

/** The path of a link to another page of the board; others (API, wall, telephone numbers) are the browser's. */
function ours(link) {
  if (!link || link.target || link.origin !== location.origin || link.hash) return null;
  return parse({ pathname: link.pathname, search: "" }).name === "missing" ? null : link.pathname + link.search;
}

window.addEventListener("popstate", () => arrive());

onDo({
  ...dialogActions,
  language: () => {
    setLanguage(getLanguage() === "id" ? "en" : "id");
    remember("language", getLanguage());
    draw();
    refresh(); // names of links come in the viewer's language
  },
  theme: () => { nextTheme(); draw(); },
  print: () => window.print(),
  again: () => { retryAt = null; refresh(); },
  logout: async () => { await logout(); toLogin(); },
  travel: () => { travel.toggle(); draw(); },
  toNow: () => { travel.stop(); goTo(address(location.pathname, null), { replace: true }); },
  search: () => openSearch(),
  ...workActions(refresh),
  ...travel.actions,
});
// Actions of a view belong to it while it is shown.
document.addEventListener("click", (event) => {
  const element = event.target.closest("[data-do]");
  const action = element && view()?.actions?.[element.dataset.do];
  if (!action || !same(shown?.route, route)) return;
  action(element, { refresh, draw, goTo });
  draw();
});
document.addEventListener("input", (event) => {
  if (travel.input(event.target)) drawTravel();
  else if (view()?.input?.(event.target) && same(shown?.route, route)) draw();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && !byId("dialog").open) {
    event.preventDefault();
    openSearch();
  }
  if (event.key === "Escape") byId("menu")?.removeAttribute("open");
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("#menu")) byId("menu")?.removeAttribute("open");
});
document.addEventListener("board:draw", () => draw()); // something in a canvas was chosen
let resized = null;
window.addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(draw, 150); // the map's letters keep their size
});

// --- start

rememberedTheme();
setLanguage(new URLSearchParams(location.search).get("lang") ?? remembered("language") ?? "id");
draw();
refresh();
state.live.start();
