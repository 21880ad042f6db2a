// A large network as a drawing: the hub in the middle, a disc for each kecamatan around it. Pure.

const STEP = 24; // between neighbours in a disc
const TURN = Math.PI * (3 - Math.sqrt(5)); // as seeds lie in a sunflower: dense, and no two at one place
const GAP = 70;

const radius = (n) => STEP * Math.sqrt(n) + 30;

function seeds(ids, x, y, places) {
  ids.forEach((id, i) => {
    const r = STEP * Math.sqrt(i);
    places.set(id, { x: x + r * Math.cos(i * TURN), y: y + r * Math.sin(i * TURN), side: "" });
  });
}

/**
 * `depth`: hops from the hub. Gives `{places: Map id -> {x, y, side}, areas: [{name, x, y, r, devices}]}`. In a disc
 * the backbone is in the middle. The same network looks the same tomorrow.
 */
export function clusters(topology, { roots, depth }) {
  const offices = new Map(topology.offices.map((o) => [o.id, o]));
  const hubs = new Set(topology.hubs);
  const middle = new Set(roots);
  const of = new Map();
  for (const d of topology.devices) {
    if (hubs.has(d.office)) middle.add(d.id);
    if (middle.has(d.id)) continue;
    const name = offices.get(d.office)?.kecamatan ?? "";
    of.set(name, [...(of.get(name) ?? []), d.id]);
  }
  const places = new Map();
  seeds([...middle], 0, 0, places);
  const groups = [...of].sort(([a], [b]) => a.localeCompare(b, "id"));
  const around = groups.reduce((sum, [, ids]) => sum + 2 * radius(ids.length) + GAP, 0);
  const most = Math.max(0, ...groups.map(([, ids]) => radius(ids.length)));
  const far = Math.max(around / (2 * Math.PI), radius(middle.size) + most + GAP);
  const areas = [];
  let at = -Math.PI / 2;
  for (const [name, ids] of groups) {
    const r = radius(ids.length);
    const share = ((2 * r + GAP) / around) * 2 * Math.PI;
    const [x, y] = [far * Math.cos(at + share / 2), far * Math.sin(at + share / 2)];
    seeds([...ids].sort((a, b) => depth.get(a) - depth.get(b) || a.localeCompare(b)), x, y, places);
    if (name) areas.push({ name, x, y, r, devices: ids });
    at += share;
  }
  return { places, areas };
}
