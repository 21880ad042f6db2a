// Light of fiber ports as a chart needs it: one line a port (or lane), and nothing where there is no light.

/**
 * `rx`, `light`: answers of /series/optics for the fields rx_dbm and light. Gives
 * `[{name, points: [[iso, dBm|null]], dark: [[since, until]], darkNow}]` in milliseconds. A port that reports one lane
 * only is one line, whether the lane has a number or not; a value from a dark port is no value.
 */
export function lightOf(rx, light) {
  const ports = new Map();
  const put = (answer, field) => {
    for (const s of answer?.series ?? []) {
      if (!s.points.length) continue;
      const port = `${s.tags.device} ${s.tags.if_name ?? ""}`.trim();
      if (!ports.has(port)) ports.set(port, { rx: new Map(), light: new Map() });
      ports.get(port)[field].set(s.tags.lane ?? "", s.points);
    }
  };
  put(rx, "rx");
  put(light, "light");
  return [...ports].sort(([a], [b]) => a.localeCompare(b)).flatMap(([name, found]) => lines(name, found, light?.every_s ?? rx?.every_s ?? 60));
}

function lines(name, found, everyS) {
  const lanes = [...new Set([...found.rx.keys(), ...found.light.keys()])].filter((lane) => lane !== "").sort((a, b) => a.length - b.length || a.localeCompare(b));
  if (lanes.length <= 1) return [line(name, merged(found.rx), merged(found.light), everyS)];
  return lanes.map((lane) => line(`${name} ${lane}`, found.rx.get(lane) ?? [], found.light.get(lane) ?? merged(found.light), everyS));
}

/** Several names of one thing; at one moment the named lane's value stands. */
function merged(byLane) {
  const points = new Map();
  for (const lane of [...byLane.keys()].sort()) for (const [at, value] of byLane.get(lane)) points.set(at, value);
  return [...points].sort(([a], [b]) => Date.parse(a) - Date.parse(b));
}

function line(name, rx, light, everyS) {
  const dark = [];
  for (const [at, value] of light) {
    if (value !== 0) continue;
    const t = Date.parse(at);
    const last = dark.at(-1);
    if (last && t - last[1] <= 1.5 * everyS * 1000) last[1] = t + everyS * 1000;
    else dark.push([t, t + everyS * 1000]);
  }
  const inTheDark = (t) => dark.some(([since, until]) => t >= since && t < until);
  const values = new Map([...light.map(([at]) => [at, null]), ...rx.map(([at, value]) => [at, inTheDark(Date.parse(at)) ? null : value])]);
  const points = [...values].sort(([a], [b]) => Date.parse(a) - Date.parse(b));
  return { name, points, dark, darkNow: light.at(-1)?.[1] === 0 };
}
