// One incident: what is blamed and why, whom it affects, what happened when, and what a person can add.

import { get, id as quoted } from "../api.js";
import { h } from "../dom.js";
import { duration, moment as inWords, percent } from "../format.js";
import { blamed, kindOf, since, whoIsOnIt } from "../parts/incident.js";
import { badge, symbol } from "../parts/marks.js";
import { may } from "../state.js";
import { w } from "../words.js";

export const incident = {
  title: (i) => i.id,
  read: (route) => get(`/incidents/${quoted(route.id)}`),
  className: "page one",

  draw(i) {
    return [heading(i), reason(i), offices(i), timeline(i)];
  },
};

function heading(i) {
  const over = i.status === "resolved";
  return h("section", { class: `panel heading ${over ? "connected" : i.severity}`, "data-key": "heading" },
    h("p", { class: "meta" }, h("span", { class: `tag ${i.severity}` }, `${kindOf(i)} · ${w(i.severity)}`), h("code", {}, i.id)),
    h("h1", {}, blamed(i)),
    h("dl", { class: "facts" },
      fact("state", over ? badge("connected", w("resolved")) : w(i.status === "suspected" ? "suspected_" : i.status)),
      fact("began", h("span", {}, inWords(i.began_at), over ? null : [", ", since(i.began_at)])),
      over ? fact("ended", `${inWords(i.resolved_at)} (${w("lasted", { t: duration((Date.parse(i.resolved_at) - Date.parse(i.began_at)) / 1000) })})`) : null,
      i.ticket ? fact("ticket", h("code", {}, i.ticket)) : null),
    h("p", { class: "who" }, whoIsOnIt(i), actions(i)));
}

const fact = (name, value) => h("div", {}, h("dt", {}, w(name)), h("dd", {}, value));

function actions(i) {
  if (i.status === "resolved") return null;
  const button = (kind, allowed, strong) => (allowed
    ? h("button", { type: "button", "data-do": kind, "data-id": i.id, class: strong ? "strong" : null }, w(kind)) : null);
  return h("span", { class: "buttons-row" },
    button("take", i.status === "open" && may("acknowledge"), true), button("giveBack", i.acknowledged_at && may("acknowledge")),
    button("assign", may("acknowledge")), button("comment", may("comment")), button("ticket", may("link_ticket")));
}

function reason(i) {
  const others = i.alternatives.filter((a) => a.components.length);
  return h("section", { class: "panel", "data-key": "reason", "aria-labelledby": "why-title" },
    h("h2", { id: "why-title" }, w("why")),
    h("p", { class: "reason" }, i.why, " ", h("span", { class: "soft" }, `(${w("confidence", { p: percent(i.confidence, 0) })})`)),
    h("ul", { class: "chips" }, i.components.map((c) => h("li", {}, component(c)))),
    i.explains.length ? h("p", { class: "soft small" }, w("symptoms", { n: i.explains.length })) : null,
    others.length ? [h("h3", {}, w("alternatives")), h("ul", { class: "others" }, others.map((a) =>
      h("li", {}, h("strong", {}, a.components.map((c) => c.name).join(" + ")), ` ${w("confidence", { p: percent(a.confidence, 0) })}. `, h("span", { class: "soft" }, a.why))))] : null);
}

function component(c) {
  const href = c.kind === "office" ? `/office/${quoted(c.id)}` : `/topology?focus=${quoted(`${c.kind}:${c.id}`)}`;
  return h("a", { class: "chip", href }, symbol("cut"), c.name);
}

function offices(i) {
  if (!i.offices.length) return null;
  return h("section", { class: "panel", "data-key": "offices", "aria-labelledby": "offices-title" },
    h("h2", { id: "offices-title" }, w("affected", { n: i.offices.length })),
    h("div", { class: "scroll", tabindex: "0", role: "group", "aria-labelledby": "offices-title" }, h("table", {},
      h("thead", {}, h("tr", {}, ["office", "state", "began", "ended"].map((name) => h("th", { scope: "col" }, w(name))))),
      h("tbody", {}, i.offices.map((o) => h("tr", { "data-key": o.office },
        h("td", {}, h("a", { href: `/office/${quoted(o.office)}` }, o.name), o.kecamatan ? h("small", { class: "soft" }, ` ${o.kecamatan}`) : null),
        h("td", {}, badge(o.connectivity)), h("td", {}, inWords(o.since)),
        h("td", {}, o.until ? inWords(o.until) : w("ongoing"))))))));
}

function timeline(i) {
  return h("section", { class: "panel", "data-key": "timeline", "aria-labelledby": "timeline-title" },
    h("h2", { id: "timeline-title" }, w("timeline")),
    h("ol", { class: "happened" }, [...i.timeline].reverse().map((e) => h("li", {},
      h("time", { datetime: e.at }, inWords(e.at)),
      h("span", {}, h("strong", {}, w(`did_${e.what}`)), e.who ? ` (${e.who})` : "", e.why ? h("span", { class: "soft" }, ` ${e.why}`) : null)))));
}
