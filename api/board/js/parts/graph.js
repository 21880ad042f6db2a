// The topology as a drawing: a tidy tree from the hub outwards, which a person can follow with a finger.
// Pure, except for the words: from the API's answer to nodes, edges and places.

/**
 * Every device gets a place: rings around the hub by the number of hops, each branch a sector as wide as it has
 * leaves. Deterministic: the same network looks the same tomorrow. Returns Map id -> {x, y, depth, parent}.
 */
export function radial(topology) {
  const near = new Map(topology.devices.map((d) => [d.id, []]));
  for (const l of topology.links) {
    near.get(l.a.device)?.push(l.b.device);
    near.get(l.b.device)?.push(l.a.device);
  }
  const office = new Map(topology.devices.map((d) => [d.id, d.office]));
  const hubs = new Set(topology.hubs);
  const roots = topology.devices.filter((d) => hubs.has(d.office) && d.role === "core").map((d) => d.id);
  if (!roots.length) roots.push(...topology.devices.filter((d) => hubs.has(d.office)).map((d) => d.id).slice(0, 1));
  const places = new Map();
  const children = new Map();
  const grow = (starts) => {
    let ring = starts;
    for (const id of starts) places.set(id, { depth: 0, parent: null });
    for (let depth = 1; ring.length; depth += 1) {
      const next = [];
      for (const id of ring) {
        for (const other of [...near.get(id)].sort()) {
          if (places.has(other)) continue;
          places.set(other, { depth, parent: id });
          children.set(id, [...(children.get(id) ?? []), other]);
          next.push(other);
        }
      }
      ring = next;
    }
  };
  grow(roots);
  // What hangs on nothing known stands on the outermost ring.
  const islands = topology.devices.filter((d) => !places.has(d.id)).map((d) => d.id);
  const deepest = Math.max(0, ...[...places.values()].map((p) => p.depth));
  for (const id of islands) places.set(id, { depth: deepest + 1, parent: null });
  const leaves = new Map();
  const count = (id) => {
    const n = (children.get(id) ?? []).reduce((sum, c) => sum + count(c), 0) || 1;
    leaves.set(id, n);
    return n;
  };
  roots.forEach(count);
  islands.forEach((id) => leaves.set(id, 1));
  const whole = [...roots, ...islands].reduce((sum, id) => sum + leaves.get(id), 0) || 1;
  const ringGap = Math.max(130, (whole * 30) / (2 * Math.PI * Math.max(2, deepest)));
  const set = (id, from, to) => {
    const p = places.get(id);
    const angle = (from + to) / 2;
    const r = p.depth === 0 ? (roots.length > 1 ? 42 : 0) : 42 + p.depth * ringGap;
    Object.assign(p, { x: r * Math.cos(angle), y: r * Math.sin(angle) * 0.82, angle });
    let at = from;
    for (const child of children.get(id) ?? []) {
      const share = ((to - from) * leaves.get(child)) / leaves.get(id);
      set(child, at, at + share);
      at += share;
    }
  };
  let at = -Math.PI / 2;
  for (const id of [...roots, ...islands]) {
    const share = (2 * Math.PI * leaves.get(id)) / whole;
    set(id, at, at + share);
    at += share;
  }
  for (const [id, p] of places) p.office = office.get(id);
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
