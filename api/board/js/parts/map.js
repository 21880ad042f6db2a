// The network where it stands: kecamatan, offices, links; the seat of the regency, where most offices are a
// few streets apart, under a lens of its own.

import { s } from "../dom.js";
import { w } from "../words.js";
import { box, clusters, fan, overlap, projection, spread } from "./geometry.js";
import { LINK_WORDS, mark, worst } from "./marks.js";

const WIDTH = 760;
const MARGIN = 14;
const LENS = 300; // the lens's side
const FANNED = 3; // more offices in one place become a number
const SPREAD_MOST = 60;

let borders = null;

/** Resolves when the borders are here; without them (another regency) the map is drawn from the offices alone. */
export async function loadBorders() {
  if (borders) return;
  try {
    borders = (await (await fetch("/static/data/paser.geojson")).json()).features;
  } catch {
    borders = [];
  }
}

const where = (o) => [o.location.longitude_deg, o.location.latitude_deg];

/**
 * `view`: {zoom, x, y} in units of the drawing. `widthPx`, `heightPx`: what it may take on the screen, so that
 * marks and letters keep their size there.
 */
export function drawMap(topology, { widthPx, heightPx, view = { zoom: 1, x: 0, y: 0 }, label }) {
  const placed = topology.offices.filter((o) => o.location);
  if (!placed.length) return null;
  const areas = bordersOf(placed);
  const outline = areas.length ? areas.flatMap((f) => f.geometry.coordinates[0]) : placed.map(where);
  const whole = projection(outline, WIDTH, areas.length ? MARGIN : 60);
  const seat = seatOf(topology, placed, whole);
  const lens = seat && lensFor(whole, widthPx);
  const wide = Math.max(WIDTH, lens ? lens.right + MARGIN : 0);
  const height = Math.ceil(Math.max(whole.height, lens ? lens.bottom + MARGIN : 0));
  const px = Math.max(wide / Math.max(widthPx, 200), lens && !lens.beside ? 0 : height / heightPx); // units in a pixel
  const size = 7 * Math.min(px, 2);
  const zoomed = (p) => {
    const [x, y] = whole.project(p);
    return { x: (x - view.x) * view.zoom, y: (y - view.y) * view.zoom };
  };
  const points = new Map();
  const outside = placed.filter((o) => !seat?.members.has(o.id)).map((o) => ({ office: o, ...zoomed(where(o)) }));
  const groups = clusters(byAttention(outside), size * 2.1);
  const bubbles = [];
  for (const group of groups) {
    if (group.members.length <= FANNED) for (const p of fan(group, size * 2.5)) points.set(p.office.id, p);
    else {
      bubbles.push(group);
      for (const p of group.members) points.set(p.office.id, { x: group.x, y: group.y });
    }
  }
  const marks = outside.filter((o) => !bubbles.some((b) => b.members.includes(o)))
    .map((o) => officeMark(o.office, points.get(o.office.id), size));
  const place = seat && zoomed(seat.center);
  const at = (end) => points.get(end.office) ?? (seat?.members.has(end.office) ? place : cloudAt(topology, end.device, points, seat, place));
  const inLens = lens ? drawLens(topology, seat, lens, size, place) : [];
  return s("svg", { viewBox: `0 0 ${Math.ceil(wide)} ${height}`, role: "img", "aria-label": label, class: "map-svg" },
    areas.map((f) => area(f, zoomed, topology.offices)),
    linkLines(topology.links.filter((l) => !(seat?.members.has(l.a.office) && seat.members.has(l.b.office))), at, size),
    clouds(topology, (d) => cloudAt(topology, d, points, seat, place), size, seat),
    bubbles.map((b) => bubble(b.x, b.y, b.members.map((m) => m.office), size)),
    marks,
    seat ? bubble(place.x, place.y, seat.offices, size, "seat") : null,
    inLens,
    names(topology, points, place && { ...place, name: seat.name }, lens, px, height, wide, size));
}

export function bordersOf(placed) {
  if (!borders?.length) return [];
  const known = new Set(borders.map((f) => f.properties.name));
  const here = placed.filter((o) => known.has(o.kecamatan)).length;
  return here >= placed.length / 2 ? borders : [];
}

/** The hub's kecamatan when its offices are too close together for the whole map. */
function seatOf(topology, placed, whole) {
  const hub = placed.find((o) => o.hub);
  if (!hub?.kecamatan) return null;
  const offices = placed.filter((o) => o.kecamatan === hub.kecamatan);
  if (offices.length < 6) return null;
  const xy = offices.map((o) => whole.project(where(o)));
  const extent = (axis) => Math.max(...xy.map((p) => p[axis])) - Math.min(...xy.map((p) => p[axis]));
  if (Math.max(extent(0), extent(1)) > WIDTH * 0.12) return null;
  return { name: hub.kecamatan, offices, members: new Set(offices.map((o) => o.id)), center: where(hub) };
}

