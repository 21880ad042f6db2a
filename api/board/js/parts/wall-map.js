// The kecamatan as areas in the colour of their worst office: read from the far end of a room.

import { s } from "../dom.js";
import { w } from "../words.js";
import { projection } from "./geometry.js";
import { bordersOf } from "./map.js";
import { mark, worst } from "./marks.js";

const WIDTH = 700;

export function drawWallMap(offices) {
  const placed = offices.filter((o) => o.location);
  const areas = bordersOf(placed);
  if (!areas.length) return null;
  const { project, height } = projection(areas.flatMap((f) => f.geometry.coordinates[0]), WIDTH, 12);
  return s("svg", { viewBox: `0 0 ${WIDTH} ${Math.ceil(height)}`, role: "img", "aria-label": w("map") },
    areas.map((f) => {
      const ring = f.geometry.coordinates[0].map(project);
      return s("path", { class: `area ${stateOf(f, offices)}`, d: `M${ring.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}Z` });
    }),
    areas.map((f) => {
      const [x, y] = middle(f.geometry.coordinates[0].map(project));
      const state = stateOf(f, offices);
      return s("g", {}, state === "connected" ? null : mark(state, x, y - 26, 11),
        s("text", { x, y: y + 6, "text-anchor": "middle", "font-size": 23, class: "label" }, f.properties.name));
    }));
}

function stateOf(feature, offices) {
  const mine = offices.filter((o) => o.kecamatan === feature.properties.name && o.connection === "active").map((o) => o.connectivity);
  return mine.length ? worst(mine) : "not_connected";
}

/** The centre of mass of an area, where its name is least in its neighbours' way. */
function middle(ring) {
  let [twice, x, y] = [0, 0, 0];
  ring.forEach(([x1, y1], i) => {
    const [x2, y2] = ring[(i + 1) % ring.length];
    const cross = x1 * y2 - x2 * y1;
    twice += cross;
    x += (x1 + x2) * cross;
    y += (y1 + y2) * cross;
  });
  return [x / (3 * twice), y / (3 * twice)];
}
