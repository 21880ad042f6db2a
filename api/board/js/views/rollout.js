// The roll-out: how many offices are connected, over time, and who still waits for whom.

import { all, get, maybe } from "../api.js";
import { h, s } from "../dom.js";
import { day, number, shortMonth } from "../format.js";
import { symbol } from "../parts/marks.js";
import { progressButton } from "../parts/progress.js";
import { getLanguage, w } from "../words.js";

const BY = ["kecamatan", "kind", "provider"];
const SORTS = { late: "sortLate", target_date: "target", name: "name" };
const MONTHS = 12;
const FEWEST = 6;
const NARROW = window.matchMedia("(max-width: 719px)");
const kept = { by: "kecamatan", group: null, lateOnly: false, sort: "late" };

export const rollout = {
  title: () => w("rollout"),
  className: "page rollout",

  async read() {
    const [summary, open, providers] = await Promise.all([get("/rollout/summary", { months: MONTHS }), all("/rollout", { sort: kept.sort }), maybe("/providers", { limit: 500 })]);
    return { summary, open: open.items, providers: new Map((providers?.items ?? []).map((p) => [p.id, p.name])) };
  },

  draw(data) {
    return [overall(data), groups(data), waiting(data)];
  },

  leave() { kept.group = null; },

  actions: {
    by: (element) => { [kept.by, kept.group] = [element.dataset.by, null]; },
    group: (element) => { kept.group = kept.group === element.dataset.group ? null : element.dataset.group; },
    lateOnly: () => { kept.lateOnly = !kept.lateOnly; },
    sort: (element, board) => { kept.sort = element.dataset.sort; board.refresh(); },
  },
};

const ofGroup = (o, by) => o[by] ?? null;
const key = (group) => group ?? "";
const share = (p) => (p === null ? "–" : `${number(Math.floor(p * 10) / 10, p % 1 ? 1 : 0)} %`);

function nameOf(group, by, providers) {
  if (group === null) return w("withoutGroup");
  if (by === "provider") return providers.get(group) ?? group;
  return by === "kind" && group === "other" ? w("otherKind") : group;
}

function overall({ summary, open, providers }) {
  const chosen = kept.group === null ? summary.all : summary[`by_${kept.by}`].find((g) => key(g.group) === kept.group) ?? summary.all;
  const late = open.filter((o) => o.late && (chosen === summary.all || key(ofGroup(o, kept.by)) === kept.group)).length;
  return h("section", { class: "panel heading", "data-key": "overall" },
    h("h1", {}, w("rollout")),
    h("p", { class: "soft" }, chosen === summary.all ? w("allOffices") : nameOf(chosen.group, kept.by, providers)),
    h("p", { class: "standing" }, h("strong", { class: "percent" }, share(chosen.now.percent)),
      h("span", {}, w("connectedByPlan", { n: chosen.now.connected, m: chosen.now.total })),
      late ? h("span", { class: "late" }, w("nLate", { n: late })) : null),
    overTime(...recent(summary.months, chosen.months)));
}

/** As many months as fit; those before the log began tell nothing, and only a few of them are shown. */
function recent(months, shares) {
  const began = shares.findIndex(Boolean);
  const fewest = Math.min(months.length, FEWEST);
  const from = Math.max(NARROW.matches ? months.length - FEWEST : 0, Math.min(began < 0 ? months.length : began, months.length - fewest));
  return [months.slice(from), shares.slice(from)];
}

/** A column a month; a month that the log knows nothing of is left empty and said so. */
function overTime(months, shares) {
  if (!months.length) return null;
  const [wide, tall, foot] = [48, 96, 16];
  const known = shares.filter(Boolean).length;
  return h("figure", { class: "months-box" },
    s("svg", { class: "months", viewBox: `0 0 ${wide * months.length} ${tall + foot + 14}`, role: "img", "aria-label": `${w("percentOverTime")}: ${months.map((m, i) => `${m} ${shares[i] ? share(shares[i].percent) : w("unknown")}`).join(", ")}` },
      months.map((m, i) => {
        const x = i * wide;
        const p = shares[i]?.percent ?? null;
        const high = p === null ? 0 : Math.max(2, (p / 100) * tall);
        return s("g", {},
          s("rect", { class: "room", x: x + 6, y: 14, width: wide - 12, height: tall, rx: 3 }),
          p === null ? null : s("rect", { class: "part", x: x + 6, y: 14 + tall - high, width: wide - 12, height: high, rx: 3 }),
          s("text", { x: x + wide / 2, y: p === null ? 14 + tall / 2 + 4 : 10 + tall - high, "text-anchor": "middle", class: "value" }, p === null ? "?" : share(p).replace(" %", "")),
          s("text", { x: x + wide / 2, y: tall + 14 + foot - 2, "text-anchor": "middle" }, shortMonth(m)));
      })),
    known < months.length ? h("figcaption", { class: "soft small" }, w("monthsUnknown")) : null);
}

