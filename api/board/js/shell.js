// The frame around every page: names, navigation, how fresh it is, and what went wrong.

import { byId, h, morph, s, say } from "./dom.js";
import { duration, moment } from "./format.js";
import { remember, remembered } from "./remember.js";
import { address } from "./route.js";
import { sees, state } from "./state.js";
import { getLanguage, w } from "./words.js";

const ICONS = {
  home: "M3 11 12 4l9 7M6 9.5V20h12V9.5",
  topology: "M12 4v6M12 10 5 17M12 10l7 7M12 4h.01M5 18h.01M19 18h.01M3 20h4v-4H3zM17 20h4v-4h-4zM10 6h4V2h-4z",
  history: "M12 7v5l3.5 2M3.5 12a8.5 8.5 0 1 0 2.6-6.1M3.5 3.5v4h4",
  rollout: "M4 20V13h4v7M10 20V9h4v11M16 20V4h4v16M3 20h18",
  maintenance: "M14.5 6.5a4 4 0 0 0 5 5L11 20l-3-3 8.5-8.5M14.5 6.5 17 4l3 3-2.500 2.500M5 20h.01",
  search: "M10.5 17a6.5 6.5 0 1 1 0-13 6.5 6.5 0 0 1 0 13zM15.5 15.5 20.5 20.5",
};
// Pages of those who work, not of a screen on a wall: in the bar where it has room, else in the menu.
const EXTRA = [["rollout", "/rollout"], ["maintenance", "/maintenance"]];
const works = () => state.session !== null && sees("devices");
const THEMES = ["auto", "light", "dark"];
const THEME_WORDS = { auto: "themeAuto", light: "themeLight", dark: "themeDark" };

const icon = (name) => s("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, s("path", { d: ICONS[name] }));

export function drawShell(route, travelling) {
  say("skip", w("skip"));
  byId("nav").setAttribute("aria-label", w("mainNav"));
  byId("banners").setAttribute("aria-label", w("notices"));
  byId("brand").href = address("/", state.at);
  const page = (name, path) => h("a", { href: address(path, state.at), "aria-current": route.name === name ? "page" : null }, icon(name), h("span", {}, w(name)));
  morph(byId("nav"),
    page("home", "/"), page("topology", "/topology"),
    (works() ? EXTRA : []).map(([name, path]) => { const a = page(name, path); a.classList.add("roomy"); return a; }),
    h("button", { type: "button", "data-do": "travel", "aria-expanded": String(travelling), "aria-controls": "travel" }, icon("history"), h("span", {}, w("history"))),
    h("button", { type: "button", "data-do": "search", "aria-keyshortcuts": "/" }, icon("search"), h("span", {}, w("search"))));
  morph(byId("tools"), h("details", { class: "menu", id: "menu" },
    h("summary", { "aria-label": w("menu") }, "☰"),
    h("div", { class: "items" },
      (works() ? EXTRA : []).map(([name, path]) => h("a", { class: "button tight", href: address(path, state.at) }, w(name))),
      works() ? h("a", { class: "button", href: "/discovery" }, w("discovery")) : null,
      h("button", { type: "button", id: "language", "data-do": "language", lang: getLanguage() === "id" ? "en" : "id" }, w("language")),
      h("button", { type: "button", id: "theme", "data-do": "theme" }, w(THEME_WORDS[theme()])),
      h("a", { class: "button", href: "/wall" }, w("wall")),
      h("button", { type: "button", "data-do": "print" }, w("print")),
      h("a", { class: "button", href: "/docs" }, w("api")),
      state.session?.who ? h("button", { type: "button", "data-do": "logout" }, `${w("logout")} (${state.session.who})`) : null)));
}

export function theme() {
  return document.documentElement.dataset.theme ?? "auto";
}

export function setTheme(chosen) {
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  else delete document.documentElement.dataset.theme;
}

export function nextTheme() {
  const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
  setTheme(next);
  remember("theme", next);
}

export function rememberedTheme() {
  setTheme(remembered("theme"));
}

/** What hides or doubts the truth is said above everything else. */
export function drawBanners(trouble, again) {
  const line = state.live.state();
  const banners = [];
  if (state.at !== null) {
    banners.push(h("p", { class: "banner past", "data-key": "past" }, h("span", {}, w("pastIs", { at: moment(state.at) })),
      h("button", { type: "button", "data-do": "toNow" }, w("toNow"))));
  } else if (line.state === "silent" || line.state === "old") {
    // Seconds that count on are no news for a screen reader: only what does not change is in the alert.
    const age = duration(line.state === "old" ? line.verdictAgeS : line.silentS);
    const key = line.state === "old" ? "staleVerdict" : "stale";
    banners.push(h("p", { class: "banner alarm", "data-key": "stale" },
      h("span", { role: "alert" }, w(key, { at: moment(line.since), t: "…" }).replace(/ ?\(….*\)/, "")), h("span", { class: "age", "aria-hidden": "true" }, age)));
  }
  if (trouble && !(line.state === "silent" && trouble.status === 0)) {
    banners.push(h("p", { class: "banner", role: "alert", "data-key": "trouble" },
      h("span", {}, `${w("failed")}: ${why(trouble)}`), h("button", { type: "button", "data-do": "again" }, again ? w("againIn", { t: duration(again) }) : w("again"))));
  }
  const { summary } = state;
  if (summary && state.at !== null && !summary.moment) banners.push(h("p", { class: "banner alarm", role: "alert", "data-key": "not-told" }, w("notTold")));
  else if (summary?.moment && !summary.moment.judged) banners.push(h("p", { class: "banner doubt", "data-key": "not-watched" }, w("notWatched")));
  else if (summary && !summary.judged) banners.push(h("p", { class: "banner doubt", "data-key": "first" }, w("first")));
  else if (summary?.blind) banners.push(h("p", { class: "banner doubt", role: "alert", "data-key": "blind" }, w("blindNotice")));
  morph(byId("banners"), banners);
}

export function drawLive() {
  const line = state.live.state();
  const texts = { live: w("live"), waiting: w("connecting"), silent: w("staleShort"), old: w("staleShort") };
  byId("live").className = `pulse ${state.at === null ? line.state : "waiting"}`;
  say("live", state.at === null ? texts[line.state] : w("past"));
  document.body.classList.toggle("stale", state.at === null && (line.state === "silent" || line.state === "old"));
  document.body.classList.toggle("is-past", state.at !== null);
}

/** An error in words that say what to do. The server's own detail is in English and for engineers. */
export function why(error) {
  const known = { 0: "e0", 403: "e403", 404: "e404", 429: "e429", 500: "e500", 503: "e503" }[error.status];
  if (known) return w(known);
  return error.status ? `${error.status}: ${error.message}` : error.message;
}

/** In the place of a page that could not be read. */
export function troublePage(error, again) {
  return h("section", { class: "panel trouble", role: "alert", "data-key": "trouble-page" },
    h("h1", {}, why(error)),
    ![0, 403, 404].includes(error.status) ? h("p", { class: "soft" }, h("code", {}, error.message)) : null,
    again ? h("p", { class: "soft" }, w("againIn", { t: duration(again) })) : null,
    h("p", { class: "buttons" },
      error.status === 403 || error.status === 404 ? null : h("button", { type: "button", "data-do": "again", class: "strong" }, w("again")),
      h("a", { class: "button", href: "/" }, w("toHome"))));
}
