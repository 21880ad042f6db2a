// A shape for each state, so that colour is never the only sign.

import { h, s } from "../dom.js";
import { w } from "../words.js";

export const STATES = ["connected", "degraded", "cut", "unknown", "not_connected"];
/** What needs somebody first. */
export const ATTENTION = ["cut", "degraded", "unknown", "connected", "not_connected"];
export const LINK_WORDS = { up: "linkUp", down: "linkDown", disabled: "linkDisabled", unknown: "linkUnknown" };
export const DEVICE_WORDS = { up: "deviceUp", silent: "deviceSilent", shadow: "deviceShadow", unknown: "deviceUnknown" };
/** How an office with such a link or device looks, for the same shapes everywhere. */
export const LINK_STATE = { up: "connected", down: "cut", disabled: "not_connected", unknown: "unknown" };
export const DEVICE_STATE = { up: "connected", silent: "cut", shadow: "degraded", unknown: "unknown" };

/** `size` is the radius. */
export function mark(state, x, y, size, attributes = {}) {
  const all = { ...attributes, class: `mark ${state} ${attributes.class ?? ""}`.trim() };
  if (state === "cut") {
    const k = size * 0.62;
    return s("g", all,
      s("circle", { cx: x, cy: y, r: size * 1.25 }),
      s("path", { d: `M${x - k} ${y - k}L${x + k} ${y + k}M${x - k} ${y + k}L${x + k} ${y - k}`, "stroke-width": size * 0.42 }));
  }
  if (state === "degraded") {
    const k = size * 1.2;
    return s("path", { ...all, d: `M${x} ${y - k}L${x + k} ${y + k * 0.8}L${x - k} ${y + k * 0.8}Z` });
  }
  if (state === "unknown") {
    const k = size * 1.2;
    return s("path", { ...all, d: `M${x} ${y - k}L${x + k} ${y}L${x} ${y + k}L${x - k} ${y}Z` });
  }
  if (state === "not_connected") return s("circle", { ...all, cx: x, cy: y, r: size * 0.7, "stroke-width": size * 0.35 });
  return s("circle", { ...all, cx: x, cy: y, r: size });
}

/** Beside a text that says the same. */
export function symbol(state, extra = "") {
  return s("svg", { class: `symbol ${state} ${extra}`.trim(), viewBox: "0 0 20 20", "aria-hidden": "true" }, mark(state, 10, 10, 6.8));
}

/** Symbol and word. */
export function badge(state, text = w(state)) {
  return h("span", { class: `badge ${state}` }, symbol(state), text);
}

export function worst(states) {
  return ATTENTION.find((state) => states.includes(state)) ?? "unknown";
}

export function countBy(offices) {
  const counts = Object.fromEntries(STATES.map((state) => [state, 0]));
  for (const office of offices) counts[office.connectivity] += 1;
  return counts;
}
