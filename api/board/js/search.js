// Find an office, a link, a circuit, a device or a provider by a few letters.

import { get, maybe } from "./api.js";
import { byId, h, morph } from "./dom.js";
import { DEVICE_STATE, LINK_STATE, symbol } from "./parts/marks.js";
import { moment } from "./state.js";
import { getLanguage, w } from "./words.js";

const SHOWN = 12;

let entries = [];
let text = "";

/** All that contain every word: offices first, then what begins with the words. */
export function matches(list, typed) {
  const words = typed.toLocaleLowerCase("id").split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  return list
    .filter((e) => words.every((word) => e.text.includes(word)))
    .map((e) => [(e.href.startsWith("/office/") ? 0 : 2) + (e.name.toLocaleLowerCase("id").startsWith(words[0]) ? 0 : 1), e])
    .sort(([a, x], [b, y]) => a - b || x.name.localeCompare(y.name, getLanguage()))
    .map(([, e]) => e);
}

function entry(name, detail, href, state, ...more) {
  return { name, detail, href, state, text: [name, detail, ...more].filter(Boolean).join(" ").toLocaleLowerCase("id") };
}

async function read() {
  const [topology, providers] = await Promise.all([get("/topology", moment()), maybe("/providers", { limit: 500 })]);
  const offices = new Map(topology.offices.map((o) => [o.id, o]));
  const focus = (kind, id) => `/topology?focus=${encodeURIComponent(`${kind}:${id}`)}`;
  const ids = [...new Set(topology.links.map((l) => l.provider).filter(Boolean))];
  const named = new Map((providers?.items ?? []).map((p) => [p.id, p.name]));
  entries = [
    ...topology.offices.map((o) => entry(o.name, o.kecamatan ?? "", `/office/${encodeURIComponent(o.id)}`, o.connectivity, o.id)),
    ...ids.map((p) => entry(named.get(p) ?? p, w("provider"), `/provider/${encodeURIComponent(p)}`, null, p)),
    ...topology.links.map((l) => entry(l.name ?? l.id, [w("link"), l.circuit_id].filter(Boolean).join(" · "), focus("link", l.id), LINK_STATE[l.condition], l.id)),
    ...topology.devices.map((d) => entry(d.name ?? d.id, [w("device"), offices.get(d.office)?.name].filter(Boolean).join(" · "), focus("device", d.id), DEVICE_STATE[d.condition], d.id)),
  ];
}

export async function openSearch() {
  text = "";
  const dialog = byId("dialog");
  morph(dialog, h("div", { "data-key": `search:${Date.now()}` },
    h("h2", { id: "dialog-title" }, w("search")),
    h("input", { id: "search", type: "search", autocomplete: "off", "aria-label": w("searchWhat"), placeholder: w("searchWhat"), "aria-controls": "results" }),
    h("p", { class: "hidden", id: "found", role: "status" }),
    h("ul", { class: "results", id: "results" }),
    h("p", { class: "buttons" }, h("button", { type: "button", "data-do": "closeDialog" }, w("close")))));
  const input = byId("search");
  input.addEventListener("input", () => { text = input.value; show(); });
  dialog.onkeydown = (event) => {
    const links = [...dialog.querySelectorAll("#results a")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "ArrowDown" && links.length) { event.preventDefault(); links[Math.min(at + 1, links.length - 1)].focus(); }
    else if (event.key === "ArrowUp" && at >= 0) { event.preventDefault(); (links[at - 1] ?? input).focus(); }
    else if (event.key === "Enter" && event.target === input && links.length) links[0].click();
  };
  dialog.showModal();
  input.focus();
  try {
    await read();
    show();
  } catch (error) {
    byId("found").textContent = error.message;
  }
}

function show() {
  const found = matches(entries, text);
  morph(byId("results"), found.slice(0, SHOWN).map((e) => h("li", {},
    h("a", { href: e.href }, e.state ? symbol(e.state) : null, h("span", {}, e.name, h("small", {}, e.detail))))),
    text.trim() && !found.length ? h("li", { class: "soft" }, w("noneFound", { text: text.trim() })) : null,
    found.length > SHOWN ? h("li", { class: "soft small" }, w("andMore", { n: found.length - SHOWN })) : null);
  byId("found").textContent = text.trim() ? w("found", { n: found.length }) : "";
}
