// The month's service figures of an office or a provider: as its contract counts them, and as it was.

import { h } from "../dom.js";
import { duration, number, percent } from "../format.js";
import { getLanguage, w } from "../words.js";
import { badge } from "./marks.js";

const MOST_UNKNOWN = 0.05; // more, and the month can't be called good

/** Three places and rounded down, as the report does it; unknown stays unknown. */
const places = (value) => (value === null ? w("unknownTime") : `${number(Math.floor(value * 1000) / 1000, 3)} %`);
export const availability = (row) => places(row.availability_percent);

/** Of the month so far, the share that something is known of: 0 to 1; null: it was not in service yet. */
export function known({ seconds }) {
  const served = seconds.total_s - seconds.before_connected_s;
  return served > 0 ? 1 - seconds.unknown_s / served : null;
}

/**
 * "meets", "misses", "thin" (too little is known to say) or null (nothing agreed, and all is known). A month that misses its
 * contract even if all unknown time had been good is missed, however little is known.
 */
export function judgement(row) {
  const share = known(row);
  const agreed = row.meets_sla !== null && row.meets_sla !== undefined;
  if (share === null || share >= 1 - MOST_UNKNOWN) return agreed ? (row.meets_sla ? "meets" : "misses") : null;
  if (!agreed) return "thin";
  const served = row.seconds.total_s - row.seconds.before_connected_s;
  const best = served > 0 ? 100 * (1 - row.seconds.down_counted_s / served) : 100;
  return row.sla_percent !== null && best < row.sla_percent ? "misses" : "thin";
}

/** Up over all that is known; the report gives it for offices, circuits' seconds for providers. */
function asItWas(row) {
  if (row.up_percent !== undefined) return row.up_percent;
  const s = row.seconds;
  const seen = s.total_s - s.before_connected_s - s.unknown_s;
  return seen > 0 ? (100 * s.up_s) / seen : null;
}

const BADGE = { meets: "connected", misses: "cut", thin: "unknown" };

export function slaFacts(row) {
  const fact = (name, value) => h("div", { "data-key": name }, h("dt", {}, w(name)), h("dd", {}, value));
  const share = known(row);
  const verdict = judgement(row);
  return h("dl", { class: "facts" },
    fact("availability", [availability(row), row.sla_percent === null ? null : h("small", { class: "soft" }, ` ${w("contract", { p: `${number(row.sla_percent, 1)} %` })}`)]),
    fact("asItWas", places(asItWas(row))),
    verdict ? fact("state", badge(BADGE[verdict], w(verdict))) : null,
    fact("outages", String(row.outages_counted)),
    row.seconds.unknown_s >= 1 ? fact("unknownTime", [duration(row.seconds.unknown_s), share === null ? null : h("small", { class: "soft block" }, w("knownShare", { p: percent(share, 1) }))]) : null,
    row.restitution_idr ? fact("restitution", `Rp ${number(row.restitution_idr)}`) : null);
}

/** The page to print and sign, with every outage and its evidence. */
export function slaLink(month, query) {
  const parameters = new URLSearchParams({ month, ...query, lang: getLanguage() });
  return h("a", { href: `/reports/sla?${parameters}`, target: "_blank", rel: "noopener" }, w("fullReport"));
}
