// The drawing on the canvas (Cytoscape.js): moving, zooming, choosing.

import { w } from "../words.js";
import { layout, roles } from "./graph.js";
import { worst } from "./marks.js";

const NEAR = 0.75; // from this zoom on every name can be read
const LABELLED = 90; // more nodes are named only when they are looked at closely
const COLORS = ["card", "line", "text", "soft", "connected", "degraded", "cut", "cut-solid", "unknown", "not-connected", "accent"];
const CONDITION_COLOR = { up: "connected", silent: "cut", shadow: "degraded", unknown: "unknown", down: "cut", disabled: "not-connected" };
const AREA_COLOR = { connected: "connected", degraded: "degraded", cut: "cut", unknown: "unknown", not_connected: "not-connected" };
const SHAPES = { up: "ellipse", silent: "octagon", shadow: "triangle", unknown: "diamond" };

export class Picture {
  constructor(host, onFocus) {
    this.host = host;
    this.onFocus = onFocus;
    this.key = "";
  }

  async show(data, chosen) {
    this.wanted = [data, chosen];
    if (this.loading) return;
    if (!this.cy) {
      this.loading = true;
      const { default: cytoscape } = await import("/static/vendor/cytoscape/cytoscape.esm.min.mjs");
      this.loading = false;
      if (this.gone) return;
      this.start(cytoscape);
    }
    this.draw(...this.wanted);
  }

  start(cytoscape) {
    this.cy = cytoscape({ container: this.host, minZoom: 0.05, maxZoom: 4, boxSelectionEnabled: false, autoungrabify: true, selectionType: "single" });
    this.cy.on("tap", "node, edge", (event) => {
      if (event.target.data("kind") === "area") this.cy.animate({ fit: { eles: event.target, padding: 20 }, duration: this.calm() ? 0 : 300 });
      else this.onFocus(event.target.data("key"));
    });
    this.cy.on("tap", (event) => { if (event.target === this.cy) this.onFocus(null); });
    this.cy.on("zoom", () => this.names());
    this.observer = new ResizeObserver(() => { this.cy.resize(); if (!this.moved) this.fit(); });
    this.observer.observe(this.host);
  }

  draw(data, { focus, cause }) {
    const key = [...data.devices.map((d) => d.id), ...data.links.map((l) => l.id)].join("\n");
    if (key !== this.key) {
      this.key = key;
      this.build(data);
      this.fit();
    }
    const { blamed, shadow } = roles(data, cause);
    const state = new Map([...data.devices.map((d) => [`device:${d.id}`, d]), ...data.links.map((l) => [`link:${l.id}`, l])]);
    this.cy.style(this.styles());
    const touched = focus && this.cy.elements().filter((e) => e.data("key") === focus);
    const around = touched?.length ? touched.closedNeighborhood().union(touched.connectedNodes()) : null;
    this.tint(data);
    this.cy.batch(() => this.cy.elements().not("[kind = 'area']").forEach((e) => {
      const id = e.data("key");
      e.data("condition", state.get(id)?.condition ?? "unknown");
      e.data("role", blamed.has(id) ? "blamed" : shadow.has(id) ? "shadow" : "");
      const dim = cause ? !blamed.has(id) && !shadow.has(id) : blamed.size > 0 && shadow.has(id);
      e.toggleClass("dim", Boolean(dim));
      e.toggleClass("focus", id === focus);
      e.toggleClass("far", Boolean(around) && !around.contains(e));
    }));
    this.names();
    if (cause && cause !== this.cause) this.fitCause();
    if (focus && focus !== this.focus && touched?.length) this.approach(touched);
    [this.cause, this.focus] = [cause, focus];
  }

  /** A kecamatan's disc has the colour of the worst in it, and says how many are cut off. */
  tint(data) {
    const of = new Map();
    for (const o of data.offices) of.set(o.kecamatan, [...(of.get(o.kecamatan) ?? []), o.connectivity]);
    this.cy.nodes("[kind = 'area']").forEach((n) => {
      const states = of.get(n.data("name")) ?? [];
      const cut = states.filter((s) => s === "cut").length;
      n.data({ state: worst(states), label: `${n.data("name")} · ${cut ? w("of", { n: cut, m: states.length }) + ` ${w("cut")}` : states.length}` });
    });
  }

  build(data) {
    const { places, areas } = layout(data);
    const names = new Map(data.offices.map((o) => [o.id, o.name]));
    const perOffice = new Map();
    for (const d of data.devices) perOffice.set(d.office, (perOffice.get(d.office) ?? 0) + 1);
    this.cy.elements().remove();
    this.cy.add(areas.map((a) => ({ group: "nodes", position: { x: a.x, y: a.y }, data: { id: `area:${a.name}`, key: `area:${a.name}`, kind: "area", name: a.name, size: 2 * a.r, state: "connected" } })));
    this.cy.add(data.devices.map((d) => ({
      group: "nodes", position: { x: places.get(d.id).x, y: places.get(d.id).y },
      data: {
        id: `device:${d.id}`, key: `device:${d.id}`, kind: d.role, side: places.get(d.id).side,
        label: d.office && perOffice.get(d.office) === 1 ? names.get(d.office) : (d.name ?? d.id),
      },
    })));
    this.cy.add(data.links.filter((l) => places.has(l.a.device) && places.has(l.b.device) && l.a.device !== l.b.device).map((l) => ({
      group: "edges", data: { id: `link:${l.id}`, key: `link:${l.id}`, source: `device:${l.a.device}`, target: `device:${l.b.device}`, medium: l.medium },
    })));
  }

