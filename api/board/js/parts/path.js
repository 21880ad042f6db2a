// A way through the network, drawn as a row of stops: on a phone it runs downwards.

import { h } from "../dom.js";
import { length } from "../format.js";
import { w } from "../words.js";
import { DEVICE_STATE, LINK_STATE, LINK_WORDS, symbol } from "./marks.js";

/** `path`: {devices: [id], links: [id]} from the office to the hub. `network`: maps of devices, links, offices. */
export function drawPath(path, network, title) {
  const stops = [];
  path.devices.forEach((id, i) => {
    stops.push(device(network.devices.get(id), id, network));
    if (i < path.links.length) stops.push(link(network.links.get(path.links[i]), path.links[i]));
  });
  return h("ol", { class: "path", "aria-label": title }, stops);
}

function device(found, id, network) {
  const office = network.offices.get(found?.office);
  return h("li", { class: `stop ${DEVICE_STATE[found?.condition] ?? "unknown"}` },
    symbol(DEVICE_STATE[found?.condition] ?? "unknown"),
    h("span", {}, h("strong", {}, office?.name ?? found?.name ?? id), h("small", {}, found?.name ?? id)));
}

function link(found, id) {
  const state = LINK_STATE[found?.condition] ?? "unknown";
  const more = [found ? w(found.medium) : null, found?.length_m ? length(found.length_m) : null, found?.circuit_id].filter(Boolean).join(" · ");
  return h("li", { class: `hop ${state} ${found?.medium ?? ""}`.trim() },
    h("span", { class: "line", "aria-hidden": "true" }),
    h("small", {}, state === "connected" ? null : [symbol(state), h("strong", {}, ` ${w(LINK_WORDS[found?.condition ?? "unknown"])} · `)], more || id));
}
