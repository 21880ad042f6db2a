// One office: is it connected, by which way, how good is the light, and what went wrong before.

import { get, id as quoted, maybe } from "../api.js";
import { byId, h } from "../dom.js";
import { bitRate, day, moment as inWords, month, monthKey, number, percent, shortMoment } from "../format.js";
import { drawChart, dropCharts } from "../parts/chart.js";
import { incidentCard, since } from "../parts/incident.js";
import { DEVICE_STATE, DEVICE_WORDS, LINK_STATE, LINK_WORDS, badge, symbol } from "../parts/marks.js";
import { lightOf } from "../parts/light.js";
import { drawPath } from "../parts/path.js";
import { progressButton, progressLog } from "../parts/progress.js";
import { slaFacts, slaLink } from "../parts/sla.js";
import { moment, nowMs } from "../state.js";
import { getLanguage, w } from "../words.js";

const DAY_MS = 86_400_000;
const POINTS = 400;
const FRESH_S = 90; // light is read less often than a short chart has points
const RANGES = { last1: DAY_MS / 24, last24: DAY_MS, last7: 7 * DAY_MS, last31: 31 * DAY_MS };
const kept = { range: "last24" };

export const office = {
  title: ({ office: o }) => o.name,
  className: "page office",

  async read(route) {
    const now = nowMs();
    const range = { since: new Date(now - RANGES[kept.range]).toISOString(), until: new Date(now).toISOString(), points: POINTS };
    const [o, topology, paths, incidents, sla, providers, applications] = await Promise.all([
      get(`/offices/${quoted(route.id)}`, moment()), get("/topology", moment()),
      maybe(`/offices/${quoted(route.id)}/paths`),
      maybe("/incidents", { status: "all", office: route.id, since: new Date(now - 31 * DAY_MS).toISOString(), until: new Date(now).toISOString(), limit: 100 }),
      maybe("/reports/sla", { month: monthKey(now), office: route.id }),
      maybe("/providers", { limit: 500 }), maybe("/applications", { limit: 500 }),
    ]);
    const fiber = o.links.filter((l) => l.medium === "fiber").map((l) => l.id);
    const [rx, lit, rtt, loss, register] = await Promise.all([
      fiber.length ? maybe("/series/optics", { field: "rx_dbm", link: fiber, ...range }) : null,
      fiber.length ? maybe("/series/optics", { field: "light", link: fiber, ...range }) : null,
      maybe("/series/probe", { field: "rtt_ms", office: o.id, ...range }),
      maybe("/series/probe", { field: "loss_ratio", office: o.id, ...range }),
      o.connection === "active" ? null : maybe(`/rollout/${quoted(o.id)}`),
    ]);
    const light = { lines: lightOf(rx, lit), everyS: rx?.every_s ?? lit?.every_s };
    const named = (list) => new Map((list?.items ?? []).map((x) => [x.id, x.name]));
    return { office: o, topology, paths, incidents: incidents?.items ?? [], sla, light, rtt, loss, register, providers: named(providers), applications: named(applications) };
  },

  draw(data) {
    const { office: o, incidents } = data;
    const active = o.connection === "active";
    return [
      heading(o),
      active ? ways(data) : plan(o, data.providers, data.register),
      active ? lightPanel(data) : null,
      active ? delayPanel(data) : null,
      side(data),
      h("section", { class: "panel wide", "data-key": "incidents", "aria-labelledby": "recent-title" },
        h("h2", { id: "recent-title" }, w("recent")),
        incidents.length ? incidents.map(incidentCard) : h("p", { class: "soft" }, w("noIncidents"))),
    ];
  },

  actions: {
    chartRange: (element, board) => { kept.range = element.dataset.range; board.refresh(); },
  },

  after(data) {
    const named = (list) => (list?.series ?? []).filter((s) => s.points.length).map((s) => ({ name: `${s.tags.device} ${s.tags.if_name ?? ""}`.trim(), points: s.points }));
    if (byId("light")) {
      chart("light", { series: data.light.lines, everyS: data.light.everyS, limits: limitsOf(data.office), format: (v) => `${number(v, 0)} dBm` });
    }
    const rtt = named(data.rtt);
    if (rtt.length && byId("rtt")) chart("rtt", { series: rtt, everyS: data.rtt.every_s, min: 0, format: (v) => `${number(v, v < 10 ? 1 : 0)} ms` });
    const loss = named(data.loss);
    if (loss.length && byId("loss")) chart("loss", { series: loss, everyS: data.loss.every_s, min: 0, max: 1, format: (v) => percent(v, 0) });
  },

  leave: dropCharts,
};

function chart(id, options) {
  drawChart(byId(id), options).catch((error) => { byId(id).textContent = error.message; });
}

