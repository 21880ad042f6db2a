// The network as a drawing, with what is to blame in front and what is only behind it in the shade. Beside it
// the same in words, for who can't see the drawing and for who wants to search it.

import { get } from "../api.js";
import { byId, h } from "../dom.js";
import { percent } from "../format.js";
import { since } from "../parts/incident.js";
import { DEVICE_STATE, DEVICE_WORDS, LINK_STATE, LINK_WORDS, badge, symbol } from "../parts/marks.js";
import { Picture } from "../parts/picture.js";
import { moment } from "../state.js";
import { w } from "../words.js";

const ROWS = 200;
let picture = null;
const kept = { focus: null, cause: null, rows: false };

export const topology = {
  title: () => w("topology"),
  className: "page topology",

  async read(route) {
    if (route.focus) kept.focus = route.focus;
    return get("/topology", moment());
  },

  draw(data) {
    return [
      h("section", { class: "panel drawing", "data-key": "drawing", "aria-labelledby": "drawing-title" },
        h("div", { class: "head" }, h("h1", { id: "drawing-title" }, w("topology")),
          h("span", { class: "buttons-row" },
            data.causes.length ? h("button", { type: "button", "data-do": "showCause" }, w("showCause")) : null,
            h("button", { type: "button", "data-do": "fit" }, w("fit")))),
        h("div", { id: "graph", class: "graph", "data-keep": true, role: "img", "aria-label": w("topology") }),
        h("p", { class: "soft small" }, w("topologyHint")),
        legend()),
      h("div", { class: "side", "data-key": "side" }, focused(data), causes(data)),
      table(data),
    ];
  },

  after(data) {
    picture ??= new Picture(byId("graph"), (focus) => { kept.focus = focus; document.dispatchEvent(new CustomEvent("board:draw")); });
    picture.show(data, { focus: kept.focus, cause: kept.cause });
  },

  leave() {
    picture?.destroy();
    picture = null;
    Object.assign(kept, { focus: null, cause: null, rows: false });
  },

  actions: {
    fit: () => { kept.focus = null; kept.cause = null; picture?.fit(); },
    showCause: () => picture?.fitCause(),
    cause: (element) => { kept.cause = kept.cause === element.dataset.group ? null : element.dataset.group; },
    focus: (element) => { kept.focus = element.dataset.focus; window.scrollTo({ top: 0, behavior: "smooth" }); },
    unfocus: () => { kept.focus = null; },
    rows: () => { kept.rows = true; },
  },
};

function legend() {
  return h("ul", { class: "legend" },
    ["up", "silent", "shadow", "unknown"].map((c) => h("li", {}, symbol(DEVICE_STATE[c]), w(DEVICE_WORDS[c]))),
    h("li", {}, h("span", { class: "key-line suspected", "aria-hidden": "true" }), w("suspected")),
    h("li", {}, h("span", { class: "key-line", "aria-hidden": "true" }), w("linkUp")));
}

function causes(data) {
  const groups = new Map();
  for (const cause of data.causes) groups.set(cause.group, [...(groups.get(cause.group) ?? []), cause]);
  return h("section", { class: "panel", "data-key": "causes", "aria-labelledby": "causes-title" },
    h("h2", { id: "causes-title" }, w("causes")),
    groups.size ? [...groups].map(([group, list]) => one(data, group, list)) : h("p", { class: "calm" }, symbol("connected"), w("noCause")));
}

function one(data, group, list) {
  const [best, ...others] = [...list].sort((a, b) => a.rank - b.rank);
  const offices = new Map(data.offices.map((o) => [o.id, o]));
  const names = (cause) => cause.components.map((c) => c.name).join(" + ");
  return h("article", { class: "incident major", "data-key": `cause:${group}` },
    h("h3", {}, names(best)),
    h("p", { class: "meta" }, since(best.since), h("span", {}, w("confidence", { p: percent(best.confidence, 0) }))),
    h("p", { class: "small" }, best.why),
    best.cut.length ? h("ul", { class: "offices" }, best.cut.slice(0, 12).map((o) => h("li", {}, h("a", { href: `/office/${encodeURIComponent(o)}` }, symbol("cut"), offices.get(o)?.name ?? o))),
      best.cut.length > 12 ? h("li", {}, w("andMore", { n: best.cut.length - 12 })) : null) : null,
    best.explains.length ? h("p", { class: "soft small" }, w("symptoms", { n: best.explains.length })) : null,
    others.length ? h("p", { class: "soft small" }, others.map((c) => `${w("either")} ${names(c)} (${percent(c.confidence, 0)})`).join("; ")) : null,
    h("p", { class: "buttons" }, h("button", { type: "button", "data-do": "cause", "data-group": group, "aria-pressed": String(kept.cause === group) }, w("showCause"),
      h("span", { class: "hidden" }, `: ${names(best)}`))));
}

