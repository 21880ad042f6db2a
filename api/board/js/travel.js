// Time travel: how much happened when, and a hand on the clock.

import { all } from "./api.js";
import { h, s } from "./dom.js";
import { duration, shortMoment } from "./format.js";
import { state } from "./state.js";
import { w } from "./words.js";

const RANGES = { last24: 86_400_000, last7: 7 * 86_400_000, last31: 31 * 86_400_000 };
const SPEEDS_S = [60, 300, 1800, 7200]; // of the past in one second
const BARS = 96;
const STEP_MS = 500;
const MOST = 4000;
const MOVED_MS = 250; // the hand rests for so long before the page follows

const icon = (d) => s("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, s("path", { d }));

export class Travel {
  constructor({ go, redraw }) {
    this.go = go;
    this.redraw = redraw;
    this.open = false;
    this.range = "last24";
    this.speed = 1;
    this.playing = null;
    this.events = [];
    this.complete = true;
    this.until = 0;
    this.hand = null;
    this.actions = {
      range: (element) => { this.range = element.dataset.range; this.read(); },
      play: () => (this.playing ? this.stop() : this.play()),
      speed: () => { this.speed = (this.speed + 1) % SPEEDS_S.length; this.redraw(); },
      back: () => this.jump(-1),
      forward: () => this.jump(1),
      closeTravel: () => { this.toggle(); this.redraw(); },
    };
  }

  get since() {
    return this.until - RANGES[this.range];
  }

  toggle() {
    this.open = !this.open;
    if (this.open) this.read();
    else this.stop();
  }

  async read() {
    this.until = state.live.now();
    this.redraw();
    try {
      const found = await all("/events", { since: new Date(this.since).toISOString(), until: new Date(this.until).toISOString() }, MOST);
      this.events = found.items.filter((e) => e.was !== null).map((e) => ({ at: Date.parse(e.at), bad: ["cut", "down", "silent"].includes(e.now) }));
      this.complete = found.complete;
      this.trouble = null;
    } catch (error) {
      this.trouble = error.message;
    }
    this.redraw();
  }

  /** The moment the hand points at, in milliseconds. */
  get at() {
    return this.hand ?? state.at ?? this.until;
  }

  move(at) {
    clearTimeout(this.moving);
    this.hand = null;
    this.go(at >= this.until - 1000 ? null : Math.max(at, this.since));
    this.redraw();
  }

  input(element) {
    if (element.id !== "hand") return false;
    this.stop();
    this.hand = this.since + (Number(element.value) / 1000) * RANGES[this.range];
    clearTimeout(this.moving);
    this.moving = setTimeout(() => this.move(this.hand), MOVED_MS);
    return true;
  }

  play() {
    if (state.at === null) this.move(this.since);
    this.playing = setInterval(() => {
      const next = this.at + SPEEDS_S[this.speed] * STEP_MS;
      if (next >= this.until) this.stop();
      this.move(next);
    }, STEP_MS);
    this.redraw();
  }

  stop() {
    clearInterval(this.playing);
    this.playing = null;
  }

  /** To the change before or after the hand; changes of one moment are one. */
  jump(direction) {
    this.stop();
    const at = Math.round(this.at);
    const others = this.events.map((e) => e.at + 1000).filter((t) => (direction < 0 ? t < at - 1000 : t > at + 1000));
    if (others.length) this.move(direction < 0 ? Math.max(...others) : Math.min(...others));
    else if (direction > 0) this.move(this.until);
  }

  draw() {
    const text = this.hand === null && state.at === null ? w("live") : shortMoment(this.at);
    const value = Math.round(((this.at - this.since) / RANGES[this.range]) * 1000);
    return [
      h("div", { class: "travel-head" },
        h("h2", { id: "travel-title" }, w("timeTravel")),
        h("p", { class: "travel-at" }, text),
        h("div", { class: "ranges", role: "group", "aria-label": w("range") }, Object.keys(RANGES).map((range) =>
          h("button", { type: "button", "data-do": "range", "data-range": range, "aria-pressed": String(this.range === range) }, w(range)))),
        h("button", { type: "button", class: "plain", "data-do": "closeTravel", "aria-label": w("close") }, "✕")),
      h("div", { class: "track" }, this.bars(),
        h("input", { type: "range", id: "hand", min: 0, max: 1000, step: 1, value: Math.min(1000, Math.max(0, value)), "data-keep": true, "aria-label": w("moment"), "aria-valuetext": text })),
      h("div", { class: "travel-foot" },
        h("span", { class: "small soft" }, shortMoment(this.since)),
        h("div", { class: "buttons-row" },
          h("button", { type: "button", "data-do": "back", "aria-label": w("back"), title: w("back") }, icon("M18 6v12l-8-6zM7 6v12")),
          h("button", { type: "button", "data-do": "play", class: "strong" }, icon(this.playing ? "M8 6v12M16 6v12" : "M8 5v14l10-7z"), w(this.playing ? "pause" : "play")),
          h("button", { type: "button", "data-do": "forward", "aria-label": w("forward"), title: w("forward") }, icon("M6 6v12l8-6zM17 6v12")),
          h("button", { type: "button", "data-do": "speed", "aria-label": `${w("speed")}: ${w("perSecond", { t: duration(SPEEDS_S[this.speed]) })}` }, `× ${duration(SPEEDS_S[this.speed])}/${w("sec")}`),
          h("button", { type: "button", "data-do": "toNow", disabled: state.at === null }, w("toNow"))),
        h("span", { class: "small soft" }, this.summary())),
    ];
  }

  summary() {
    if (this.trouble) return this.trouble;
    if (!this.events.length) return w("noHistory");
    return w("changes", { n: this.events.length }) + (this.complete ? "" : ` (${w("partial")})`);
  }

  bars() {
    const counts = Array.from({ length: BARS }, () => [0, 0]);
    for (const e of this.events) {
      const bin = Math.floor(((e.at - this.since) / RANGES[this.range]) * BARS);
      if (bin >= 0 && bin < BARS) counts[bin][e.bad ? 1 : 0] += 1;
    }
    const most = Math.max(1, ...counts.map(([good, bad]) => good + bad));
    const tall = (n) => (n ? 4 + (Math.sqrt(n) / Math.sqrt(most)) * 28 : 0);
    return s("svg", { class: "bars", viewBox: `0 0 ${BARS * 10} 34`, preserveAspectRatio: "none", "aria-hidden": "true" },
      counts.map(([good, bad], i) => {
        const height = tall(good + bad);
        const red = (height * bad) / (good + bad || 1);
        return [
          good ? s("rect", { class: "bar", x: i * 10 + 1, y: 34 - height, width: 8, height: height - red }) : null,
          bad ? s("rect", { class: "bar bad", x: i * 10 + 1, y: 34 - red, width: 8, height: red }) : null,
        ];
      }));
  }
}
