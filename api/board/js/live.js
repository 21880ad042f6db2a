// The line to the server: what changed is told at once, and silence is noticed.
//
// Read with fetch instead of EventSource: that alone says which status refused us (401: log in again), lets us
// name the last change we saw after any interruption, and come back ever more slowly to a server in trouble.

import { getLanguage } from "./words.js";

const SILENT_S = 12; // the server beats every 5 s
const DEAD_S = 16; // a line that says nothing for so long is given up, though nobody closed it
const OLD_VERDICT_S = 30;
const LONGEST_WAIT_S = 30;

export class Live {
  /** `onChange(change|null)`: read anew. `onState`: called every second with what to show. `onRefused(status)`. */
  constructor({ onChange, onState, onRefused = () => {} }) {
    this.onChange = onChange;
    this.onState = onState;
    this.onRefused = onRefused;
    this.heardAt = null;
    this.verdictAt = null;
    this.offsetMs = 0;
    this.blind = false;
    this.lastId = null;
    this.failures = 0;
    this.connected = false;
  }

  start() {
    this.startedAt = Date.now();
    this.timer = setInterval(() => this.tick(), 1000);
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
    this.run();
  }

  /** The server's time, in milliseconds: a wall screen's own clock may be wrong. */
  now() {
    return Date.now() + this.offsetMs;
  }

  /** Somebody is looking, or the network is back: don't wait any longer. */
  hurry() {
    this.tick();
    if (!this.connected) this.wake?.();
  }

  async run() {
    for (;;) {
      const status = await this.listen();
      this.connected = false;
      if (status === 401 || status === 403) this.onRefused(status);
      this.failures += 1;
      const wait_s = Math.min(LONGEST_WAIT_S, 2 ** (this.failures - 1)) * (0.75 + Math.random() / 2);
      await new Promise((resolve) => {
        this.wake = resolve;
        setTimeout(resolve, wait_s * 1000);
      });
    }
  }

  /** Until the line breaks; returns the status that refused it, 0 when there was none. */
  async listen() {
    this.abort = new AbortController();
    this.openedAt = Date.now();
    try {
      const headers = { Accept: "text/event-stream", "Accept-Language": getLanguage() };
      if (this.lastId) headers["Last-Event-ID"] = this.lastId;
      const response = await fetch("/api/v1/stream", { headers, cache: "no-store", signal: this.abort.signal });
      if (!response.ok) return response.status;
      this.connected = true;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return 0;
        text += value;
        const blocks = text.split("\n\n");
        text = blocks.pop();
        blocks.forEach((block) => this.hear(block));
      }
    } catch {
      return 0; // broken off; `tick` shows it, `run` comes back
    }
  }

  hear(block) {
    const fields = new Map(block.split("\n").map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
    }));
    const [name, data] = [fields.get("event"), JSON.parse(fields.get("data") ?? "null")];
    if (fields.has("id")) this.lastId = fields.get("id");
    if (!data) return;
    this.failures = 0;
    this.heardAt = Date.now();
    if (name === "change") {
      this.verdictAt = data.verdict_at;
      this.onChange(data);
      return;
    }
    // A verdict that came without a change of state (the first one) is told by beats only.
    const news = (this.verdictAt === null && data.verdict_at !== null) || this.blind !== data.blind;
    this.offsetMs = Date.parse(data.now) - this.heardAt;
    this.verdictAt = data.verdict_at;
    this.blind = data.blind;
    if (name !== "beat" || news) this.onChange(null);
    if (name === "hello") this.tick();
  }

  state() {
    const silentS = (Date.now() - (this.heardAt ?? this.startedAt)) / 1000;
    const verdictAgeS = this.verdictAt === null ? null : (this.now() - Date.parse(this.verdictAt)) / 1000;
    let state = "live";
    if (silentS > SILENT_S) state = "silent";
    else if (this.heardAt === null) state = "waiting";
    else if (verdictAgeS !== null && verdictAgeS > OLD_VERDICT_S) state = "old";
    const since = state === "old" ? Date.parse(this.verdictAt) : (this.heardAt ?? this.startedAt) + this.offsetMs;
    return { state, silentS, verdictAgeS, since };
  }

  tick() {
    const lineAgeS = (Date.now() - Math.max(this.heardAt ?? 0, this.openedAt ?? 0)) / 1000;
    if (lineAgeS > DEAD_S) this.abort?.abort();
    this.onState(this.state());
  }
}
