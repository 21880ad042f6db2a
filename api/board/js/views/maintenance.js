// Maintenance: what runs and what is to come, and planning it with a look at whom it would cut off.

import { get, id as quoted, maybe, send } from "../api.js";
import { field, filled, openForm, whoField } from "../dialogs.js";
import { byId, h } from "../dom.js";
import { atZone, inZone, moment as inWords, zoneShort } from "../format.js";
import { badge, symbol } from "../parts/marks.js";
import { may, nowMs } from "../state.js";
import { w } from "../words.js";

const DAY_MS = 86_400_000;
const SHOWN = 8;
const REPEATS = { "": "once", "FREQ=DAILY": "daily", "FREQ=WEEKLY": "weekly", "FREQ=MONTHLY": "monthly" };
const STATE = { running: "degraded", planned: "unknown", ended: "connected", cancelled: "not_connected" };
const EMPTY = { open: false, subjects: [], typed: "", preview: null, body: null, accepted: false, error: "", busy: false };
let plan = { ...EMPTY };
let names = new Map();

export const maintenance = {
  title: () => w("maintenance"),
  className: "page one",

  async read() {
    const since = new Date(nowMs() - 31 * DAY_MS).toISOString();
    const [windows, topology, providers] = await Promise.all([get("/maintenance", { since }), get("/topology"), maybe("/providers", { limit: 500 })]);
    names = new Map(topology.offices.map((o) => [o.id, o.name]));
    return { windows: windows.items, choices: choices(topology, providers?.items ?? []) };
  },

  draw(data) {
    const of = (...states) => data.windows.filter((v) => states.includes(v.state));
    const over = of("ended", "cancelled").reverse();
    return [
      h("section", { class: "panel", "data-key": "now", "aria-labelledby": "windows-title" },
        h("div", { class: "head" }, h("h1", { id: "windows-title" }, w("maintenance")),
          may("plan") && !plan.open ? h("button", { type: "button", class: "strong", "data-do": "planOpen" }, w("planIt")) : null),
        h("p", { class: "soft" }, w("maintenanceHint")),
        [...of("running"), ...of("planned")].map(card),
        of("running", "planned").length ? null : h("p", { class: "calm-line" }, w("noMaintenance"))),
      plan.open && may("plan") ? form(data) : null,
      over.length ? h("section", { class: "panel", "data-key": "over" }, h("details", { class: "fold" },
        h("summary", {}, h("h2", {}, `${w("maintenanceOver")} (${over.length})`)), over.map(card))) : null,
    ];
  },

  after() {
    if (plan.focus) byId(plan.focus)?.focus();
    plan.focus = null;
  },

  leave() { plan = { ...EMPTY }; },

  input(element) {
    if (element.id === "field-subject") plan.typed = element.value;
    else if (element.id === "accept-cut") plan.accepted = element.checked;
    else if (element.closest?.("#plan-form")) [plan.preview, plan.accepted] = [null, false]; // the look was at something else
    else return false;
    return true;
  },

  actions: {
    planOpen: () => { plan = { ...EMPTY, open: true, focus: "field-title" }; },
    planClose: () => { plan = { ...EMPTY }; },
    addSubject: (element) => choose([...plan.subjects, { key: element.dataset.subject, name: element.dataset.name }]),
    dropSubject: (element) => choose(plan.subjects.filter((s) => s.key !== element.dataset.subject)),
    preview: (_, board) => look(board),
    plan: (_, board) => book(board),
    cancelWindow: (element, board) => openForm({
      title: w("cancelMaintenance"), what: element.dataset.name, note: w("cancelHint"), fields: [], submit: w("cancelMaintenance"),
      path: `/maintenance/${quoted(element.dataset.id)}`, method: "DELETE", done: board.refresh,
    }),
  },
};

function choose(subjects) {
  const input = byId("field-subject");
  input.value = "";
  Object.assign(plan, { subjects, typed: "", preview: null, accepted: false, focus: "field-subject" });
}