function heading(o) {
  return h("section", { class: `panel heading ${o.connectivity}`, "data-key": "heading", "data-office": o.id },
    h("p", { class: "soft small" }, [o.kecamatan, w("priority", { n: o.priority })].filter(Boolean).join(" · ")),
    h("h1", {}, o.name),
    h("p", { class: "standing" }, badge(o.connectivity), o.since ? h("span", {}, since(o.since)) : null,
      o.hub ? h("span", { class: "tag" }, w("isHub")) : null),
    o.since ? h("p", { class: "soft small" }, `${w("began")}: ${inWords(o.since)}`) : null,
    o.explained_by.length ? h("ul", { class: "chips" }, o.explained_by.filter((c) => c.rank === 1).flatMap((c) => c.components).map((c) =>
      h("li", {}, h("a", { class: "chip", href: `/topology?focus=${quoted(`${c.kind}:${c.id}`)}` }, symbol("cut"), c.name)))) : null);
}

function plan(o, names, register) {
  return h("section", { class: "panel", "data-key": "plan" }, h("h2", {}, w("plan")),
    h("dl", { class: "facts" },
      h("div", {}, h("dt", {}, w("state")), h("dd", {}, w(register?.stage ?? o.connection))),
      o.target_date ? h("div", {}, h("dt", {}, w("target")), h("dd", { class: o.late ? "late" : "" }, day(o.target_date), o.late ? ` (${w("late")})` : "")) : null,
      o.phase !== null ? h("div", {}, h("dt", {}, w("phase")), h("dd", {}, String(o.phase))) : null,
      o.provider ? h("div", {}, h("dt", {}, w("provider")), h("dd", {}, h("a", { href: `/provider/${quoted(o.provider)}` }, names.get(o.provider) ?? o.provider))) : null),
    register ? [h("div", { class: "head" }, h("h3", {}, w("progress")), progressButton(register)), progressLog(register.progress)] : null);
}

function ways({ office: o, topology, paths }) {
  const network = {
    devices: new Map(topology.devices.map((d) => [d.id, d])),
    links: new Map(topology.links.map((l) => [l.id, l])),
    offices: new Map(topology.offices.map((x) => [x.id, x])),
  };
  const drawn = [];
  const [main, spare] = [paths?.path, paths?.spare];
  if (o.hub) drawn.push(h("p", { class: "soft" }, w("isHub")));
  else if (paths) {
    drawn.push(main ? drawPath(main, network, w("pathToHub")) : h("p", { class: "nobody" }, w("noPath")));
    drawn.push(h("h3", {}, w("sparePath")));
    drawn.push(spare ? drawPath(spare, network, w("sparePath")) : h("p", { class: "soft" }, w("noSpare")));
    if (paths.shared.length) drawn.push(h("p", { class: "warn" }, symbol("degraded"), w("sharedRisk", { names: paths.shared.map((c) => c.name).join(", ") })));
    if (paths.fits === false) drawn.push(h("p", { class: "warn" }, symbol("degraded"), w("noFit", { load: bitRate(paths.load_bps), free: bitRate(paths.spare_free_bps) })));
    else if (paths.fits) drawn.push(h("p", { class: "warn" }, symbol("connected"), w("fits", { load: bitRate(paths.load_bps), free: bitRate(paths.spare_free_bps) })));
  }
  return h("section", { class: "panel wide", "data-key": "ways", "aria-labelledby": "ways-title" },
    h("div", { class: "head" }, h("h2", { id: "ways-title" }, w("pathToHub")),
      o.paths !== null && !o.hub ? h("span", { class: "soft small" }, w("pathsLeft", { n: o.paths, m: o.paths_designed })) : null),
    drawn.length ? drawn : linkList(o));
}

function linkList(o) {
  return h("ul", { class: "chips" }, o.links.map((l) => h("li", {},
    h("a", { class: "chip", href: `/topology?focus=${quoted(`link:${l.id}`)}` }, symbol(LINK_STATE[l.condition]), `${l.name ?? l.id}: ${w(LINK_WORDS[l.condition])}`))));
}

function limitsOf(o) {
  const values = (name) => [...new Set(o.links.map((l) => l[name]).filter((v) => v !== null && v !== undefined))];
  return [...values("rx_min_dbm").map((value) => ({ value, label: `${w("lowLimit")} ${number(value, 0)}` })),
    ...values("rx_max_dbm").map((value) => ({ value, label: `${w("highLimit")} ${number(value, 0)}` }))];
}

function figures(series, format) {
  return h("ul", { class: "figures small" }, (series?.series ?? []).filter((s) => s.points.length).map((s) => {
    const values = s.points.map(([, v]) => v).filter((v) => v !== null);
    const name = `${s.tags.device} ${s.tags.if_name ?? ""}`.trim();
    return h("li", { "data-key": `${name}${s.tags.lane ?? ""}` }, h("strong", {}, name), " ",
      values.length ? `${latest(s.points, series.every_s, format)}, ${w("lowest", { v: format(Math.min(...values)) })}` : w("noMeasure"));
  }));
}

