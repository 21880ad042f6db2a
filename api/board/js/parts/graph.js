// The topology as a drawing: a tidy tree from the hub outwards, which a person can follow with a finger.
// Pure: from the API's answer to places and roles.

import { clusters } from "./clusters.js";

const SIDED = 160; // leaves that still fit as two columns; more go in discs
const ROW = 46;
const COLUMN = 160;

/**
 * `{places, areas}`. A place for every device: `Map id -> {x, y, side}` ("left", "right", "above", or "" for below: where its name goes). The hub is in
 * the middle and every hop a step outwards. Deterministic: the same network looks the same tomorrow.
 */
export function layout(topology) {
  const tree = spanning(topology);
  const leaves = tree.tops.reduce((sum, id) => sum + tree.leaves.get(id), 0);
  return leaves <= SIDED ? { places: sided(tree), areas: [] } : clusters(topology, tree);
}

/** The tree of shortest ways from the hub; what hangs on nothing known is a top of its own, far out. */
function spanning(topology) {
  const near = new Map(topology.devices.map((d) => [d.id, []]));
  for (const l of topology.links) {
    if (!near.has(l.a.device) || !near.has(l.b.device)) continue; // an end that is not ours to see
    near.get(l.a.device).push(l.b.device);
    near.get(l.b.device).push(l.a.device);
  }
  const hubs = new Set(topology.hubs);
  const atHub = topology.devices.filter((d) => hubs.has(d.office));
  const cores = atHub.filter((d) => d.role === "core");
  const roots = (cores.length ? cores : atHub.slice(0, 1)).map((d) => d.id);
  const depth = new Map(roots.map((id) => [id, 0]));
  const children = new Map();
  let ring = roots;
  while (ring.length) {
    const next = [];
    for (const id of ring) {
      for (const other of [...near.get(id)].sort()) {
        if (depth.has(other)) continue;
        depth.set(other, depth.get(id) + 1);
        children.set(id, [...(children.get(id) ?? []), other]);
        next.push(other);
      }
    }
    ring = next;
  }
  const deepest = Math.max(0, ...depth.values());
  const islands = topology.devices.filter((d) => !depth.has(d.id)).map((d) => d.id);
  for (const id of islands) depth.set(id, deepest + 1);
  const leaves = new Map();
  const count = (id) => {
    const n = (children.get(id) ?? []).reduce((sum, c) => sum + count(c), 0) || 1;
    leaves.set(id, n);
    return n;
  };
  const tops = [...roots, ...islands];
  tops.forEach(count);
  return { roots, tops, depth, children, leaves };
}

/** Two columns of branches, like a mind map: every leaf has a row of its own, so no name hides another. */
function sided({ roots, tops, depth, children, leaves }) {
  const places = new Map();
  const next = { left: 0, right: 0 };
  const sign = { left: -1, right: 1 };
  const shift = roots.length > 1 ? 0.35 : 0;
  const set = (id, side) => {
    const below = children.get(id) ?? [];
    const x = sign[side] * (depth.get(id) + shift) * COLUMN;
    if (!below.length) places.set(id, { x, y: (next[side] += 1) * ROW, side });
    else {
      const ys = below.map((c) => set(c, side));
      places.set(id, { x, y: (Math.min(...ys) + Math.max(...ys)) / 2, side: "above" });
    }
    return places.get(id).y;
  };
  const lighter = () => (next.left <= next.right ? "left" : "right");
  const heavyFirst = (ids) => [...ids].sort((a, b) => leaves.get(b) - leaves.get(a));
  if (roots.length > 1) heavyFirst(tops).forEach((id) => set(id, lighter()));
  else {
    for (const id of heavyFirst(tops.flatMap((t) => (t === roots[0] ? (children.get(t) ?? []) : [t])))) set(id, lighter());
    if (roots.length) places.set(roots[0], { x: 0, y: 0, side: "above" });
  }
  // Both sides have the same middle.
  const middle = { left: (next.left * ROW) / 2, right: (next.right * ROW) / 2 };
  for (const p of places.values()) p.y -= p.x === 0 ? 0 : middle[p.x < 0 ? "left" : "right"];
  return places;
}

const key = (c) => `${c.kind}:${c.id}`;

/**
 * Who is to blame and who is only behind it. `{blamed: Set, shadow: Set}` of "kind:id"; a risk group that is
 * blamed blames its links and devices, too.
 */
export function roles(topology, only = null) {
  const blamed = new Set();
  const shadow = new Set();
  const groups = new Map(topology.risk_groups.map((g) => [g.id, g]));
  for (const cause of topology.causes.filter((c) => c.rank === 1 && (!only || c.group === only))) {
    for (const c of cause.components) {
      blamed.add(key(c));
      const group = groups.get(c.id);
      if (!["link", "device", "office"].includes(c.kind) && group) {
        for (const id of group.links) blamed.add(`link:${id}`);
        for (const id of group.devices) blamed.add(`device:${id}`);
      }
    }
    for (const c of cause.explains) shadow.add(key(c));
    const lost = new Set(cause.cut);
    for (const d of topology.devices) if (lost.has(d.office)) shadow.add(`device:${d.id}`);
  }
  for (const id of blamed) shadow.delete(id);
  return { blamed, shadow };
}
