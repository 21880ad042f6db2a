// One provider: its circuits, whom they serve, what is broken of it, what it still has to connect.

import { all, get, id as quoted, maybe } from "../api.js";
import { h } from "../dom.js";
import { bitRate, day, duration, length, month, monthKey, number } from "../format.js";
import { activeIncidents, incidentCard, told } from "../parts/incident.js";
import { LINK_STATE, LINK_WORDS, STATES, badge, countBy } from "../parts/marks.js";
import { progressButton } from "../parts/progress.js";
import { availability, judgement, slaFacts, slaLink } from "../parts/sla.js";
import { moment, nowMs } from "../state.js";
import { w } from "../words.js";

export const provider = {
  title: ({ name }) => name,
  className: "page provider",

  async read(route) {
    const [known, links, offices, incidents, sla, rollout] = await Promise.all([
      maybe(`/providers/${quoted(route.id)}`),
      all("/links", moment({ provider: route.id })), all("/offices", moment()),
      activeIncidents({ provider: route.id }),
      maybe("/reports/sla", { month: monthKey(nowMs()), provider: route.id }),
      maybe("/rollout", { provider: route.id, limit: 500 }),
    ]);
    const served = offices.items.filter((o) => o.provider === route.id || links.items.some((l) => [l.a.office, l.b.office].includes(o.id) && !o.hub));
    if (!known && !links.items.length && !served.length) throw Object.assign(new Error(w("e404")), { status: 404 });
    const names = new Map(offices.items.map((o) => [o.id, o.name]));
    return {
      id: route.id, name: known?.name ?? route.id, known, links: links.items, offices: served, names, rollout, sla,
      incidents: told(incidents),
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
      known?.sla_percent ? h("span", { class: "soft" }, w("contract", { p: `${number(known.sla_percent, 1)} %` })) : null),
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
    rows.length ? h("div", { class: "scroll", tabindex: "0", role: "group", "aria-labelledby": `${key}-title` }, h("table", {},
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

function service({ sla, id, names }) {
  const whole = sla?.providers.find((row) => row.provider === id);
  if (!whole) return null;
  const rows = sla.offices.filter((row) => row.provider === id).sort((a, b) => (a.availability_percent ?? 101) - (b.availability_percent ?? 101));
  return [
    h("section", { class: "panel", "data-key": "whole" }, h("h2", {}, `${w("sla")}: ${month(nowMs())}`), slaFacts(whole), h("p", {}, slaLink(sla.month, { provider: id }))),
    listed("service", w("slaOfProvider"), w("noOffices"), ["office", "availability", "outages", "unknownTime"].map((c) => w(c)),
      rows.map((row) => h("tr", { "data-key": row.office },
        h("td", {}, h("a", { href: `/office/${quoted(row.office)}` }, names.get(row.office) ?? row.office)),
        h("td", { class: judgement(row) === "misses" ? "late" : null }, availability(row)), h("td", {}, String(row.outages_counted)),
        h("td", {}, row.seconds.unknown_s >= 1 ? duration(row.seconds.unknown_s) : "")))),
  ];
}

function rollout({ rollout: plan, offices: served, id }) {
  const waiting = plan?.items ?? served.filter((o) => o.provider === id && o.connection !== "active").map((o) => ({ ...o, office: o.id, stage: o.connection }));
  return listed("rollout", `${w("rollout")} (${waiting.length})`, w("noRollout"), [w("office"), w("state"), w("target"), w("comment"), h("span", { class: "hidden" }, w("addProgress"))],
    waiting.map((o) => h("tr", { "data-key": o.office },
      h("td", {}, h("a", { href: `/office/${quoted(o.office)}` }, o.name)),
      h("td", {}, w(o.stage)),
      h("td", {}, o.target_date ? day(o.target_date) : "", o.late ? h("strong", { class: "late" }, ` ${w("late")}`) : null,
        o.promised_date ? h("small", { class: "soft" }, ` ${w("agreed")} ${day(o.promised_date)}`) : null),
      h("td", {}, o.last_note ?? ""), h("td", {}, progressButton(o)))));
}
