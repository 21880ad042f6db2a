// One provider: its circuits, whom they serve, what is broken of it, what it still has to connect.

import { all, get, id as quoted, maybe } from "../api.js";
import { h } from "../dom.js";
import { bitRate, day, duration, length, month, monthKey, percent } from "../format.js";
import { incidentCard, told } from "../parts/incident.js";
import { LINK_STATE, LINK_WORDS, STATES, badge, countBy } from "../parts/marks.js";
import { slaFigures } from "../parts/sla.js";
import { moment, nowMs } from "../state.js";
import { w } from "../words.js";

export const provider = {
  title: ({ name }) => name,
  className: "page provider",

  async read(route) {
    const [providers, links, offices, incidents, sla, rollout] = await Promise.all([
      maybe("/providers", moment({ limit: 500 })),
      all("/links", moment({ provider: route.id })), all("/offices", moment()),
      all("/incidents", moment({ status: "active" }), 1000),
      maybe("/reports/sla", { month: monthKey(nowMs()) }),
      maybe("/rollout", { provider: route.id, limit: 500 }),
    ]);
    const known = providers?.items.find((p) => p.id === route.id) ?? null;
    const mine = new Set(links.items.map((l) => l.id));
    const served = offices.items.filter((o) => o.provider === route.id || links.items.some((l) => [l.a.office, l.b.office].includes(o.id) && !o.hub));
    if (!known && !links.items.length && !served.length) throw Object.assign(new Error(w("e404")), { status: 404 });
    const names = new Map(offices.items.map((o) => [o.id, o.name]));
    return {
      id: route.id, name: known?.name ?? route.id, known, links: links.items, offices: served, names, rollout, sla,
      incidents: told(incidents.items).filter((i) => i.components.some((c) => c.kind === "link" && mine.has(c.id)) || i.offices.some((o) => served.some((s) => s.id === o.office && s.provider === route.id))),
    };
  },

  draw(data) {
    return [heading(data), broken(data), circuits(data), offices(data), service(data), rollout(data)];
  },
};

function heading({ name, known, offices: served, links }) {
  const counts = countBy(served);
  return h("section", { class: "panel heading", "data-key": "heading" },
    h("p", { class: "soft small" }, w("provider")),
    h("h1", {}, name),
    h("p", { class: "standing" }, STATES.filter((s) => counts[s]).map((s) => badge(s, `${counts[s]} ${w(s)}`)),
      h("span", { class: "soft" }, `${links.length} ${w("circuit")}`),
      known?.sla_percent ? h("span", { class: "soft" }, w("contract", { p: `${known.sla_percent} %` })) : null),
    known?.contacts?.length ? h("div", {}, known.contacts.map((c) => h("div", { class: "contact" }, h("strong", {}, c.name),
      c.phone ? h("a", { class: "button", href: `tel:${c.phone.replace(/[^+\d]/g, "")}` }, `${w("call")} ${c.phone}`) : null,
      c.email ? h("a", { class: "button", href: `mailto:${c.email}` }, c.email) : null))) : null);
}

function broken({ incidents }) {
  return h("section", { class: "panel wide", "data-key": "broken", "aria-labelledby": "broken-title" },
    h("h2", { id: "broken-title" }, w("broken")),
    incidents.length ? incidents.map(incidentCard) : h("p", { class: "soft" }, w("nothing")));
}

function listed(key, title, empty, columns, rows) {
  return h("section", { class: "panel wide", "data-key": key, "aria-labelledby": `${key}-title` },
    h("h2", { id: `${key}-title` }, title),
    rows.length ? h("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": `${key}-title` }, h("table", {},
      h("thead", {}, h("tr", {}, columns.map((c) => h("th", { scope: "col" }, c)))), h("tbody", {}, rows)))
      : h("p", { class: "soft" }, empty));
}

function circuits({ links, names }) {
  const worse = (l) => ["down", "unknown", "disabled", "up"].indexOf(l.condition);
  const rows = [...links].sort((a, b) => worse(a) - worse(b) || (a.circuit_id ?? a.id).localeCompare(b.circuit_id ?? b.id)).map((l) => h("tr", { "data-key": l.id },
    h("td", {}, badge(LINK_STATE[l.condition], w(LINK_WORDS[l.condition]))),
    h("td", {}, h("a", { href: `/topology?focus=${quoted(`link:${l.id}`)}` }, l.circuit_id ?? l.id)),
    h("td", {}, [l.a, l.b].map((e) => names.get(e.office) ?? e.device).filter(Boolean).join(" – ")),
    h("td", {}, w(l.medium)), h("td", {}, l.capacity_bps ? bitRate(l.capacity_bps) : ""), h("td", {}, l.length_m ? length(l.length_m) : "")));
  return listed("circuits", `${w("circuits")} (${links.length})`, w("noCircuits"), ["condition_", "circuit", "link", "medium", "capacity", "length"].map((c) => w(c)), rows);
}

function offices({ offices: served }) {
  return listed("served", `${w("itsOffices")} (${served.length})`, w("noOffices"), [w("office"), w("state")],
    served.map((o) => h("tr", { "data-key": o.id }, h("td", {}, h("a", { href: `/office/${quoted(o.id)}` }, o.name), h("small", { class: "soft" }, ` ${o.kecamatan ?? ""}`)), h("td", {}, badge(o.connectivity)))));
}

function service({ sla, id, offices: served, names }) {
  if (!sla) return null;
  const mine = new Set(served.filter((o) => o.provider === id).map((o) => o.id));
  const rows = slaFigures(sla).filter((row) => mine.has(row.office) && row.availability !== null);
  if (!rows.length) return null;
  return listed("service", `${w("slaOfProvider")}: ${month(nowMs())}`, "", [w("office"), w("availability"), w("outages"), w("unknownTime")],
    rows.sort((a, b) => a.availability - b.availability).map((row) => h("tr", {},
      h("td", {}, h("a", { href: `/office/${quoted(row.office)}` }, names.get(row.office) ?? row.office)),
      h("td", {}, percent(row.availability, 3)), h("td", {}, row.outages === null ? "" : String(row.outages)), h("td", {}, row.unknown_s ? duration(row.unknown_s) : ""))));
}

function rollout({ rollout: plan, offices: served, id }) {
  const waiting = plan?.items ?? served.filter((o) => o.provider === id && o.connection !== "active");
  return listed("rollout", `${w("rollout")} (${waiting.length})`, w("noRollout"), [w("office"), w("state"), w("target")],
    waiting.map((o) => h("tr", {},
      h("td", {}, h("a", { href: `/office/${quoted(o.id ?? o.office)}` }, o.name ?? o.office_name ?? o.id)),
      h("td", {}, w(o.connection ?? o.stage ?? "planned")),
      h("td", {}, o.target_date ? [day(o.target_date), o.late ? h("strong", { class: "late" }, ` ${w("late")}`) : null] : "",
        o.promised_date ? h("small", { class: "soft" }, ` ${w("agreed")} ${day(o.promised_date)}`) : null))));
}