  styles() {
    const css = {};
    const probe = document.createElement("i");
    this.host.append(probe);
    for (const name of COLORS) {
      probe.style.color = `var(--${name})`;
      css[name] = getComputedStyle(probe).color;
    }
    probe.remove();
    const color = (e) => css[CONDITION_COLOR[e.data("condition")] ?? "unknown"];
    const size = { core: 34, distribution: 26, cloud: 26, access: 22 };
    return [
      { selector: "node", style: {
        shape: (e) => (e.data("kind") === "cloud" ? "round-rectangle" : SHAPES[e.data("condition")] ?? "diamond"),
        width: (e) => size[e.data("kind")] ?? 17, height: (e) => size[e.data("kind")] ?? 17,
        "background-color": (e) => (e.data("kind") === "cloud" ? css.card : color(e)), "border-width": (e) => (e.data("kind") === "cloud" ? 2 : 0), "border-color": css.soft,
        label: "data(label)", color: css.text, "font-size": 14, "font-family": "system-ui, sans-serif", "text-valign": "bottom", "text-margin-y": 4,
        "text-background-color": css.card, "text-background-opacity": 0.8, "text-background-padding": 1, "text-wrap": "wrap", "text-max-width": 105, "line-height": 1.15, "min-zoomed-font-size": 8,
      } },
      { selector: "node[side = 'left']", style: { "text-halign": "left", "text-valign": "center", "text-margin-y": 0, "text-margin-x": -4, "text-wrap": "none" } },
      { selector: "node[side = 'right']", style: { "text-halign": "right", "text-valign": "center", "text-margin-y": 0, "text-margin-x": 4, "text-wrap": "none" } },
      { selector: "node[side = 'above']", style: { "text-valign": "top", "text-margin-y": -4, "text-wrap": "none" } },
      { selector: "node[kind = 'area']", style: {
        shape: "ellipse", width: "data(size)", height: "data(size)", "z-index": 0, "z-index-compare": "manual", "background-color": (e) => css[AREA_COLOR[e.data("state")]], "background-opacity": 0.12,
        "border-width": 3, "border-opacity": 0.6, "border-color": (e) => css[AREA_COLOR[e.data("state")]], "text-valign": "top", "text-margin-y": -8, "font-size": 46, "font-weight": "bold", "text-wrap": "none", "text-background-opacity": 0,
      } },
      { selector: "edge", style: {
        width: 2, "line-color": color, "curve-style": "bezier", opacity: this.cy.nodes().length > LABELLED ? 0.3 : 0.75, "overlay-padding": 8,
        "line-style": (e) => (["radio", "satellite", "cellular", "vpn"].includes(e.data("medium")) ? "dashed" : "solid"),
      } },
      { selector: "edge[condition = 'down']", style: { width: 4, "line-style": "dashed", opacity: 1 } },
      { selector: ".dim", style: { opacity: 0.42 } },
      { selector: ".far", style: { opacity: 0.16 } },
      { selector: "edge.far", style: { opacity: this.cy.nodes().length > LABELLED ? 0.05 : 0.16 } },
      { selector: "node[role = 'blamed']", style: { opacity: 1, "border-width": 5, "border-color": css["cut-solid"], "background-color": css.cut, width: 34, height: 34, "font-weight": "bold", "min-zoomed-font-size": 0 } },
      { selector: "edge[role = 'blamed']", style: { opacity: 1, width: 7, "line-color": css.cut, "line-style": "solid", "underlay-color": css.cut, "underlay-opacity": 0.22, "underlay-padding": 9, "z-index": 10,
        label: "✕", color: "#fff", "font-size": 15, "font-weight": "bold", "text-background-color": css["cut-solid"], "text-background-opacity": 1, "text-background-padding": 3, "text-background-shape": "roundrectangle" } },
      { selector: ".focus", style: { opacity: 1, "underlay-color": css.accent, "underlay-opacity": 0.35, "underlay-padding": 8 } },
    ];
  }

  /** With many nodes, names of the backbone first, the others as one comes nearer. */
  names() {
    const many = this.cy.nodes().length > LABELLED;
    const near = !many || this.cy.zoom() > NEAR;
    if (near === this.near) return;
    this.near = near;
    this.cy.batch(() => this.cy.nodes().forEach((n) => {
      const area = n.data("kind") === "area"; // names what is seen from afar
      const shown = area ? !near : near || ["core", "distribution", "cloud"].includes(n.data("kind")) || n.data("role") === "blamed";
      n.style("text-opacity", shown ? 1 : 0);
      n.style("text-background-opacity", shown && !area ? 0.8 : 0);
    }));
  }

  /** A device from near enough to read; a link with both its ends. */
  approach(touched) {
    const duration = this.calm() ? 0 : 250;
    if (touched.isEdge() && this.cy.nodes().length > LABELLED) this.cy.animate({ fit: { eles: touched.union(touched.connectedNodes()), padding: 60 }, duration });
    else this.cy.animate({ center: { eles: touched }, zoom: Math.max(this.cy.zoom(), NEAR + 0.2), duration });
  }

  calm() {
    return matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  fit() {
    this.cy?.fit(undefined, 24);
  }

  fitCause() {
    const part = this.cy?.elements("[role = 'blamed'], [role = 'shadow']");
    if (part?.length) this.cy.animate({ fit: { eles: part.union(part.connectedNodes()), padding: 60 }, duration: this.calm() ? 0 : 300 });
  }

  destroy() {
    this.gone = true;
    this.observer?.disconnect();
    this.cy?.destroy();
  }
}
