// An incident as a card, and what it is called.

import { all } from "../api.js";
import { h } from "../dom.js";
import { duration, shortMoment } from "../format.js";
import { may, nowMs, state } from "../state.js";
import { w } from "../words.js";
import { symbol } from "./marks.js";

const OFFICES_SHOWN = 8;
const COMPONENTS_SHOWN = 3;
const SEVERITIES = ["critical", "major", "warning", "info"];

export const kindOf = (i) => w(i.kind);

export function blamed(i) {
  const names = i.components.slice(0, COMPONENTS_SHOWN).map((c) => c.name);
  const more = i.components.length - names.length;
  return (names.join(", ") || kindOf(i)) + (more > 0 ? ` ${w("andMore", { n: more })}` : "");
}

/** Those that are active at the moment that is shown, as they were then. */
export async function activeIncidents(parameters = {}, most = 1000) {
  if (state.at === null) return (await all("/incidents", { ...parameters, status: "active" }, most)).items;
  const [since, until] = [state.at, state.at + 1].map((at) => new Date(at).toISOString());
  const found = await all("/incidents", { ...parameters, status: "all", since, until }, most);
  return found.items.filter((i) => !i.resolved_at || Date.parse(i.resolved_at) > state.at).map((i) => asOf(i, state.at));
}

function asOf(i, at) {
  const later = (moment) => moment === null || Date.parse(moment) > at;
  const offices = i.offices.filter((o) => !later(o.since)).map((o) => ({ ...o, until: later(o.until) ? null : o.until }));
  const taken = later(i.acknowledged_at) ? { acknowledged_at: null, acknowledged_by: null, assigned_to: null, status: "open" } : { status: "acknowledged" };
  return { ...i, ...taken, offices, resolved_at: null, opened_at: later(i.opened_at) ? null : i.opened_at };
}

/** Those that somebody was told of, the worst first, then the oldest. */
export function told(incidents) {
  return incidents
    .filter((i) => i.opened_at)
    .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || Date.parse(a.began_at) - Date.parse(b.began_at));
}

export function since(moment) {
  const text = w("since", { t: duration((nowMs() - Date.parse(moment)) / 1000) });
  return h("time", { datetime: moment, class: "since", title: shortMoment(moment) }, text);
}

/** Durations count on between two readings. */
export function tick() {
  for (const element of document.querySelectorAll("time.since")) {
    const text = w("since", { t: duration((nowMs() - Date.parse(element.dateTime)) / 1000) });
    if (element.textContent !== text) element.textContent = text;
  }
}

function extent(i) {
  const now = i.offices.filter((o) => !o.until || i.status === "resolved");
  const cut = now.filter((o) => o.connectivity === "cut").length;
  const rest = now.length - cut;
  return [cut ? w("cutN", { n: cut }) : null, rest ? w(i.kind === "redundancy" ? "degradedN" : "affected", { n: rest }) : null]
    .filter(Boolean).join(", ");
}

export function whoIsOnIt(i) {
  const who = i.assigned_to;
  if (i.status === "resolved") return null;
  if (who && who !== i.acknowledged_by) return h("span", { class: "taken" }, w("assignedTo", { who }));
  if (i.acknowledged_by) return h("span", { class: "taken" }, w("takenBy", { who: i.acknowledged_by }));
  return h("span", { class: "nobody" }, w("nobody"));
}

export function incidentLink(i) {
  return `/incident/${encodeURIComponent(i.id)}`;
}

export function incidentCard(i) {
  const affected = i.offices.filter((o) => !o.until || i.status === "resolved");
  const more = affected.length - OFFICES_SHOWN;
  const lead = extent(i);
  const ended = i.resolved_at ? w("lasted", { t: duration((Date.parse(i.resolved_at) - Date.parse(i.began_at)) / 1000) }) : null;
  return h("article", { class: `incident ${i.severity} ${i.status}`, "data-incident": i.id, "data-key": `incident:${i.id}` },
    h("h3", {}, h("a", { href: incidentLink(i) }, blamed(i))),
    h("p", { class: "meta" },
      h("span", { class: `tag ${i.severity}` }, `${kindOf(i)} · ${w(i.severity)}`),
      ended ? h("span", {}, `${shortMoment(i.began_at)}, ${ended}`) : h("strong", {}, since(i.began_at)),
      h("code", {}, i.id)),
    lead ? h("p", { class: "lead" }, lead) : null,
    affected.length && i.status !== "resolved" ? h("ul", { class: "offices" },
      affected.slice(0, OFFICES_SHOWN).map((o) => h("li", { "data-key": o.office },
        h("a", { href: `/office/${encodeURIComponent(o.office)}` }, symbol(o.connectivity), o.name, h("span", { class: "hidden" }, ` (${w(o.connectivity)})`)))),
      more > 0 ? h("li", { "data-key": "more" }, h("a", { href: incidentLink(i) }, w("andMore", { n: more }))) : null) : null,
    i.status === "resolved" ? null : h("p", { class: "who" }, whoIsOnIt(i),
      i.status === "open" && may("acknowledge") ? h("button", { type: "button", "data-do": "take", "data-id": i.id, class: "strong" }, w("take"),
        h("span", { class: "hidden" }, `: ${blamed(i)}`)) : null));
}
