// Numbers and moments as people read them, in the page's language and the network's own time zone.

import { getLanguage, w } from "./words.js";

let zone = "Asia/Makassar";

export function setZone(name) {
  try {
    new Intl.DateTimeFormat("id", { timeZone: name });
    zone = name;
  } catch {
    // A zone this browser does not know: the default stays.
  }
}

export const zoneName = () => zone;

const LOCALE = { id: "id-ID", en: "en-GB" };
const made = new Map();

function formatter(kind, options) {
  const key = `${kind}${getLanguage()}${zone}`;
  if (!made.has(key)) made.set(key, new Intl.DateTimeFormat(LOCALE[getLanguage()], { timeZone: zone, ...options }));
  return made.get(key);
}

const milliseconds = (moment) => (typeof moment === "number" ? moment : Date.parse(moment));

/** "21 Nov 2026, 14.05 WITA". */
export function moment(at) {
  return formatter("m", {
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
  }).format(milliseconds(at));
}

/** "21 Nov 14.05". */
export function shortMoment(at) {
  return formatter("s", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }).format(milliseconds(at));
}

/** "21 Nov". */
export function shortDay(at) {
  return formatter("sd", { day: "numeric", month: "short" }).format(milliseconds(at));
}

/** "14.05.22". */
export function clock(at) {
  return formatter("c", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(milliseconds(at));
}

export function hourMinute(at) {
  return formatter("h", { hour: "2-digit", minute: "2-digit" }).format(milliseconds(at));
}

/** "Sabtu, 21 November 2026". */
export function longDay(at) {
  return formatter("l", { weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(milliseconds(at));
}

export function month(at) {
  return formatter("mo", { month: "long", year: "numeric" }).format(milliseconds(at));
}

/** "2026-11" of the network's own calendar. */
export function monthKey(at) {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, year: "numeric", month: "2-digit" }).formatToParts(at);
  const part = (type) => parts.find((p) => p.type === type).value;
  return `${part("year")}-${part("month")}`;
}

export function day(isoDate) {
  return new Date(`${isoDate}T00:00:00Z`).toLocaleDateString(LOCALE[getLanguage()], {
    day: "numeric", month: "short", year: "numeric", timeZone: "UTC",
  });
}

const UNITS = [["d", 86400], ["hr", 3600], ["min", 60], ["sec", 1]];

/** The two largest units: "3 menit 12 detik". */
export function duration(seconds) {
  let left = Math.max(0, Math.round(seconds));
  const parts = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count) parts.push(`${count} ${w(unit)}`);
    else if (parts.length) break;
  }
  return parts.slice(0, 2).join(" ") || `0 ${w("sec")}`;
}

/** From a minute on, the largest unit only: what the wall says. */
export function roughDuration(seconds) {
  const [unit, size] = UNITS.find(([, s]) => seconds >= s) ?? UNITS[3];
  return `${Math.floor(seconds / size)} ${w(unit)}`;
}

export function number(value, digits = 0) {
  return value.toLocaleString(LOCALE[getLanguage()], { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function percent(ratio, digits = 2) {
  // Never rounded up to a hundred: 99.999 is not all.
  const factor = 10 ** (digits + 2);
  return `${number(Math.floor(ratio * factor + 1e-9) / 10 ** digits, digits)} %`;
}

const PREFIXES = ["", "k", "M", "G", "T"];

export function bitRate(bps) {
  let [value, step] = [bps, 0];
  while (value >= 1000 && step < PREFIXES.length - 1) [value, step] = [value / 1000, step + 1];
  return `${number(value, value < 10 && step ? 1 : 0)} ${PREFIXES[step]}bit/s`;
}

export function length(meters) {
  return meters >= 1000 ? `${number(meters / 1000, 1)} km` : `${number(meters)} m`;
}

/** "WITA". */
export function zoneShort() {
  return new Intl.DateTimeFormat("id-ID", { timeZone: zone, timeZoneName: "short" }).formatToParts(0).find((p) => p.type === "timeZoneName").value;
}

/** "2026-11-22T09:00", as fields for a date and a time have it: in the network's zone, not the browser's. */
export function inZone(at) {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" }).formatToParts(at);
  const part = (type) => parts.find((p) => p.type === type).value;
  return `${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}`;
}

/** The other way: ISO 8601 in UTC. */
export function atZone(text) {
  const wanted = Date.parse(`${text}Z`);
  const shift = (at) => Date.parse(`${inZone(at)}Z`) - at;
  const first = wanted - shift(wanted - (wanted % 60_000));
  return new Date(wanted - shift(first)).toISOString();
}

/** "Nov" of "2026-11". */
export function shortMonth(key) {
  return new Date(`${key}-01T00:00:00Z`).toLocaleDateString(LOCALE[getLanguage()], { month: "short", year: key.endsWith("-01") ? "2-digit" : undefined, timeZone: "UTC" });
}
