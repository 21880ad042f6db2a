// What neighbours tell (LLDP and the like) against what the inventory declares.

import { get, id as quoted } from "../api.js";
import { h } from "../dom.js";
import { moment as inWords } from "../format.js";
import { symbol } from "../parts/marks.js";
import { getLanguage, w } from "../words.js";

export const discovery = {
  title: () => w("discovery"),
  className: "page rollout",
  read: () => get("/discovery"),

  draw(found) {
    const wrong = found.items.filter((f) => !f.note);
    const notes = found.items.filter((f) => f.note);
    return [
      h("section", { class: "panel heading", "data-key": "heading" },
        h("h1", { id: "discovery-title" }, w("discovery")),
        h("p", { class: "soft" }, w("discoveryHint")),
        found.at === null ? h("p", { class: "calm-line" }, w("notCompared")) : [
          h("p", { class: "standing" }, symbol(wrong.length ? "degraded" : "connected"), h("strong", {}, wrong.length ? w("nMismatches", { n: wrong.length }) : w("noMismatch")),
            h("span", { class: "soft" }, w("confirmedLinks", { n: found.confirmed })), h("span", { class: "soft" }, w("askedDevices", { n: found.asked }))),
          h("p", { class: "soft small" }, w("comparedAt", { at: inWords(found.at) }))]),
      wrong.length ? list("wrong", w("mismatches"), wrong) : null,
      notes.length ? list("notes", w("worthKnowing"), notes) : null,
      found.unproven.length ? h("section", { class: "panel", "data-key": "unproven" }, h("details", { class: "fold" },
        h("summary", {}, h("h2", {}, `${w("unproven")} (${found.unproven.length})`)),
        h("ul", { class: "others" }, found.unproven.map((u) => h("li", { "data-key": u.link }, subject("link", u.link), english(u.why)))))) : null,
    ];
  },
};

const subject = (kind, id) => h("a", { href: `/topology?focus=${quoted(`${kind}:${id}`)}` }, id);
/** The server's own reason is for engineers and in English. */
const english = (text) => (text ? h("small", { class: "soft block", lang: "en" }, text) : null);

function list(key, title, findings) {
  const heading = (word) => h("th", { scope: "col" }, w(word));
  const cell = (word, ...content) => h("td", { "data-label": w(word) }, content);
  const told = (text, neighbour) => text ?? neighbour?.system ?? "–";
  return h("section", { class: "panel", "data-key": key, "aria-labelledby": `${key}-title` },
    h("h2", { id: `${key}-title` }, `${title} (${findings.length})`),
    h("div", { class: "scroll", tabindex: "0", role: "group", "aria-labelledby": `${key}-title` }, h("table", { class: "cards", lang: getLanguage() },
      h("thead", {}, h("tr", {}, ["finding", "where", "declared", "seen", "began"].map(heading))),
      h("tbody", {}, findings.map((f) => h("tr", {},
        h("td", {}, h("strong", {}, w(`found_${f.kind}`)), english(f.why)),
        cell("where", [...f.links.map((l) => subject("link", l)), ...f.devices.map((d) => subject("device", d))].map((a, n) => [n ? ", " : "", a])),
        cell("declared", f.declared ?? "–"), cell("seen", told(f.seen, f.neighbour)), cell("began", f.since ? inWords(f.since) : "–")))))));
}
