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
      const mine = offices.filter((o) => o.kecamatan === f.properties.name && o.connection === "active").map((o) => o.connectivity);
      const state = mine.length ? worst(mine) : "not_connected";
      const ring = f.geometry.coordinates[0].map(project);
      return s("path", { class: `area ${state}`, d: `M${ring.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}Z` });
    }),
    areas.map((f) => {
      const ring = f.geometry.coordinates[0].map(project);
      const xs = ring.map((p) => p[0]);
      const ys = ring.map((p) => p[1]);
      const [x, y] = [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
      const mine = offices.filter((o) => o.kecamatan === f.properties.name && o.connection === "active").map((o) => o.connectivity);
      const state = mine.length ? worst(mine) : "not_connected";
      return s("g", {}, mark(state, x, y - 12, 9), s("text", { x, y: y + 16, "text-anchor": "middle", "font-size": 19, class: "label" }, f.properties.name));
    }));
}
