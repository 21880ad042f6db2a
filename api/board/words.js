// Every word of the board, in Indonesian and English.

const WORDS = {
  id: {
    connected: "terhubung", degraded: "terdegradasi", cut: "putus", unknown: "tidak diketahui",
    not_connected: "belum terkoneksi",
    planned: "direncanakan", surveyed: "disurvei", ordered: "dipesan", installing: "dipasang", active: "aktif",
    late: "terlambat", target: "target",
    broken: "Gangguan sekarang", nothing: "Tidak ada gangguan.", map: "Peta jaringan", places: "Per kecamatan",
    elsewhere: "Lain-lain",
    outage: "Gangguan", redundancy: "Jalur cadangan hilang", management: "Perangkat tidak dapat dikelola",
    flapping: "Naik turun", condition: "Peringatan", blindKind: "Pemantau terputus",
    critical: "kritis", major: "berat", warning: "peringatan", info: "info",
    affected: "terdampak", andMore: "dan {n} lagi", since: "selama {t}", restored: "pulih",
    nobody: "belum ada yang menangani", takenBy: "ditangani {who}", take: "Tangani", cancel: "Batal",
    send: "Saya tangani", whoLabel: "Nama Anda", noteLabel: "Catatan (boleh kosong)", why: "Alasan",
    live: "langsung", connecting: "menyambung", stale: "Data basi: {t} tanpa kabar",
    staleVerdict: "Data basi: penilaian terakhir {t} lalu",
    blind: "Pemantau sendiri terputus dari jaringan: keadaan SKPD tidak diketahui, bukan putus.",
    first: "Menunggu penilaian pertama.", failed: "Data tidak dapat dibaca: {why}",
    linkUp: "tersambung", linkDown: "putus", linkDisabled: "dimatikan", linkUnknown: "tidak diketahui",
    language: "English", theme: { auto: "Tema: otomatis", light: "Tema: terang", dark: "Tema: gelap" },
    of: "{n} dari {m} SKPD aktif terhubung", link: "Jalur",
    d: "hari", hr: "jam", min: "menit", sec: "detik",
  },
  en: {
    connected: "connected", degraded: "degraded", cut: "cut off", unknown: "unknown",
    not_connected: "not yet connected",
    planned: "planned", surveyed: "surveyed", ordered: "ordered", installing: "installing", active: "active",
    late: "late", target: "target",
    broken: "Broken now", nothing: "Nothing is broken.", map: "Network map", places: "By kecamatan",
    elsewhere: "Elsewhere",
    outage: "Outage", redundancy: "Backup path lost", management: "Device can't be managed",
    flapping: "Up and down", condition: "Warning", blindKind: "Monitor cut off",
    critical: "critical", major: "major", warning: "warning", info: "info",
    affected: "affected", andMore: "and {n} more", since: "for {t}", restored: "restored",
    nobody: "nobody is on it yet", takenBy: "{who} is on it", take: "Take it on", cancel: "Cancel",
    send: "I'm on it", whoLabel: "Your name", noteLabel: "Note (may stay empty)", why: "Why",
    live: "live", connecting: "connecting", stale: "Stale: no news for {t}",
    staleVerdict: "Stale: the last verdict is {t} old",
    blind: "The monitor itself is cut off: the offices' state is unknown, not cut.",
    first: "Waiting for the first verdict.", failed: "The data can't be read: {why}",
    linkUp: "up", linkDown: "down", linkDisabled: "shut", linkUnknown: "unknown",
    language: "Bahasa Indonesia", theme: { auto: "Theme: auto", light: "Theme: light", dark: "Theme: dark" },
    of: "{n} of {m} active offices connected", link: "Link",
    d: "d", hr: "h", min: "min", sec: "s",
  },
};

let language = "id";

export function setLanguage(chosen) {
  language = chosen in WORDS ? chosen : "id";
  document.documentElement.lang = language;
}

export function getLanguage() {
  return language;
}

export function w(key, values = {}) {
  const text = WORDS[language][key] ?? key;
  return typeof text === "string" ? text.replace(/\{(\w+)\}/g, (_, name) => String(values[name])) : text;
}

/** The two largest units: "3 menit 12 detik". */
export function duration(seconds) {
  let left = Math.max(0, Math.round(seconds));
  const parts = [];
  for (const [unit, size] of [["d", 86400], ["hr", 3600], ["min", 60], ["sec", 1]]) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count) parts.push(`${count} ${w(unit)}`);
  }
  return parts.slice(0, 2).join(" ") || `0 ${w("sec")}`;
}

export function day(isoDate) {
  return new Date(`${isoDate}T00:00:00Z`).toLocaleDateString(language, {
    day: "numeric", month: "short", year: "numeric", timeZone: "UTC",
  });
}
