"""The drawing for other programs: GeoJSON for maps (RFC 7946), GraphML for graph editors.

Both are made from what the caller is shown anyway, so they are cut to his scope already.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as Xml

from pydantic_core import to_json

from api.schemas import LinkOut, OfficeOut, TopologyOut

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
_NODE = {"kind": "string", "name": "string", "office": "string", "role": "string", "condition": "string"}
_EDGE = {
    "name": "string",
    "medium": "string",
    "provider": "string",
    "condition": "string",
    "capacity_bps": "long",
    "length_m": "double",
}


def geojson(drawn: TopologyOut) -> bytes:
    """Offices as points, links as lines between them. What has no place on the map has a null geometry."""
    places = {o.id: [o.location.longitude_deg, o.location.latitude_deg] for o in drawn.offices if o.location}
    features = [_feature("office", o, _point(o)) for o in drawn.offices]
    features += [_feature("link", link, _line(link, places)) for link in drawn.links]
    return to_json({"type": "FeatureCollection", "features": features})


def _feature(kind: str, value: OfficeOut | LinkOut, geometry: dict[str, Any] | None) -> dict[str, Any]:
    properties = {"feature": kind, **value.model_dump(mode="json", exclude={"location"})}
    return {"type": "Feature", "id": f"{kind}:{value.id}", "geometry": geometry, "properties": properties}


def _point(office: OfficeOut) -> dict[str, Any] | None:
    if office.location is None:
        return None
    here = [office.location.longitude_deg, office.location.latitude_deg]
    return {"type": "Point", "coordinates": here}


def _line(link: LinkOut, places: dict[str, list[float]]) -> dict[str, Any] | None:
    ends = [places.get(end.office or "") for end in (link.a, link.b)]
    if None in ends or link.a.office == link.b.office:
        return None
    return {"type": "LineString", "coordinates": ends}


def graphml(drawn: TopologyOut) -> bytes:
    """Devices as nodes, links as edges. An end that the caller does not see is its office, or a node of its
    own."""
    root = Xml.Element("graphml", xmlns=_NAMESPACE)
    for target, keys in (("node", _NODE), ("edge", _EDGE)):
        for name, kind in keys.items():
            Xml.SubElement(
                root, "key", {"id": f"{target}_{name}", "for": target, "attr.name": name, "attr.type": kind}
            )
    graph = Xml.SubElement(root, "graph", id="network", edgedefault="undirected")
    nodes = {f"device:{d.id}": {"kind": "device", **_shown(d.model_dump(mode="json"))} for d in drawn.devices}
    names = {o.id: o.name for o in drawn.offices}
    edges = []
    for link in drawn.links:
        ends = []
        for side, end in (("a", link.a), ("b", link.b)):
            if end.device is not None:
                ends.append(f"device:{end.device}")
            elif end.office is not None:
                ends.append(f"office:{end.office}")
                nodes.setdefault(ends[-1], {"kind": "office", "name": names.get(end.office, end.office)})
            else:
                ends.append(f"end:{link.id}:{side}")
                nodes.setdefault(ends[-1], {"kind": "end"})
        edges.append((link, ends))
    for id_, values in nodes.items():
        _data(Xml.SubElement(graph, "node", id=_clean(id_)), "node", values, _NODE)
    for link, (a, b) in edges:
        element = Xml.SubElement(
            graph, "edge", id=_clean(f"link:{link.id}"), source=_clean(a), target=_clean(b)
        )
        _data(element, "edge", link.model_dump(mode="json"), _EDGE)
    return bytes(Xml.tostring(root, encoding="utf-8", xml_declaration=True))


def _shown(device: dict[str, Any]) -> dict[str, Any]:
    return {name: device[name] for name in ("name", "office", "role", "condition")}


def _data(element: Xml.Element, target: str, values: dict[str, Any], keys: dict[str, str]) -> None:
    for name in keys:
        if values.get(name) is not None:
            Xml.SubElement(element, "data", key=f"{target}_{name}").text = _clean(str(values[name]))


def _clean(text: str) -> str:
    """XML has no way at all to write most control characters."""
    return _NOT_XML.sub("\ufffd", text)