function toggle(action, name, values, chosen, label) {
  return h("div", { class: "ranges", role: "group", "aria-label": label }, values.map(([value, text]) =>
    h("button", { type: "button", "data-do": action, [`data-${name}`]: value, "aria-pressed": String(value === chosen) }, text)));
}

function groups({ summary, providers }) {
  const list = [...summary[`by_${kept.by}`]].sort((a, b) => (a.now.percent ?? 101) - (b.now.percent ?? 101) || key(a.group).localeCompare(key(b.group), getLanguage()));
  return h("section", { class: "panel", "data-key": "groups", "aria-labelledby": "groups-title" },
    h("div", { class: "head" }, h("h2", { id: "groups-title" }, w("percentConnected")), toggle("by", "by", BY.map((b) => [b, w(`by_${b}`)]), kept.by, w("groupBy"))),
    h("ul", { class: "shares" }, list.map((g) => h("li", { "data-key": `${kept.by}:${key(g.group)}` },
      h("button", { type: "button", class: "plain share", "data-do": "group", "data-group": key(g.group), "aria-pressed": String(kept.group === key(g.group)) },
        h("span", { class: "share-name" }, nameOf(g.group, kept.by, providers)),
        s("svg", { class: "share-bar", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
          s("rect", { class: "room", width: 100, height: 8 }), s("rect", { class: "part", width: g.now.percent ?? 0, height: 8 })),
        h("span", { class: "share-value" }, share(g.now.percent), h("small", { class: "soft" }, ` ${w("of", { n: g.now.connected, m: g.now.total })}`)))))));
}

function waiting({ open, providers }) {
  const shown = open.filter((o) => (!kept.lateOnly || o.late) && (kept.group === null || key(ofGroup(o, kept.by)) === kept.group));
  const lang = getLanguage();
  const column = (word) => h("th", { scope: "col" }, w(word));
  return h("section", { class: "panel wide", "data-key": "waiting", "aria-labelledby": "waiting-title" },
    h("div", { class: "head" }, h("h2", { id: "waiting-title" }, `${w("notYet")} (${shown.length}${shown.length === open.length ? "" : `/${open.length}`})`),
      h("div", { class: "buttons-row" },
        h("button", { type: "button", "data-do": "lateOnly", "aria-pressed": String(kept.lateOnly) }, w("lateOnly")),
        toggle("sort", "sort", Object.entries(SORTS).map(([v, word]) => [v, w(word)]), kept.sort, w("sortBy")))),
    shown.length ? h("div", { class: "scroll", tabindex: "0", role: "group", "aria-labelledby": "waiting-title" }, h("table", { class: "cards" },
      h("thead", {}, h("tr", {}, column("office"), column("provider"), column("stage"), column("target"), column("agreed"), column("lateness"), column("comment"), h("th", { scope: "col" }, h("span", { class: "hidden" }, w("addProgress"))))),
      h("tbody", {}, shown.map((o) => row(o, providers)))))
      : h("p", { class: "calm-line" }, symbol("connected"), " ", w(open.length ? "noneLate" : "noRollout")),
    open.length ? h("p", { class: "small" }, h("a", { href: `/api/v1/rollout.xlsx?lang=${lang}`, download: true }, "XLSX"), " · ", h("a", { href: `/api/v1/rollout.csv?lang=${lang}`, download: true }, "CSV")) : null);
}

function row(o, providers) {
  const cell = (word, ...content) => h("td", { "data-label": w(word), class: content[0] === "–" ? "none" : null }, content);
  return h("tr", { "data-key": o.office, "data-office": o.office },
    h("td", {}, h("a", { href: `/office/${encodeURIComponent(o.office)}` }, o.name), h("small", { class: "soft block" }, [o.kecamatan, o.phase === null ? null : `${w("phase")} ${o.phase}`].filter(Boolean).join(" · "))),
    cell("provider", o.provider ? h("a", { href: `/provider/${encodeURIComponent(o.provider)}` }, providers.get(o.provider) ?? o.provider) : "–"),
    cell("stage", w(o.stage), o.reported_active ? h("small", { class: "soft block" }, w("reportedActive")) : null),
    cell("target", o.target_date ? day(o.target_date) : "–"),
    cell("agreed", o.promised_date ? day(o.promised_date) : "–"),
    cell("lateness", o.late ? h("strong", { class: "late" }, w("lateDays", { n: o.late_days })) : "–"),
    cell("comment", o.last_note || "–"),
    h("td", {}, progressButton(o)));
}
