// Lines over time (uPlot): measured values with their limits, in the page's own colours.

import { clock, hourMinute, shortDay, zoneName } from "../format.js";
import { getLanguage, w } from "../words.js";

let library = null;

function load() {
  library ??= new Promise((resolve, reject) => {
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/static/vendor/uplot/uPlot.min.css" });
    const script = Object.assign(document.createElement("script"), { src: "/static/vendor/uplot/uPlot.iife.min.js" });
    script.onload = () => resolve(window.uPlot);
    script.onerror = () => { library = null; reject(new Error("uPlot")); };
    document.head.append(style, script);
  });
  return library;
}

const charts = new Map(); // host element -> {chart, key}

/** Many series, each with its own times, on one axis; where nothing was measured for a while, the line breaks. */
export function align(series, everyS) {
  const rows = series.map((s) => withGaps(s.points.map(([at, value]) => [Math.round(Date.parse(at) / 1000), value]), everyS));
  const times = [...new Set(rows.flatMap((points) => points.map(([t]) => t)))].sort((a, b) => a - b);
  const place = new Map(times.map((t, i) => [t, i]));
  return [times, ...rows.map((points) => {
    const row = new Array(times.length).fill(undefined); // undefined: not this line's moment; null: a gap
    for (const [t, value] of points) row[place.get(t)] = value;
    return row;
  })];
}

function withGaps(points, everyS) {
  return points.flatMap(([t, value], i) => (i && t - points[i - 1][0] > 2.5 * everyS ? [[t - everyS, null], [t, value]] : [[t, value]]));
}

/**
 * `series`: [{name, points: [[iso, value|null]], color}], `limits`: [{value, label}], `format(value)`, `everyS`: the period.
 * Values are read by a screen reader from the text beside the chart, not from the canvas.
 */
export async function drawChart(host, { series, everyS, limits = [], format, min = null, max = null }) {
  const UPlot = await load();
  if (!host.isConnected) return;
  const css = getComputedStyle(document.documentElement);
  const color = (name) => resolved(host, `var(--${name})`);
  const key = JSON.stringify([series.map((s) => [s.name, s.points.length, s.points.at(-1)]), limits, series.map((s) => s.dark?.length), host.clientWidth, css.colorScheme, matchMedia("(prefers-color-scheme: dark)").matches, document.documentElement.dataset.theme, getLanguage()]);
  const old = charts.get(host);
  if (old?.key === key) return;
  old?.chart.destroy();
  const data = align(series, everyS);
  const dark = joined(series.flatMap((s) => s.dark ?? []));
  const values = [...data.slice(1).flat().filter(Number.isFinite), ...limits.map((l) => l.value)];
  if (!values.length) values.push(-30, 0); // dark all the time
  const [low, high] = [min ?? Math.min(...values), max ?? Math.max(...values)];
  const pad = Math.max((high - low) * 0.12, 0.5);
  const axis = { stroke: color("soft"), grid: { stroke: color("line"), width: 1 }, ticks: { stroke: color("line"), width: 1 }, font: "12px system-ui, sans-serif" };
  const chart = new UPlot({
    width: host.clientWidth, height: 220, padding: [10, 30, 0, 0], tzDate: (t) => UPlot.tzDate(new Date(t * 1000), zoneName()), legend: { show: series.length > 1 }, cursor: { drag: { x: false, y: false } },
    scales: { y: { range: [min ?? low - pad, max ?? high + pad] } },
    axes: [
      { ...axis, values: (_, ticks) => ticks.map((t) => tickText(t, data[0])), space: 70 },
      { ...axis, values: (_, ticks) => ticks.map((t) => format(t)), size: 76 },
    ],
    series: [{ label: w("moment"), value: (_, t) => (t === null ? "–" : `${shortDay(t * 1000)} ${clock(t * 1000)}`) }, ...series.map((s, i) => ({
      label: s.name, stroke: color(["accent", "unknown", "degraded", "connected"][i % 4]), width: 2, spanGaps: false, dash: i >= 4 ? [6, 4] : undefined,
      points: { show: data[0].length < 40 }, value: (_, v) => (Number.isFinite(v) ? format(v) : "–"),
    }))],
    hooks: { drawClear: [(u) => drawDark(u, dark, color("soft"))], draw: [(u) => drawLimits(u, limits, color("cut"))] },
  }, data, host);
  charts.set(host, { chart, key });
}

export function dropCharts() {
  for (const { chart } of charts.values()) chart.destroy();
  charts.clear();
}

function tickText(seconds, times) {
  const span = times.at(-1) - times[0];
  if (span > 2 * 86400) return shortDay(seconds * 1000);
  return span > 1800 ? hourMinute(seconds * 1000) : clock(seconds * 1000);
}

/** light-dark() and color-mix() as the canvas understands them. */
function resolved(host, value) {
  const probe = document.createElement("i");
  probe.style.color = value;
  host.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}

function joined(spans) {
  const whole = [];
  for (const [since, until] of [...spans].sort(([a], [b]) => a - b)) {
    const last = whole.at(-1);
    if (last && since <= last[1]) last[1] = Math.max(last[1], until);
    else whole.push([since, until]);
  }
  return whole;
}

/** Where a port had no light, there is no value: the time is shaded and says so. */
function drawDark(u, spans, color) {
  const { ctx } = u;
  const { left, width, top, height } = u.bbox;
  ctx.save();
  ctx.fillStyle = color;
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  for (const [since, until] of spans) {
    const [from, to] = [since, until].map((t) => Math.min(left + width, Math.max(left, u.valToPos(t / 1000, "x", true))));
    ctx.globalAlpha = 0.16;
    ctx.fillRect(from, top, Math.max(1, to - from), height);
    ctx.globalAlpha = 1;
    if (to - from > 40 * devicePixelRatio) ctx.fillText(w("dark"), from + 4 * devicePixelRatio, top + height - 6 * devicePixelRatio);
  }
  ctx.restore();
}

function drawLimits(u, limits, color) {
  const { ctx } = u;
  const { left, width, top, height } = u.bbox;
  ctx.save();
  ctx.textAlign = "left";
  ctx.strokeStyle = color;
  ctx.fillStyle = color;
  ctx.setLineDash([6 * devicePixelRatio, 5 * devicePixelRatio]);
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  for (const { value, label } of limits) {
    const y = u.valToPos(value, "y", true);
    if (y < top || y > top + height) continue;
    ctx.beginPath();
    ctx.moveTo(left, y);
    ctx.lineTo(left + width, y);
    ctx.stroke();
    ctx.fillText(label, left + 6 * devicePixelRatio, y - 4 * devicePixelRatio);
  }
  ctx.restore();
}
