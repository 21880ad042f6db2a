// Home: how many are connected, what is broken, where it is.

import { get } from "../api.js";
import { h } from "../dom.js";
import { state } from "../state.js";
import { activeIncidents, incidentCard, told } from "../parts/incident.js";
import { drawMap, loadBorders } from "../parts/map.js";
import { STATES, symbol } from "../parts/marks.js";
import { places } from "../parts/places.js";
import { moment } from "../state.js";
import { w } from "../words.js";

const INCIDENTS_SHOWN = 12;
const WIDE = window.matchMedia("(min-width: 1000px)");
const kept = { filter: "", whole: new Set(), zoom: { zoom: 1, x: 0, y: 0 }, allIncidents: false };

export const home = {
  title: () => w("home"),

  async read() {
    const [summary, topology, incidents] = await Promise.all([
      get("/summary", moment()), get("/topology", moment()),
      activeIncidents(), loadBorders(),
    ]);
    return { summary, topology, incidents };
  },

  draw({ summary, topology, incidents }) {
    return [
      h("h1", { class: "hidden", "data-key": "h1" }, `${summary.network}: ${w("connectedOf", active(summary.offices))}`),
      counts(summary.offices),
      h("div", { class: "left", "data-key": "left" }, broken(summary, incidents), allPlaces(topology.offices)),
      map(topology),
    ];
  },

  className: "home",

  actions: {
    whole: (element) => kept.whole.add(element.dataset.name),
    everyIncident: () => { kept.allIncidents = true; },
    zoomIn: () => zoom(1.6),
    zoomOut: () => zoom(1 / 1.6),
    zoomAll: () => { kept.zoom = { zoom: 1, x: 0, y: 0 }; },
  },

  input(element) {
    if (element.id !== "filter") return false;
    kept.filter = element.value;
    return true;
  },

  after() {
    const map = document.querySelector("#map");
    if (!map || map.dataset.drags) return;
    map.dataset.drags = "yes";
    map.addEventListener("pointermove", (event) => {
      if (!event.buttons || kept.zoom.zoom === 1) return;
      const svg = map.querySelector("svg");
      const units = svg.viewBox.baseVal.width / svg.clientWidth / kept.zoom.zoom;
      kept.zoom.x -= event.movementX * units;
      kept.zoom.y -= event.movementY * units;
      document.dispatchEvent(new CustomEvent("board:draw"));
    });
  },
};

function zoom(factor) {
  const old = kept.zoom.zoom;
  const next = Math.min(12, Math.max(1, old * factor));
  if (next === 1) kept.zoom = { zoom: 1, x: 0, y: 0 };
  else {
    // The middle stays where it is.
    const [cx, cy] = [380, 380];
    kept.zoom = { zoom: next, x: kept.zoom.x + cx / old - cx / next, y: kept.zoom.y + cy / old - cy / next };
  }
}

function active(counts) {
  const m = STATES.reduce((sum, s) => sum + counts[s], 0) - counts.not_connected;
  return { n: counts.connected + counts.degraded, m };
}

function counts(offices) {
  return h("ul", { class: "counts", "data-key": "counts" }, STATES.map((state) =>
    h("li", { class: `count ${state}${offices[state] ? "" : " none"}`, "data-key": state },
      h("span", { class: "figure" }, symbol(state), String(offices[state])),
      h("span", { class: "what" }, w(state)),
      h("span", { class: "hint" }, w(`${state}Hint`)))));
}

function broken(summary, incidents) {
  const shown = told(incidents);
  const few = kept.allIncidents ? shown : shown.slice(0, INCIDENTS_SHOWN);
  const title = state.at === null ? w("broken") : w("brokenThen");
  return h("section", { class: `panel broken ${shown.length ? "" : "quiet"}`.trim(), "aria-labelledby": "broken-title", "data-key": "broken" },
    h("h2", { id: "broken-title" }, shown.length ? `${title} (${shown.length})` : title),
    h("div", { id: "incidents" },
      shown.length ? few.map(incidentCard) : calm(summary),
      shown.length > few.length
        ? h("p", { class: "buttons" }, h("button", { type: "button", "data-do": "everyIncident" }, w("showAll", { n: shown.length }))) : null));
}

function calm(summary) {
  const { n, m } = active(summary.offices);
  const well = summary.judged && !summary.blind && n === m && m > 0;
  return h("p", { class: "calm" }, well ? symbol("connected") : null,
    h("span", {}, h("strong", {}, well ? w("calm") : w("nothing")), h("span", { class: "soft" }, m ? w("connectedOf", { n, m }) : w("noOffices"))));
}

function map(topology) {
  const box = document.querySelector("#map");
  const widthPx = box?.clientWidth || Math.min(window.innerWidth - 50, WIDE.matches ? window.innerWidth * 0.55 : 900);
  const drawn = drawMap(topology, { widthPx, heightPx: window.innerHeight * 0.74, view: kept.zoom, label: w("map") });
  if (!drawn) return null;
  const button = (what, sign) => h("button", { type: "button", "data-do": what, "aria-label": w(what), title: w(what) }, sign);
  return h("section", { class: "panel map", "aria-labelledby": "map-title", "data-key": "map" },
    h("h2", { id: "map-title" }, w("map")),
    h("div", { class: "map-box" }, h("div", { id: "map", class: kept.zoom.zoom > 1 ? "zoomed" : "" }, drawn),
      h("div", { class: "zoom" }, button("zoomIn", "+"), button("zoomOut", "−"), kept.zoom.zoom > 1 ? button("zoomAll", "⤢") : null)),
    h("ul", { id: "legend", class: "legend" }, STATES.map((s) => h("li", {}, symbol(s), w(s))), h("li", {}, w("mapSchematic"))));
}

function allPlaces(offices) {
  return h("section", { class: "panel places", "aria-labelledby": "places-title", "data-key": "places" },
    h("div", { class: "head" }, h("h2", { id: "places-title" }, w("places")),
      h("input", { id: "filter", type: "search", placeholder: w("filter"), "aria-label": w("filter"), autocomplete: "off", value: kept.filter })),
    h("div", { class: "groups" }, places(offices, { ...kept, wide: WIDE.matches })));
}
