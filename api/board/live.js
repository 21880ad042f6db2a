// The line to the server: what changed is told at once, and silence is noticed.

const SILENT_S = 12; // the server beats every 5 s
const OLD_VERDICT_S = 30;

export class Live {
  /** onChange: something changed, read anew. onState: called every second with what to show. */
  constructor(onChange, onState) {
    this.onChange = onChange;
    this.onState = onState;
    this.heardAt = null;
    this.verdictAt = null;
    this.offsetMs = 0;
    this.blind = false;
  }

  start() {
    this.startedAt = Date.now();
    this.open();
    setInterval(() => this.tick(), 1000);
  }

  open() {
    this.source?.close();
    this.source = new EventSource("/api/v1/stream");
    for (const name of ["hello", "beat", "reset"]) {
      this.source.addEventListener(name, (event) => this.beat(JSON.parse(event.data), name !== "beat"));
    }
    this.source.addEventListener("change", (event) => {
      this.heardAt = Date.now();
      this.verdictAt = JSON.parse(event.data).verdict_at;
      this.onChange();
    });
  }

  beat(data, readAnew) {
    // A verdict that came without a change of state (the first one) is told by beats only.
    const first = this.verdictAt === null && data.verdict_at !== null;
    const blindChanged = this.blind !== data.blind;
    this.heardAt = Date.now();
    this.offsetMs = Date.parse(data.now) - this.heardAt;
    this.verdictAt = data.verdict_at;
    this.blind = data.blind;
    if (readAnew || first || blindChanged) this.onChange();
  }

  /** The server's time, in milliseconds: a wall screen's own clock may be wrong. */
  now() {
    return Date.now() + this.offsetMs;
  }

  tick() {
    const silentS = (Date.now() - (this.heardAt ?? this.startedAt)) / 1000;
    const verdictAgeS = this.verdictAt === null ? null : (this.now() - Date.parse(this.verdictAt)) / 1000;
    let state = "live";
    if (silentS > SILENT_S) state = "silent";
    else if (this.heardAt === null) state = "waiting";
    else if (verdictAgeS !== null && verdictAgeS > OLD_VERDICT_S) state = "old";
    this.onState({ state, silentS, verdictAgeS });
    // A browser gives up for good after some errors (a 502 from a proxy, say): open the line again.
    if (this.source.readyState === EventSource.CLOSED && Math.round(silentS) % 5 === 0) this.open();
  }
}
