// What was reported of an office that is still to be connected, and reporting more.

import { h } from "../dom.js";
import { day, moment as inWords } from "../format.js";
import { may } from "../state.js";
import { w } from "../words.js";

export function progressButton(row) {
  if (!may("report_progress")) return null;
  return h("button", { type: "button", "data-do": "progress", "data-id": row.office, "data-name": row.name, "data-stage": row.stage },
    w("addProgress"), h("span", { class: "hidden" }, `: ${row.name}`));
}

/** Newest first. `entries`: the `progress` of /rollout/ID. */
export function progressLog(entries) {
  if (!entries.length) return h("p", { class: "soft" }, w("noProgress"));
  return h("ol", { class: "happened" }, [...entries].reverse().map((e) => h("li", { "data-key": `progress:${e.id}` },
    h("time", { datetime: e.at }, inWords(e.at)),
    h("span", {}, e.stage ? h("strong", {}, w(e.stage)) : null, e.who ? ` (${e.who})` : "", e.note ? ` ${e.note}` : "",
      e.promised_date ? h("span", { class: "block" }, `${w("agreed")}: ${day(e.promised_date)}`) : null,
      /^https?:\/\//.test(e.link ?? "") ? h("a", { class: "block", href: e.link, target: "_blank", rel: "noopener noreferrer" }, w("attachment")) : null))));
}
