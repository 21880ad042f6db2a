// The network where it stands: offices at their coordinates, moved apart where they would hide each other.

import { s } from "./dom.js";
import { w } from "./words.js";

const WIDTH = 800;
const MARGIN = 46;
const GAP = 21;
const LABEL_PX = 12; // at least so large on the screen, however small the drawing

/** A shape for each state, so that colour is never the only sign. `size` is the radius. */
export function mark(state, x, y, size) {
  const attributes = { class: `mark ${state}` };
  if (state === "cut") {
    const k = size * 0.75;
    return s("g", attributes,
      s("circle", { cx: x, cy: y, r: size * 1.25 }),
      s("path", { d: `M${x - k} ${y - k}L${x + k} ${y + k}M${x - k} ${y + k}L${x + k} ${y - k}` }));
  }
  if (state === "degraded") {
    const k = size * 1.2;
    return s("path", { ...attributes, d: `M${x} ${y - k}L${x + k} ${y + k * 0.8}L${x - k} ${y + k * 0.8}Z` });
  }
  if (state === "unknown") {
    const k = size * 1.2;
    return s("path", { ...attributes, d: `M${x} ${y - k}L${x + k} ${y}L${x} ${y + k}L${x - k} ${y}Z` });
  }
  return s("circle", { ...attributes, cx: x, cy: y, r: state === "not_connected" ? size * 0.7 : size });
}

/** Positions are found once per inventory: they only depend on coordinates and links. */
export function layout(topology) {
  const placed = topology.offices.filter((o) => o.location);
  if (!placed.length) return null;
  const midLatitude = Math.cos((placed[0].location.latitude_deg * Math.PI) / 180);
  const raw = placed.map((o) => [o.location.longitude_deg * midLatitude, -o.location.latitude_deg]);
  const xs = raw.map((p) => p[0]);
  const ys = raw.map((p) => p[1]);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const span = Math.max(right - left, (bottom - top) * 0.8, 1e-6);
  const scale = (WIDTH - 2 * MARGIN) / span;
  const points = new Map();
  placed.forEach((office, i) => {
    const x = MARGIN + (raw[i][0] - left + (span - (right - left)) / 2) * scale;
    points.set(`office:${office.id}`, { x, y: MARGIN + (raw[i][1] - top) * scale });
  });
  placeClouds(topology, points);
  spread([...points.values()]);
  return { points, height: Math.max(...[...points.values()].map((p) => p.y)) + MARGIN };
}

/** A provider's network has no place of its own: it is drawn between what it joins. */
function placeClouds(topology, points) {
  for (const device of topology.devices.filter((d) => !d.office)) {
    const joined = topology.links
      .flatMap((link) => (link.a.device === device.id ? [link.b] : link.b.device === device.id ? [link.a] : []))
      .map((end) => points.get(`office:${end.office}`))
      .filter(Boolean);
    if (!joined.length) continue;
    const mean = (axis) => joined.reduce((sum, p) => sum + p[axis], 0) / joined.length;
    points.set(`device:${device.id}`, { x: mean("x"), y: mean("y") + 1 });
  }
}

function spread(points) {
  for (let round = 0; round < 300; round += 1) {
    let moved = false;
    for (let i = 0; i < points.length; i += 1) {
      for (let j = i + 1; j < points.length; j += 1) {
        const [a, b] = [points[i], points[j]];
        let [dx, dy] = [b.x - a.x, b.y - a.y];
        let distance = Math.hypot(dx, dy);
        if (distance >= GAP) continue;
        if (distance < 0.01) [dx, dy, distance] = [Math.cos(i + j), Math.sin(i + j), 1];
        const push = (GAP - Math.min(distance, GAP)) / 2 / distance;
        a.x -= dx * push; a.y -= dy * push; b.x += dx * push; b.y += dy * push;
        moved = true;
      }
    }
    if (!moved) break;
  }
  for (const p of points) {
    p.x = Math.min(WIDTH - MARGIN / 2, Math.max(MARGIN / 2, p.x));
    p.y = Math.max(MARGIN / 2, p.y);
  }
}