/** The last value: now, or when it was, where nothing came since. */
function latest(points, everyS, format) {
  const [at, value] = points.findLast(([, v]) => v !== null);
  const old = nowMs() - Date.parse(at) > Math.max(2.5 * everyS, FRESH_S) * 1000;
  return old ? w("lastKnown", { v: format(value), at: shortMoment(at) }) : w("current", { v: format(value) });
}

function lightFigures({ lines, everyS }) {
  return h("ul", { class: "figures small" }, lines.map(({ name, points, darkNow }) => {
    const values = points.map(([, v]) => v).filter((v) => v !== null);
    const dBm = (v) => `${number(v, 1)} dBm`;
    const now = darkNow ? h("strong", { class: "late" }, w("current", { v: w("dark") })) : values.length ? latest(points, everyS, dBm) : w("noMeasure");
    return h("li", { "data-key": name }, h("strong", {}, name), " ", now, values.length ? `, ${w("lowest", { v: dBm(Math.min(...values)) })}` : "");
  }));
}

function ranges() {
  return h("div", { class: "ranges", role: "group", "aria-label": w("range") }, Object.keys(RANGES).map((range) =>
    h("button", { type: "button", "data-do": "chartRange", "data-range": range, "aria-pressed": String(kept.range === range) }, w(range))));
}

function lightPanel({ office: o, light }) {
  const fiber = o.links.some((l) => l.medium === "fiber");
  const has = light.lines.length > 0;
  return h("section", { class: "panel wide", "data-key": "light", "aria-labelledby": "light-title" },
    h("div", { class: "head" }, h("h2", { id: "light-title" }, w("optics")), ranges()),
    h("p", { class: "soft small" }, w("opticsHint")),
    has ? [h("div", { id: "light", class: "chart", "data-keep": true, "data-key": "chart", role: "img", "aria-label": w("optics") }), lightFigures(light)]
      : h("p", { class: "soft" }, w(fiber ? "noSeries" : "noFiber")));
}

function delayPanel({ rtt, loss }) {
  const has = (x) => x?.series?.some((s) => s.points.length);
  return h("section", { class: "panel wide", "data-key": "delay", "aria-labelledby": "delay-title" },
    h("h2", { id: "delay-title" }, w("latency")),
    has(rtt) || has(loss) ? [
      has(rtt) ? [h("div", { id: "rtt", class: "chart", "data-keep": true, "data-key": "rtt", role: "img", "aria-label": w("rtt") }), figures(rtt, (v) => `${number(v, 1)} ms`)] : null,
      has(loss) ? h("div", { id: "loss", class: "chart", "data-keep": true, "data-key": "loss", role: "img", "aria-label": w("loss") }) : null,
    ] : h("p", { class: "soft" }, w("noSeries")));
}

function side({ office: o, sla, providers, applications }) {
  const figure = sla?.offices.find((row) => row.office === o.id);
  const lost = o.applications_lost;
  return h("div", { class: "side", "data-key": "side" },
    figure ? h("section", { class: "panel", "data-key": "sla" }, h("h2", {}, `${w("sla")}: ${month(nowMs())}`), slaFacts(figure), h("p", {}, slaLink(monthKey(nowMs()), { office: o.id }))) : null,
    o.connection === "active" ? h("section", { class: "panel", "data-key": "apps" }, h("h2", {}, w("application")),
      lost.length ? h("div", {}, h("p", { class: "nobody" }, w("appsLost")), h("ul", { class: "chips" }, lost.map((a) => h("li", { class: "chip" }, symbol("cut"), applications.get(a) ?? a))))
        : h("p", {}, symbol("connected"), " ", w("appsFine"))) : null,
    o.contacts?.length ? h("section", { class: "panel", "data-key": "contacts" }, h("h2", {}, w("contacts")), o.contacts.map(contact)) : null,
    o.devices.length ? h("section", { class: "panel", "data-key": "devices" }, h("h2", {}, w("equipment")),
      h("ul", { class: "devices" }, o.devices.map((d) => h("li", {}, symbol(DEVICE_STATE[d.condition]),
        h("span", {}, d.name ?? d.id, h("small", {}, [d.role, w(DEVICE_WORDS[d.condition]), d.address].filter(Boolean).join(" · "))))))) : null,
    providersOf(o, providers));
}

function contact(c) {
  return h("div", { class: "contact" }, h("strong", {}, c.name),
    c.phone ? h("a", { class: "button", href: `tel:${c.phone.replace(/[^+\d]/g, "")}` }, `${w("call")} ${c.phone}`) : null,
    c.email ? h("a", { class: "button", href: `mailto:${c.email}` }, c.email) : null);
}

function providersOf(o, names) {
  const ids = [...new Set(o.links.map((l) => l.provider).filter(Boolean))];
  if (!ids.length) return null;
  return h("section", { class: "panel", "data-key": "providers" }, h("h2", {}, w("provider")),
    h("ul", { class: "chips" }, ids.sort((a, b) => a.localeCompare(b, getLanguage())).map((p) => h("li", {}, h("a", { class: "chip", href: `/provider/${quoted(p)}` }, names.get(p) ?? p)))));
}