/** Beside the map where there is room, below it on a phone. */
function lensFor(whole, widthPx) {
  const beside = widthPx >= 560;
  const side = beside ? LENS : WIDTH - 2 * MARGIN;
  const tall = beside ? LENS : 420;
  const left = beside ? WIDTH - 40 : MARGIN;
  const top = beside ? whole.height * 0.12 : whole.height + MARGIN;
  return { left, top, right: left + side, bottom: top + tall, side, tall, beside };
}

function drawLens(topology, seat, lens, size, place) {
  const pad = size * 3.2;
  const head = size * 3.4;
  const inner = projection(seat.offices.map(where), lens.side, pad);
  const fit = Math.min(1, (lens.tall - head - 2 * pad) / Math.max(inner.spanY, 1));
  const shiftX = (lens.side - lens.side * fit) / 2;
  const points = byAttention(seat.offices.map((office) => {
    const [x, y] = inner.project(where(office));
    return { office, x: lens.left + shiftX + x * fit, y: lens.top + head + pad + (y - pad) * fit };
  }));
  const frame = { left: lens.left + pad / 2, right: lens.right - pad / 2, top: lens.top + head + pad / 3, bottom: lens.bottom - pad / 2 };
  let bubbles = [];
  if (points.length <= SPREAD_MOST) spread(points, size * 3.1, frame);
  else bubbles = clusters(points, size * 2.6);
  const single = bubbles.length ? bubbles.filter((b) => b.members.length === 1).map((b) => b.members[0]) : points;
  const at = new Map(points.map((p) => [p.office.id, p]));
  for (const b of bubbles) for (const m of b.members) at.set(m.office.id, b);
  const find = (end) => at.get(end.office) ?? (end.office ? null : cloudAt(topology, end.device, at, null, null));
  const inside = (l) => [l.a, l.b].every((end) => (end.office ? seat.members.has(end.office) : true));
  return [
    s("path", { class: "lens-line", d: `M${place.x} ${place.y}L${lens.beside ? lens.left : (lens.left + lens.right) / 2} ${lens.beside ? (lens.top + lens.bottom) / 2 : lens.top}` }),
    s("rect", { class: "lens", x: lens.left, y: lens.top, width: lens.side, height: lens.tall, rx: 14 }),
    s("text", { class: "label", x: lens.left + pad / 2, y: lens.top + head * 0.72, "font-size": size * 1.8 }, w("townInset", { name: seat.name })),
    linkLines(topology.links.filter(inside), find, size),
    clouds(topology, (d) => cloudAt(topology, d, at, null, null), size, null, seat),
    bubbles.filter((b) => b.members.length > 1).map((b) => bubble(b.x, b.y, b.members.map((m) => m.office), size)),
    single.map((p) => officeMark(p.office, p, size)),
  ];
}

function byAttention(points) {
  return [...points].sort((a, b) => a.office.priority - b.office.priority || a.office.id.localeCompare(b.office.id));
}

function officeMark(office, p, size) {
  const shape = mark(office.connectivity, p.x, p.y, office.hub ? size * 1.35 : size, { "data-office": office.id, "data-go": `/office/${encodeURIComponent(office.id)}` });
  shape.append(s("title", {}, `${office.name}: ${w(office.connectivity)}`));
  return shape;
}

/** Many offices in one place: their number, in the colour of the worst, and how many are in trouble. */
function bubble(x, y, offices, size, extra = "") {
  const state = worst(offices.filter((o) => o.connection === "active").map((o) => o.connectivity));
  const bad = offices.filter((o) => o.connectivity === "cut").length;
  const r = size * (1.5 + Math.min(1.2, offices.length / 60));
  const text = bad ? `${bad}/${offices.length}` : String(offices.length);
  return s("g", { class: `bubble ${state} ${extra}`.trim() },
    s("circle", { cx: x, cy: y, r: Math.max(r, text.length * size * 0.55) }),
    s("text", { x, y: y + size * 0.5, "text-anchor": "middle", "font-size": size * 1.5 }, text),
    s("title", {}, w("nOffices", { n: offices.length }) + (bad ? `, ${w("cutN", { n: bad })}` : "")));
}

function area(feature, zoomed, offices) {
  const name = feature.properties.name;
  const mine = offices.filter((o) => o.kecamatan === name && o.connection === "active").map((o) => o.connectivity);
  const state = mine.length ? worst(mine) : "not_connected";
  const d = feature.geometry.coordinates[0].map((p) => zoomed(p)).map((p) => `${p.x.toFixed(1)} ${p.y.toFixed(1)}`).join("L");
  return s("path", { class: `area ${state}`, d: `M${d}Z`, "data-kecamatan": name }, s("title", {}, name));
}