export function drawMap(topology, place, widthPx) {
  const font = Math.min(30, Math.max(18, (WIDTH / (widthPx || WIDTH)) * LABEL_PX));
  const size = 6.5 * Math.sqrt(font / 18);
  const at = (end) => place.points.get(end.office ? `office:${end.office}` : `device:${end.device}`);
  const lines = topology.links
    .filter((link) => at(link.a) && at(link.b) && at(link.a) !== at(link.b))
    .map((link) => {
      const [a, b] = [at(link.a), at(link.b)];
      const words = { up: "linkUp", down: "linkDown", disabled: "linkDisabled", unknown: "linkUnknown" };
      const title = `${w("link")} ${link.name ?? link.id}: ${w(words[link.condition])}`;
      return s("line", { x1: a.x, y1: a.y, x2: b.x, y2: b.y, class: `link ${link.condition} ${link.medium}` },
        s("title", {}, title));
    });
  const clouds = topology.devices
    .filter((d) => !d.office && place.points.has(`device:${d.id}`))
    .map((d) => {
      const p = place.points.get(`device:${d.id}`);
      return s("rect", { x: p.x - 5, y: p.y - 5, width: 10, height: 10, rx: 2, class: "cloud" },
        s("title", {}, d.name ?? d.id));
    });
  const offices = topology.offices
    .filter((o) => place.points.has(`office:${o.id}`))
    .map((o) => {
      const p = place.points.get(`office:${o.id}`);
      const shape = mark(o.connectivity, p.x, p.y, o.hub ? size * 1.4 : size);
      shape.append(s("title", {}, `${o.name}: ${w(o.connectivity)}`));
      return shape;
    });
  return s("svg", { viewBox: `0 0 ${WIDTH} ${Math.ceil(place.height)}`, role: "img", "aria-labelledby": "map-title" },
    lines, clouds, offices, labels(topology, place, font));
}

/** Each kecamatan's name beside its offices, where it hides the fewest marks and names. */
function labels(topology, place, font) {
  const groups = new Map();
  for (const office of topology.offices) {
    const p = place.points.get(`office:${office.id}`);
    if (p && office.kecamatan) groups.set(office.kecamatan, [...(groups.get(office.kecamatan) ?? []), p]);
  }
  const taken = [];
  const marks = [...place.points.values()].map((p) => box(p.x, p.y, 14, 14));
  return [...groups].map(([name, points]) => {
    const width = name.length * font * 0.6;
    const choices = candidates(points, width).map((c) => {
      const x = Math.min(WIDTH - width / 2 - 4, Math.max(width / 2 + 4, c.x));
      const b = box(x, c.y, width, font);
      const hidden = marks.filter((m) => overlap(m, b)).length + 4 * taken.filter((t) => overlap(t, b)).length;
      return { x, y: c.y, b, hidden };
    });
    const best = choices.reduce((a, c) => (c.hidden < a.hidden ? c : a));
    taken.push(best.b);
    return s("text", { x: best.x, y: best.y + font / 3, "font-size": font, "text-anchor": "middle", class: "label" }, name);
  });
}

function candidates(points, width) {
  const xs = points.map((p) => p.x);
  const ys = points.map((p) => p.y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const [midX, midY] = [(left + right) / 2, (top + bottom) / 2];
  const side = width / 2 + 14;
  return [
    { x: midX, y: top - 22 }, { x: midX, y: bottom + 22 }, { x: right + side, y: midY }, { x: left - side, y: midY },
    { x: right + side, y: top }, { x: left - side, y: top }, { x: right + side, y: bottom }, { x: left - side, y: bottom },
  ];
}

function box(x, y, width, height) {
  return { left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2 };
}

function overlap(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
