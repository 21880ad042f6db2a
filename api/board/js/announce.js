// New and ended incidents, told to a screen reader once and together.

import { byId, h } from "./dom.js";
import { blamed, told } from "./parts/incident.js";
import { w } from "./words.js";

const TOGETHER_MS = 3000;
const KEPT = 5;

let known = null;
let pending = [];
let timer = null;

/** The first list is what a reader finds on the page anyway. */
export function announce(incidents) {
  const now = new Map(told(incidents).map((i) => [i.id, i]));
  if (known) {
    for (const [id, i] of now) if (!known.has(id)) pending.push(["new", i]);
    for (const [id, i] of known) if (!now.has(id)) pending.push(["over", i]);
  }
  known = now;
  if (pending.length && !timer) timer = setTimeout(speak, TOGETHER_MS);
}

function speak() {
  const texts = [];
  for (const [what, one, many] of [["new", "sayNew", "sayNewMany"], ["over", "sayOver", "sayOverMany"]]) {
    const those = pending.filter(([kind]) => kind === what).map(([, i]) => i);
    if (those.length === 1) texts.push(w(one, { what: blamed(those[0]), n: those[0].offices.filter((o) => !o.until).length }));
    else if (those.length) texts.push(w(many, { n: those.length }));
  }
  [pending, timer] = [[], null];
  const log = byId("announcer");
  log.append(...texts.map((text) => h("p", {}, text)));
  while (log.children.length > KEPT) log.firstChild.remove();
}
