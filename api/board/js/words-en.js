// English. The same keys as words-id.js.

export const EN = {
  // states
  connected: "connected", degraded: "degraded", cut: "cut off", unknown: "unknown", not_connected: "not yet connected",
  connectedHint: "reaches DKISP", degradedHint: "connected, spare path lost", cutHint: "no path is left",
  unknownHint: "no evidence, which is not down", not_connectedHint: "in the roll-out plan",
  planned: "planned", surveyed: "surveyed", ordered: "ordered", installing: "installing", active: "active",
  late: "late", target: "target", phase: "phase",
  linkUp: "up", linkDown: "down", linkDisabled: "shut", linkUnknown: "unknown",
  deviceUp: "answers", deviceSilent: "silent", deviceShadow: "behind another fault", deviceUnknown: "unknown",
  fiber: "fiber", copper: "copper", radio: "radio", satellite: "satellite", cellular: "cellular", vpn: "VPN",
  critical: "critical", major: "major", warning: "warning", info: "info",
  outage: "Outage", redundancy: "Spare path lost", management: "Device can't be managed",
  flapping: "Up and down", condition: "Warning", blind: "Monitor cut off",
  open: "open", acknowledged: "in hand", resolved: "over", suspected_: "being confirmed",
  // shell
  home: "Home", topology: "Topology", history: "History", search: "Search", menu: "Menu", skip: "Skip to content",
  notices: "Notices", mainNav: "Pages", theme: "Theme", themeAuto: "Theme: auto", themeLight: "Theme: light", themeDark: "Theme: dark",
  language: "Bahasa Indonesia", api: "API", wall: "Wall screen", logout: "Log out", login: "Log in", print: "Print",
  live: "live", connecting: "connecting", loading: "Loading ...",
  stale: "Stale: no news from the server since {at} ({t})",
  staleVerdict: "Stale: the last verdict is from {at} ({t} ago)",
  staleShort: "stale", past: "the past",
  blindNotice: "The monitor itself is cut off: the offices' state is unknown, not cut.",
  first: "Waiting for the first verdict: nothing is known yet.",
  of: "{n} of {m}", allOf: "{n}", link: "Link", office: "Office", offices: "offices", device: "Device",
  provider: "Provider", incident: "Incident", application: "Application", risk_group: "Risk group",
  d: "d", hr: "h", min: "min", sec: "s", justNow: "just now",
  // home
  calm: "Every active office is connected", calmMore: "Nothing is broken.",
  broken: "Broken now", brokenThen: "Broken then", nothing: "Nothing is broken.", map: "Map of Kabupaten Paser",
  mapSchematic: "Kecamatan borders are schematic", places: "By kecamatan", elsewhere: "Elsewhere", townInset: "{name} town",
  connectedOf: "{n} of {m} active offices connected", noOffices: "The inventory has no offices yet.",
  affected: "{n} offices affected", cutN: "{n} offices cut off", degradedN: "{n} offices without a spare path",
  andMore: "and {n} more", since: "for {t}", lasted: "for {t}",
  nobody: "Nobody is on it yet", takenBy: "{who} is on it", assignedTo: "Assigned to {who}",
  take: "Take it on", details: "Details", showAll: "Show all ({n})", filter: "Filter offices",
  zoomIn: "Zoom the map in", zoomOut: "Zoom the map out", zoomAll: "Whole map", nOffices: "{n} offices",
  // taking on
  cancel: "Cancel", sendTake: "I'm on it", whoLabel: "Your name", noteLabel: "Note (may stay empty)",
  comment: "Note", sendComment: "Save note", assign: "Assign", assignee: "To whom", sendAssign: "Assign",
  ticket: "Provider's ticket", ticketNumber: "Ticket number", sendTicket: "Save ticket", needed: "This can't stay empty.",
  // incident
  why: "Why", timeline: "What happened when", alternatives: "Other explanations", confidence: "confidence {p}",
  began: "Began", ended: "Ended", explains: "Explained by it", blamed: "Cause", ongoing: "still going on",
  symptoms: "{n} other devices or links are silent because of it",
  // what happened to an incident
  did_suspected: "suspected", did_opened: "opened", did_grew: "grew", did_shrank: "shrank", did_reattributed: "cause revised",
  did_severity: "severity changed", did_acknowledged: "taken on", did_commented: "note", did_resolved: "over", did_reopened: "came back",
  did_merged: "merged", did_split: "split off", did_assigned: "assigned", did_ticketed: "ticket noted", did_connected: "office joined", did_lapsed: "lapsed",
  // office
  pathToHub: "Path to the hub", sparePath: "Spare path", noSpare: "No spare path: one break is enough to cut it off.",
  noPath: "No path is left.", isHub: "This is the hub.", pathsLeft: "{n} of {m} disjoint paths left",
  sharedRisk: "shares: {names}", optics: "Optical receive power", opticsHint: "dBm at both ends; dashed: limits",
  latency: "Response time and loss", rtt: "response time", loss: "loss", noSeries: "No measurements in this range yet.",
  lowLimit: "low limit", highLimit: "high limit", noFiber: "This office has no measured fiber.",
  sla: "Service this month", availability: "availability", outages: "outages > 300 s", restitution: "restitution", unknownTime: "unknown",
  contacts: "Contacts", appsLost: "Applications out of reach", appsFine: "Every application is within reach.", equipment: "Equipment",
  noIncidents: "No incident in the last 31 days.", recent: "Incidents of the last 31 days", priority: "priority {n}", plan: "Plan",
  call: "Call", current: "now {v}", lowest: "lowest {v}", noMeasure: "not measured",
  noFit: "Today's busiest load {load} does not fit on the spare path: {free} is left.", fits: "Today's busiest load {load} fits on the spare path: {free} is left.", notTold: "This server knows no time travel: what you see is the present.", notWatched: "Ronda did not run then, or its log does not reach back so far: nothing is known of that moment.",
  fullReport: "Full report to print", meets: "meets the contract", misses: "below the contract",
  // provider
  circuits: "Circuits", circuit: "circuit", itsOffices: "Offices it serves", rollout: "Roll-out", medium: "Medium", condition_: "State",
  name: "Name", capacity: "Capacity", length: "Length", noCircuits: "No circuits.", noRollout: "No office is waiting.",
  contract: "contract {p}", state: "State", slaOfProvider: "Service this month by office", agreed: "promised",
  // topology
  cause: "Root cause", causes: "Root causes", noCause: "There is nothing to explain.", shadows: "behind the fault",
  asTable: "As a table", fit: "Whole drawing", showCause: "Show the cause", hub: "hub", topologyHint: "Drag to move, pinch or wheel to zoom.",
  cutOffices: "Offices cut off", neighbours: "Joined to", legend: "What the marks mean", suspected: "cause", either: "or",
  // time travel
  timeTravel: "Time travel", pastIs: "This is the past: {at}", toNow: "Back to now", play: "Play", pause: "Pause", speed: "Speed",
  last1: "1 h", last24: "24 h", last7: "7 d", last31: "31 d", range: "Range", moment: "Moment", changes: "{n} changes", back: "Back to the change before",
  forward: "On to the next change", close: "Close", noHistory: "No changes in this range yet.", perSecond: "{t} per second", partial: "in part only",
  pastCannot: "The server does not know this moment: {why}",
  // search
  searchWhat: "Search offices, links, circuits, devices, providers", noneFound: "Nothing matches “{text}”.", found: "{n} found",
  // trouble
  failed: "The data can't be read", offline: "The server can't be reached. What you see below is what was last known.",
  e0: "The server can't be reached.", e403: "Your role may not see this.", e404: "Nothing is here: it may be gone, or the address is wrong.",
  e429: "Too many requests.", e500: "The server has a fault; it was logged.", e503: "The records can't be read just now.", again: "Try again",
  againIn: "Trying again in {t}.", toHome: "To the home page",
  // login
  loginTitle: "Log in to Ronda", token: "Token", loginHint: "Paste the token that your administrator gave you (command: ronda token create).", wrongToken: "This token is not valid.",
  loginWait: "Too many attempts. Wait {t}.", show: "Show", loginSend: "Log in", crossSite: "Refused: open this page at the server's own address.",
  // announcements
  sayNew: "New incident: {what}. {n} offices affected.", sayNewMany: "{n} new incidents.", sayOver: "Restored: {what}.", sayOverMany: "{n} incidents over.",
  // wall
  wallOf: "of {m} offices connected", wallCalm: "Every office is connected", wallCut1: "1 office is cut off", wallCutN: "{n} offices are cut off",
  wallBlind: "The offices' state can't be told just now", wallFirst: "Looking at every office", wallDegraded: "without a spare path",
  wallUnknown: "no word yet", wallWaiting: "not yet connected", wallSince: "for {t}", wallNobody: "Nobody is on it yet",
  wallTaken: "{who} is on it", wallPlaces: "Kecamatan {name}", wallStale: "THIS SCREEN IS NOT UP TO DATE", wallStaleSince: "since {at} — the figures below may have changed",
  wallStaleNever: "The server has not answered yet", wallLogin: "This screen needs a token. Open: /wall#token=…", wallCutTitle: "Cut off", wallPage: "{n} of {m}",
  wallLate: "{n} later than planned", wallUnknownN: "no word from {n} offices", wallDegradedN: "{n} offices without a spare path", wallAlsoOf: "and {n} more offices",
};