function focused(data) {
  const [kind, ...rest] = (kept.focus ?? "").split(":");
  const id = rest.join(":");
  const offices = new Map(data.offices.map((o) => [o.id, o]));
  const close = h("button", { type: "button", class: "plain", "data-do": "unfocus", "aria-label": w("close") }, "✕");
  const office = (o) => (o && offices.has(o) ? h("a", { href: `/office/${encodeURIComponent(o)}` }, offices.get(o).name) : null);
  if (kind === "device") {
    const d = data.devices.find((x) => x.id === id);
    if (!d) return null;
    const links = data.links.filter((l) => l.a.device === id || l.b.device === id);
    return h("section", { class: "panel", "data-key": "focus", "aria-live": "polite" },
      h("div", { class: "head" }, h("h2", {}, d.name ?? d.id), close),
      h("p", {}, badge(DEVICE_STATE[d.condition], w(DEVICE_WORDS[d.condition])), h("span", { class: "soft" }, ` ${d.role}${d.address ? ` · ${d.address}` : ""}`)),
      h("p", {}, office(d.office)),
      h("h3", {}, w("neighbours")),
      h("ul", { class: "devices" }, links.map((l) => {
        const other = l.a.device === id ? l.b.device : l.a.device;
        return h("li", {}, symbol(LINK_STATE[l.condition]), h("button", { type: "button", class: "plain", "data-do": "focus", "data-focus": `link:${l.id}` }, `${other}: ${w(LINK_WORDS[l.condition])}`));
      })));
  }
  const l = kind === "link" ? data.links.find((x) => x.id === id) : null;
  if (!l) return null;
  return h("section", { class: "panel", "data-key": "focus", "aria-live": "polite" },
    h("div", { class: "head" }, h("h2", {}, l.name ?? l.id), close),
    h("p", {}, badge(LINK_STATE[l.condition], w(LINK_WORDS[l.condition])), h("span", { class: "soft" }, ` ${w(l.medium)}${l.circuit_id ? ` · ${l.circuit_id}` : ""}`)),
    h("ul", { class: "devices" }, [l.a, l.b].filter((e) => e.device).map((e) => h("li", {}, h("button", { type: "button", class: "plain", "data-do": "focus", "data-focus": `device:${e.device}` }, `${e.device}${e.port ? ` ${e.port}` : ""}`), office(e.office)))),
    l.provider ? h("p", {}, h("a", { href: `/provider/${encodeURIComponent(l.provider)}` }, l.provider)) : null);
}

function table(data) {
  const worse = (l) => ["down", "unknown", "disabled", "up"].indexOf(l.condition);
  const names = new Map(data.offices.map((o) => [o.id, o.name]));
  const rows = [...data.links].sort((a, b) => worse(a) - worse(b) || a.id.localeCompare(b.id));
  const shown = kept.rows ? rows : rows.slice(0, ROWS);
  return h("section", { class: "panel wide", "data-key": "table" }, h("details", {},
    h("summary", {}, h("h2", {}, `${w("asTable")} (${rows.length})`)),
    h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": w("asTable") }, h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, w("condition_")), h("th", { scope: "col" }, w("link")), h("th", { scope: "col", colspan: 2 }, w("neighbours")))),
      h("tbody", {}, shown.map((l) => h("tr", { "data-key": l.id },
        h("td", {}, badge(LINK_STATE[l.condition], w(LINK_WORDS[l.condition]))),
        h("td", {}, l.name ?? l.id), [l.a, l.b].map((e) => h("td", {}, names.get(e.office) ?? e.device ?? ""))))))),
    rows.length > shown.length ? h("p", {}, h("button", { type: "button", "data-do": "rows" }, w("showAll", { n: rows.length }))) : null));
}
