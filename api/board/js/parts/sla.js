// The month's service figures of an office or a provider: as its contract counts them.

import { h } from "../dom.js";
import { duration, number } from "../format.js";
import { getLanguage, w } from "../words.js";
import { badge } from "./marks.js";

/** Three places and rounded down, as the report does it; unknown stays unknown. */
export const availability = (row) => (row.availability_percent === null ? w("unknownTime") : `${number(Math.floor(row.availability_percent * 1000) / 1000, 3)} %`);

export function slaFacts(row) {
  const fact = (name, value) => h("div", {}, h("dt", {}, w(name)), h("dd", {}, value));
  return h("dl", { class: "facts" },
    fact("availability", [availability(row), row.sla_percent === null ? null : h("small", { class: "soft" }, ` ${w("contract", { p: `${number(row.sla_percent, 1)} %` })}`)]),
    row.meets_sla === null || row.meets_sla === undefined ? null : fact("state", row.meets_sla ? badge("connected", w("meets")) : badge("cut", w("misses"))),
    fact("outages", String(row.outages_counted)),
    row.seconds.unknown_s >= 1 ? fact("unknownTime", duration(row.seconds.unknown_s)) : null,
    row.restitution_idr ? fact("restitution", `Rp ${number(row.restitution_idr)}`) : null);
}

/** The page to print and sign, with every outage and its evidence. */
export function slaLink(month, query) {
  const parameters = new URLSearchParams({ month, ...query, lang: getLanguage() });
  return h("a", { href: `/reports/sla?${parameters}`, target: "_blank", rel: "noopener" }, w("fullReport"));
}