function linkLines(links, at, size) {
  const drawn = new Map();
  return [...links].sort((a, b) => (a.condition === "down") - (b.condition === "down")).map((link) => {
    const [a, b] = [at(link.a), at(link.b)];
    if (!a || !b || (a.x === b.x && a.y === b.y)) return null;
    // Two links between the same two places lie beside each other.
    const pair = [a, b].map((p) => `${p.x.toFixed(0)},${p.y.toFixed(0)}`).sort().join();
    const nth = drawn.get(pair) ?? 0;
    drawn.set(pair, nth + 1);
    const long = Math.hypot(b.x - a.x, b.y - a.y);
    const off = nth * size * 0.7;
    const [ox, oy] = [(-(b.y - a.y) / long) * off, ((b.x - a.x) / long) * off];
    const [mx, my] = [(a.x + b.x) / 2 + ox, (a.y + b.y) / 2 + oy];
    return s("g", { class: `wire ${link.condition}` },
      s("line", { x1: a.x + ox, y1: a.y + oy, x2: b.x + ox, y2: b.y + oy, class: `link ${link.condition} ${link.medium}` },
        s("title", {}, `${w("link")} ${link.name ?? link.id}: ${w(LINK_WORDS[link.condition])}`)),
      link.condition === "down" ? mark("cut", mx, my, size * 0.8, { class: "broken-here" }) : null);
  });
}

/** A provider's network has no place of its own: it is drawn between what it joins. */
function cloudAt(topology, device, points, seat, place) {
  if (!device) return null; // not ours to see
  const joined = topology.links
    .flatMap((l) => (l.a.device === device ? [l.b] : l.b.device === device ? [l.a] : []))
    .map((end) => points.get(end.office) ?? (seat?.members.has(end.office) ? place : null))
    .filter(Boolean);
  if (!joined.length) return null;
  const mean = (axis) => joined.reduce((sum, p) => sum + p[axis], 0) / joined.length;
  return { x: mean("x"), y: mean("y") + 1 };
}

function clouds(topology, at, size, seat, only) {
  return topology.devices.filter((d) => !d.office).map((d) => {
    const ends = topology.links.flatMap((l) => (l.a.device === d.id ? [l.b] : l.b.device === d.id ? [l.a] : []));
    const home = only ?? seat;
    const inSeat = Boolean(home) && ends.length > 0 && ends.every((e) => home.members.has(e.office));
    if (only ? !inSeat : inSeat) return null;
    const p = at(d.id);
    return p && s("rect", { x: p.x - size * 0.8, y: p.y - size * 0.8, width: size * 1.6, height: size * 1.6, rx: size * 0.4, class: "cloud" },
      s("title", {}, d.name ?? d.id));
  });
}

/** Each kecamatan's name beside its offices, where it hides the fewest marks and names. */
function names(topology, points, seat, lens, px, height, wide, size) {
  const font = 12.5 * Math.min(px, 2.2);
  const groups = new Map();
  for (const office of topology.offices) {
    const p = points.get(office.id);
    if (p && office.kecamatan) groups.set(office.kecamatan, [...(groups.get(office.kecamatan) ?? []), p]);
  }
  if (seat) groups.set(seat.name, [seat]);
  const taken = lens ? [lens] : [];
  const marks = [...[...points.values()], ...(seat ? [seat] : [])].map((p) => box(p.x, p.y, size * 2.4, size * 2.4));
  return [...groups].map(([name, members]) => {
    const width = name.length * font * 0.58;
    const choices = candidates(members, width, size).map((c) => {
      const x = Math.min(wide - width / 2 - 4, Math.max(width / 2 + 4, c.x));
      const b = box(x, c.y, width, font * 1.1);
      return { x, y: c.y, b, hidden: marks.filter((m) => overlap(m, b)).length + 4 * taken.filter((t) => overlap(t, b)).length };
    });
    const best = choices.reduce((a, c) => (c.hidden < a.hidden ? c : a));
    taken.push(best.b);
    if (best.y < 0 || best.y > height) return null;
    return s("text", { x: best.x, y: best.y + font / 3, "font-size": font, "text-anchor": "middle", class: "label" }, name);
  });
}

function candidates(points, width, size) {
  const xs = points.map((p) => p.x);
  const ys = points.map((p) => p.y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const [midX, midY] = [(left + right) / 2, (top + bottom) / 2];
  const [side, up] = [width / 2 + size * 2, size * 2.8];
  return [
    { x: midX, y: bottom + up }, { x: midX, y: top - up }, { x: right + side, y: midY }, { x: left - side, y: midY },
    { x: right + side, y: top }, { x: left - side, y: top }, { x: right + side, y: bottom }, { x: left - side, y: bottom },
  ];
}