function card(v) {
  const open = v.state === "running" || v.state === "planned";
  const next = v.next ?? (v.state === "planned" ? v : null);
  return h("article", { class: `window ${v.state}`, "data-key": v.id, "data-window": v.id },
    h("h3", {}, v.title || w("maintenance")),
    h("p", { class: "meta" }, badge(STATE[v.state], w(`window_${v.state}`)), h("span", {}, `${inWords(v.starts_at)} – ${inWords(v.ends_at)}`), h("code", {}, v.id)),
    v.rrule ? h("p", { class: "small soft" }, [w("repeats", { rule: w(REPEATS[v.rrule] ?? v.rrule) }), next ? w("nextTime", { at: inWords(next.starts_at) }) : ""].filter(Boolean).join(" · ")) : null,
    h("ul", { class: "chips" }, v.subjects.map((c) => h("li", { class: "chip" }, `${w(c.kind)}: ${c.name}`))),
    v.note ? h("p", {}, v.note) : null,
    v.holds.length ? h("p", { class: "warn" }, symbol("degraded"), h("span", {}, w("holds"), " ", v.holds.map((i, n) => [n ? ", " : "", h("a", { href: `/incident/${quoted(i)}` }, i)]))) : null,
    h("p", { class: "who" }, h("span", { class: "soft small" }, v.created_by ? w("plannedBy", { who: v.created_by }) : ""),
      open && may("plan") ? h("button", { type: "button", "data-do": "cancelWindow", "data-id": v.id, "data-name": v.title }, w(v.state === "running" ? "endNow" : "cancelMaintenance"),
        h("span", { class: "hidden" }, `: ${v.title}`)) : null));
}

// --- planning

const FIELDS = () => {
  const start = Math.ceil((nowMs() + 3_600_000) / 3_600_000) * 3_600_000;
  return [
    { name: "title", label: w("whatIsDone"), required: true, most: 200 },
    ...whoField(),
    { name: "starts_at", label: w("starts", { zone: zoneShort() }), type: "datetime-local", required: true, value: inZone(start) },
    { name: "ends_at", label: w("ends", { zone: zoneShort() }), type: "datetime-local", required: true, value: inZone(start + 7_200_000) },
    { name: "rrule", label: w("repeat"), options: Object.entries(REPEATS).map(([rule, word]) => [rule, w(word)]) },
    { name: "note", label: w("noteLabel"), most: 2000 },
  ];
};

function choices(topology, providers) {
  const one = (kind, x, detail) => ({ key: `${kind}:${x.id}`, name: x.name ?? x.id, detail: `${w(kind)}${detail ? ` · ${detail}` : ""}`, text: `${x.name ?? ""} ${x.id} ${x.circuit_id ?? ""}`.toLocaleLowerCase("id") });
  return [...topology.links.map((l) => one("link", l, l.circuit_id)), ...topology.devices.map((d) => one("device", d, names.get(d.office))),
    ...topology.risk_groups.map((g) => one("risk_group", g)), ...topology.offices.map((o) => one("office", o, o.kecamatan)), ...providers.map((p) => one("provider", p))];
}

function found(all) {
  const words = plan.typed.toLocaleLowerCase("id").split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  return all.filter((c) => words.every((word) => c.text.includes(word)) && !plan.subjects.some((s) => s.key === c.key));
}

