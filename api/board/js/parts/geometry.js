// Where things stand on the map. Pure: numbers in, numbers out.

/** Longitude and latitude to units of a drawing that is `width` wide; equirectangular at the middle. */
export function projection(points, width, margin) {
  const lons = points.map((p) => p[0]);
  const lats = points.map((p) => p[1]);
  const [west, east, south, north] = [Math.min(...lons), Math.max(...lons), Math.min(...lats), Math.max(...lats)];
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const spanX = Math.max((east - west) * squeeze, 1e-9);
  const spanY = Math.max(north - south, 1e-9);
  // A single place, or a row of them, has no extent in one direction: the other one rules.
  const scale = (width - 2 * margin) / Math.max(spanX, spanY / 1.6, 1e-4);
  const left = (width - spanX * scale) / 2;
  const project = ([lon, lat]) => [left + (lon - west) * squeeze * scale, margin + (north - lat) * scale];
  return { project, height: spanY * scale + 2 * margin, spanX: spanX * scale, spanY: spanY * scale };
}

/** Places that would hide each other become one: `{x, y, members}`. Members keep their order. */
export function clusters(points, reach) {
  const cells = new Map();
  const found = [];
  const cell = (v) => Math.floor(v / reach);
  for (const p of points) {
    let near = null;
    for (let i = -1; i <= 1 && !near; i += 1) {
      for (let j = -1; j <= 1 && !near; j += 1) {
        near = (cells.get(`${cell(p.x) + i},${cell(p.y) + j}`) ?? []).find((c) => Math.hypot(c.x - p.x, c.y - p.y) < reach) ?? null;
      }
    }
    if (near) {
      near.members.push(p);
      continue;
    }
    near = { x: p.x, y: p.y, members: [p] };
    found.push(near);
    const key = `${cell(p.x)},${cell(p.y)}`;
    cells.set(key, [...(cells.get(key) ?? []), near]);
  }
  return found;
}

/** Few members of a cluster are put side by side instead of under one number. */
export function fan(cluster, gap) {
  const n = cluster.members.length;
  if (n === 1) return [{ ...cluster.members[0], x: cluster.x, y: cluster.y }];
  const radius = n === 2 ? gap / 2 : gap / (2 * Math.sin(Math.PI / n));
  return cluster.members.map((member, i) => {
    const angle = (2 * Math.PI * i) / n + (n === 2 ? 0.6 : -Math.PI / 2);
    return { ...member, x: cluster.x + radius * Math.cos(angle), y: cluster.y + radius * Math.sin(angle) };
  });
}

/** Pushes points apart until none is nearer than `gap` to another; they stay inside the box. For few points. */
export function spread(points, gap, box, rounds = 200) {
  for (let round = 0; round < rounds; round += 1) {
    let moved = false;
    for (let i = 0; i < points.length; i += 1) {
      for (let j = i + 1; j < points.length; j += 1) {
        const [a, b] = [points[i], points[j]];
        let [dx, dy] = [b.x - a.x, b.y - a.y];
        let distance = Math.hypot(dx, dy);
        if (distance >= gap) continue;
        if (distance < 0.01) [dx, dy, distance] = [Math.cos(i + j), Math.sin(i + j), 1];
        const push = (gap - Math.min(distance, gap)) / 2 / distance;
        a.x -= dx * push; a.y -= dy * push; b.x += dx * push; b.y += dy * push;
        moved = true;
      }
    }
    for (const p of points) {
      p.x = Math.min(box.right, Math.max(box.left, p.x));
      p.y = Math.min(box.bottom, Math.max(box.top, p.y));
    }
    if (!moved) return;
  }
}

export function box(x, y, width, height) {
  return { left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2 };
}

export function overlap(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
