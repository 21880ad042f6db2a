// Bahasa Indonesia. The same keys as words-en.js.

export const ID = {
  // states
  connected: "terhubung", degraded: "terdegradasi", cut: "putus", unknown: "tidak diketahui",
  not_connected: "belum terkoneksi",
  connectedHint: "mencapai DKISP", degradedHint: "terhubung tanpa jalur cadangan", cutHint: "tidak ada jalur tersisa",
  unknownHint: "tidak ada bukti, bukan berarti putus", not_connectedHint: "dalam rencana pembangunan",
  planned: "direncanakan", surveyed: "disurvei", ordered: "dipesan", installing: "dipasang", active: "aktif",
  late: "terlambat", target: "target", phase: "tahap",
  linkUp: "tersambung", linkDown: "putus", linkDisabled: "dimatikan", linkUnknown: "tidak diketahui",
  deviceUp: "menjawab", deviceSilent: "diam", deviceShadow: "tertutup gangguan lain", deviceUnknown: "tidak diketahui",
  fiber: "serat optik", copper: "tembaga", radio: "radio", satellite: "satelit", cellular: "seluler", vpn: "VPN",
  critical: "kritis", major: "berat", warning: "peringatan", info: "info",
  outage: "Gangguan", redundancy: "Jalur cadangan hilang", management: "Perangkat tidak dapat dikelola",
  flapping: "Naik turun", condition: "Peringatan", blind: "Pemantau terputus",
  open: "terbuka", acknowledged: "ditangani", resolved: "selesai", suspected_: "menunggu kepastian",
  // shell
  home: "Beranda", topology: "Topologi", history: "Riwayat", search: "Cari", menu: "Menu", skip: "Langsung ke isi",
  notices: "Pemberitahuan", mainNav: "Halaman", theme: "Tema", themeAuto: "Tema: otomatis", themeLight: "Tema: terang", themeDark: "Tema: gelap",
  language: "English", api: "API", wall: "Layar dinding", logout: "Keluar", login: "Masuk", print: "Cetak",
  live: "langsung", connecting: "menyambung", loading: "Memuat ...",
  stale: "Data basi: tidak ada kabar dari server sejak {at} ({t})",
  staleVerdict: "Data basi: penilaian terakhir {at} ({t} yang lalu)",
  staleShort: "data basi", past: "masa lalu",
  blindNotice: "Pemantau sendiri terputus dari jaringan: keadaan SKPD tidak diketahui, bukan putus.",
  first: "Menunggu penilaian pertama: belum ada yang diketahui.",
  of: "{n} dari {m}", allOf: "{n}", link: "Jalur", office: "SKPD", offices: "SKPD", device: "Perangkat",
  provider: "Penyedia", incident: "Gangguan", application: "Aplikasi", risk_group: "Kelompok risiko",
  d: "hari", hr: "jam", min: "menit", sec: "detik", justNow: "baru saja",
  // home
  calm: "Semua SKPD yang aktif terhubung", calmMore: "Tidak ada gangguan.",
  broken: "Gangguan sekarang", brokenThen: "Gangguan saat itu", nothing: "Tidak ada gangguan.", map: "Peta Kabupaten Paser",
  mapSchematic: "Batas kecamatan skematis", places: "Per kecamatan", elsewhere: "Lain-lain", townInset: "Kota {name}",
  connectedOf: "{n} dari {m} SKPD aktif terhubung", noOffices: "Belum ada SKPD dalam inventaris.",
  affected: "{n} SKPD terdampak", cutN: "{n} SKPD putus", degradedN: "{n} SKPD tanpa jalur cadangan",
  andMore: "dan {n} lagi", since: "sudah {t}", lasted: "selama {t}",
  nobody: "Belum ada yang menangani", takenBy: "Ditangani {who}", assignedTo: "Ditugaskan kepada {who}",
  take: "Tangani", details: "Rincian", showAll: "Tampilkan semua ({n})", filter: "Saring SKPD",
  zoomIn: "Perbesar peta", zoomOut: "Perkecil peta", zoomAll: "Seluruh peta", nOffices: "{n} SKPD",
  // taking on
  cancel: "Batal", sendTake: "Saya tangani", whoLabel: "Nama Anda", noteLabel: "Catatan (boleh kosong)",
  comment: "Catatan", sendComment: "Simpan catatan", assign: "Tugaskan", assignee: "Petugas", sendAssign: "Tugaskan",
  ticket: "Tiket penyedia", ticketNumber: "Nomor tiket", sendTicket: "Simpan tiket", needed: "Wajib diisi.",
  // incident
  why: "Alasan", timeline: "Urutan kejadian", alternatives: "Penjelasan lain yang mungkin", confidence: "keyakinan {p}",
  began: "Mulai", ended: "Selesai", explains: "Dijelaskan oleh ini", blamed: "Penyebab", ongoing: "masih berlangsung",
  symptoms: "{n} perangkat atau jalur lain diam karena ini",
  // what happened to an incident
  did_suspected: "diduga", did_opened: "dibuka", did_grew: "meluas", did_shrank: "mengecil", did_reattributed: "penyebab diperbarui",
  did_severity: "tingkat berubah", did_acknowledged: "ditangani", did_commented: "catatan", did_resolved: "selesai", did_reopened: "terjadi lagi",
  did_merged: "digabung", did_split: "dipisah", did_assigned: "ditugaskan", did_ticketed: "tiket dicatat", did_connected: "SKPD tersambung", did_lapsed: "gugur",
  // office
  pathToHub: "Jalur ke pusat", sparePath: "Jalur cadangan", noSpare: "Tidak ada jalur cadangan: satu kerusakan cukup untuk memutusnya.",
  noPath: "Tidak ada jalur yang tersisa.", isHub: "Ini pusat jaringan.", pathsLeft: "{n} dari {m} jalur mandiri tersisa",
  sharedRisk: "melalui bagian yang sama: {names}", optics: "Daya terima optik", opticsHint: "dBm di kedua ujung; garis putus-putus: batas",
  latency: "Waktu tanggap dan kehilangan paket", rtt: "waktu tanggap", loss: "kehilangan", noSeries: "Belum ada pengukuran untuk rentang ini.",
  lowLimit: "batas bawah", highLimit: "batas atas", noFiber: "SKPD ini tidak punya serat optik yang diukur.",
  sla: "Layanan bulan ini", availability: "ketersediaan", outages: "gangguan > 300 detik", restitution: "restitusi", unknownTime: "tidak diketahui",
  contacts: "Kontak", appsLost: "Aplikasi yang tidak dapat dicapai", appsFine: "Semua aplikasi dapat dicapai.", equipment: "Perangkat",
  noIncidents: "Tidak ada gangguan dalam 31 hari terakhir.", recent: "Gangguan 31 hari terakhir", priority: "prioritas {n}", plan: "Rencana",
  call: "Telepon", current: "sekarang {v}", lowest: "terendah {v}", noMeasure: "tanpa pengukuran",
  noFit: "Beban puncak hari ini {load} tidak muat di jalur cadangan: tersisa {free}.", fits: "Beban puncak hari ini {load} muat di jalur cadangan: tersisa {free}.", notTold: "Server ini belum mengenal perjalanan waktu: yang tampak adalah keadaan sekarang.", notWatched: "Saat itu Ronda tidak berjalan, atau catatannya tidak sejauh itu: keadaannya tidak diketahui.",
  fullReport: "Laporan lengkap untuk dicetak", meets: "sesuai kontrak", misses: "di bawah kontrak",
  // provider
  circuits: "Sirkit", circuit: "sirkit", itsOffices: "SKPD yang dilayani", rollout: "Rencana koneksi", medium: "Media", condition_: "Keadaan",
  name: "Nama", capacity: "Kapasitas", length: "Panjang", noCircuits: "Tidak ada sirkit.", noRollout: "Tidak ada SKPD yang menunggu.",
  contract: "kontrak {p}", state: "Keadaan", slaOfProvider: "Layanan bulan ini per SKPD", agreed: "dijanjikan",
  // topology
  cause: "Akar masalah", causes: "Akar masalah", noCause: "Tidak ada gangguan yang perlu dijelaskan.", shadows: "tertutup gangguan",
  asTable: "Sebagai tabel", fit: "Seluruh gambar", showCause: "Tunjukkan penyebab", hub: "pusat", topologyHint: "Geser untuk memindahkan, cubit atau roda untuk memperbesar.",
  cutOffices: "SKPD putus", neighbours: "Tersambung dengan", legend: "Arti tanda", suspected: "penyebab", either: "atau",
  // time travel
  timeTravel: "Perjalanan waktu", pastIs: "Ini keadaan masa lalu: {at}", toNow: "Kembali ke sekarang", play: "Putar", pause: "Jeda", speed: "Kecepatan",
  last1: "1 jam", last24: "24 jam", last7: "7 hari", last31: "31 hari", range: "Rentang", moment: "Saat", changes: "{n} perubahan", back: "Mundur ke perubahan sebelumnya",
  forward: "Maju ke perubahan berikutnya", close: "Tutup", noHistory: "Belum ada perubahan dalam rentang ini.", perSecond: "{t} per detik", partial: "hanya sebagian",
  pastCannot: "Server tidak mengenal saat ini: {why}",
  // search
  searchWhat: "Cari SKPD, jalur, sirkit, perangkat, penyedia", noneFound: "Tidak ada yang cocok dengan “{text}”.", found: "{n} hasil",
  // trouble
  failed: "Data tidak dapat dibaca", offline: "Server tidak dapat dicapai. Yang tampak di bawah adalah keadaan terakhir yang diketahui.",
  e0: "Server tidak dapat dicapai.", e403: "Peran Anda tidak boleh melihat ini.", e404: "Tidak ada di sini: mungkin sudah dihapus, atau alamatnya keliru.",
  e429: "Terlalu banyak permintaan.", e500: "Ada kesalahan pada server; sudah dicatat.", e503: "Catatan belum dapat dibaca.", again: "Coba lagi",
  againIn: "Mencoba lagi dalam {t}.", toHome: "Ke beranda",
  // login
  loginTitle: "Masuk ke Ronda", token: "Token", loginHint: "Tempelkan token dari pengelola (perintah: ronda token create).", wrongToken: "Token ini tidak berlaku.",
  loginWait: "Terlalu banyak percobaan. Tunggu {t}.", show: "Tampilkan", loginSend: "Masuk", crossSite: "Masuk ditolak: buka halaman ini langsung dari alamat server.",
  // announcements
  sayNew: "Gangguan baru: {what}. {n} SKPD terdampak.", sayNewMany: "{n} gangguan baru.", sayOver: "Pulih: {what}.", sayOverMany: "{n} gangguan pulih.",
  // wall
  wallOf: "dari {m} kantor terhubung", wallCalm: "Semua kantor terhubung", wallCut1: "1 kantor terputus", wallCutN: "{n} kantor terputus",
  wallBlind: "Keadaan kantor belum dapat dipastikan", wallFirst: "Sedang memeriksa semua kantor", wallDegraded: "tanpa jalur cadangan",
  wallUnknown: "belum ada kabar", wallWaiting: "belum terhubung", wallSince: "sudah {t}", wallNobody: "Belum ada yang menangani",
  wallTaken: "Sedang ditangani oleh {who}", wallPlaces: "Kecamatan {name}", wallStale: "LAYAR TIDAK DIPERBARUI", wallStaleSince: "sejak {at} — angka di bawah mungkin sudah berubah",
  wallStaleNever: "Server belum menjawab", wallLogin: "Layar ini perlu token. Buka alamat: /wall#token=…", wallCutTitle: "Yang terputus", wallPage: "{n} dari {m}",
  wallLate: "{n} terlambat dari rencana", wallUnknownN: "{n} kantor belum ada kabar", wallDegradedN: "{n} kantor tanpa jalur cadangan", wallAlsoOf: "dan {n} kantor lain",
};
