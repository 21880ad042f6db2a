// Every office by kecamatan; thousands of them, too.

import { h } from "../dom.js";
import { day } from "../format.js";
import { getLanguage, w } from "../words.js";
import { since } from "./incident.js";
import { ATTENTION, STATES, countBy, symbol } from "./marks.js";

const SHOWN = 40;

/** `opened`: which groups a person wants to see whole; `filter`: what he typed. */
export function places(offices, { filter, whole, wide }) {
  const text = filter.trim().toLocaleLowerCase(getLanguage());
  const groups = new Map();
  for (const office of offices) {
    const name = office.kecamatan ?? w("elsewhere");
    if (text && !`${office.name} ${name} ${office.id}`.toLocaleLowerCase(getLanguage()).includes(text)) continue;
    groups.set(name, [...(groups.get(name) ?? []), office]);
  }
  if (!groups.size) return [h("p", { class: "soft" }, text ? w("noneFound", { text: filter.trim() }) : w("noOffices"))];
  const many = offices.length > 150;
  return [...groups]
    .sort(([a], [b]) => a.localeCompare(b, getLanguage()))
    .map(([name, members]) => kecamatan(name, members, { open: Boolean(text) || (wide && !many), whole: whole.has(name) }));
}

function kecamatan(name, offices, { open, whole }) {
  const sorted = [...offices].sort((a, b) => ATTENTION.indexOf(a.connectivity) - ATTENTION.indexOf(b.connectivity)
    || a.priority - b.priority || a.name.localeCompare(b.name, getLanguage()));
  const trouble = offices.some((o) => ["cut", "degraded", "unknown"].includes(o.connectivity));
  const counts = countBy(offices);
  const shown = whole ? sorted : sorted.slice(0, SHOWN);
  // Opened by hand stays so; what comes into trouble opens by itself, because then its key is another one.
  return h("details", { class: "kecamatan", open: open || trouble, "data-key": `place:${name}:${trouble}:${open}` },
    h("summary", {}, h("span", { class: "name" }, name), h("span", { class: "tally" },
      STATES.filter((state) => counts[state]).map((state) =>
        h("span", { title: w(state) }, symbol(state), String(counts[state]), h("span", { class: "hidden" }, ` ${w(state)}`))))),
    h("ul", {}, shown.map(officeLine),
      sorted.length > shown.length
        ? h("li", { class: "more", "data-key": "more" }, h("button", { type: "button", "data-do": "whole", "data-name": name }, w("showAll", { n: sorted.length })))
        : null));
}

function officeLine(o) {
  let detail = null;
  if (["cut", "degraded"].includes(o.connectivity) && o.since) detail = since(o.since);
  else if (o.connection !== "active") {
    const target = o.target_date ? `, ${w("target")} ${day(o.target_date)}` : "";
    detail = h("span", { class: o.late ? "late" : "" }, w(o.connection) + target + (o.late ? ` (${w("late")})` : ""));
  }
  return h("li", { "data-office": o.id, "data-key": o.id, class: o.connectivity },
    h("a", { href: `/office/${encodeURIComponent(o.id)}` }, symbol(o.connectivity),
      h("span", {}, o.name, h("span", { class: "hidden" }, ` (${w(o.connectivity)})`), detail ? h("small", {}, detail) : null)));
}