function form(data) {
  const list = found(data.choices);
  const labelled = (f) => h("label", { "data-key": f.name }, h("span", {}, f.label), field({ ...f, describedBy: "plan-error" }));
  const [title, ...others] = FIELDS();
  return h("section", { class: "panel plan-form", id: "plan-form", "data-key": "form", "aria-labelledby": "plan-title" },
    h("h2", { id: "plan-title" }, w("planIt")),
    labelled(title),
    h("div", { class: "subjects", "data-key": "subjects" },
      h("label", {}, h("span", {}, w("worksOn")), h("input", { id: "field-subject", type: "search", autocomplete: "off", placeholder: w("worksOnHint"), "aria-describedby": "plan-error" })),
      h("ul", { class: "results" }, list.slice(0, SHOWN).map((c) => h("li", { "data-key": c.key },
        h("button", { type: "button", class: "plain choice", "data-do": "addSubject", "data-subject": c.key, "data-name": c.name }, h("span", {}, c.name, h("small", {}, c.detail))))),
        list.length > SHOWN ? h("li", { class: "soft small" }, w("andMore", { n: list.length - SHOWN })) : null,
        plan.typed.trim() && !list.length ? h("li", { class: "soft small" }, w("noneFound", { text: plan.typed.trim() })) : null),
      plan.subjects.length ? h("ul", { class: "chips" }, plan.subjects.map((s) => h("li", { "data-key": s.key },
        h("button", { type: "button", class: "chip", "data-do": "dropSubject", "data-subject": s.key, "aria-label": w("remove", { name: s.name }) }, s.name, h("span", { "aria-hidden": "true" }, "✕"))))) : null),
    h("div", { class: "fields", "data-key": "fields" }, others.map(labelled)),
    plan.preview ? impact(plan.preview) : null,
    h("p", { class: "error", id: "plan-error", role: "alert", "data-key": "error" }, plan.error),
    h("p", { class: "buttons", "data-key": "buttons" },
      h("button", { type: "button", "data-do": "planClose" }, w("cancel")),
      h("button", { type: "button", class: plan.preview ? null : "strong", "data-do": "preview", disabled: plan.busy }, w("lookAhead")),
      plan.preview ? h("button", { type: "button", class: "strong", "data-do": "plan", disabled: plan.busy || (plan.preview.cut.length > 0 && !plan.accepted) }, w("planIt")) : null));
}

function impact(p) {
  const list = (ids) => h("ul", { class: "offices" }, ids.map((o) => h("li", {}, h("a", { href: `/office/${quoted(o)}`, target: "_blank", rel: "noopener" }, names.get(o) ?? o))));
  const lost = p.applications.filter((a) => a.lost_by.length);
  return h("div", { class: `impact ${p.cut.length ? "cut" : p.degraded.length ? "degraded" : "connected"}`, "data-key": "impact", role: "status" },
    h("h3", {}, symbol(p.cut.length ? "cut" : p.degraded.length ? "degraded" : "connected"), " ",
      p.cut.length ? w("wouldCut", { n: p.cut.length }) : p.degraded.length ? w("wouldDegrade", { n: p.degraded.length }) : w("wouldDoNothing")),
    p.cut.length ? list(p.cut) : null,
    p.cut.length && p.degraded.length ? h("p", { class: "small" }, w("wouldDegrade", { n: p.degraded.length })) : null,
    p.degraded.length ? list(p.degraded) : null,
    lost.length ? h("p", { class: "small" }, w("wouldLose", { names: lost.map((a) => `${a.id} (${a.lost_by.length})`).join(", ") })) : null,
    p.overlaps.length ? h("p", { class: "small warn" }, symbol("degraded"), w("overlaps", { ids: p.overlaps.join(", ") })) : null,
    h("p", { class: "small soft" }, p.times.map((t) => inWords(t.starts_at)).join(" · ")),
    p.cut.length ? h("label", { class: "check" }, h("input", { type: "checkbox", id: "accept-cut" }), h("span", {}, w("acceptCut", { n: p.cut.length }))) : null);
}

async function attempt(board, work) {
  Object.assign(plan, { busy: true, error: "" });
  try {
    await work();
  } catch (error) {
    if (error.status === 401) board.refresh();
    plan.error = error.message;
  }
  plan.busy = false;
  board.draw();
}

function body() {
  const errors = byId("plan-error");
  const given = filled(FIELDS(), "plan-error");
  if (!given) {
    plan.error = errors.textContent;
    return null;
  }
  if (!plan.subjects.length) {
    Object.assign(plan, { error: w("noSubject"), focus: "field-subject" });
    return null;
  }
  return { ...given, starts_at: atZone(given.starts_at), ends_at: atZone(given.ends_at), subjects: plan.subjects.map((s) => s.key) };
}

function look(board) {
  const asked = body();
  if (!asked) return;
  attempt(board, async () => {
    plan.preview = await send("/maintenance/preview", asked);
    [plan.body, plan.accepted] = [asked, false];
    const box = byId("accept-cut");
    if (box) box.checked = false;
  });
}

/** Exactly what was looked at is planned. */
function book(board) {
  attempt(board, async () => {
    await send("/maintenance", { ...plan.body, accept_cut: plan.accepted });
    plan = { ...EMPTY };
    board.refresh();
  });
}
