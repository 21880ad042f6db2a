"""Findings of discovery for people and for programs."""

from __future__ import annotations

from typing import Any

from topology.discovery_model import Comparison, Finding, FindingKind, SeenEnd, Stranger

_SIGNS = {
    FindingKind.NOT_SEEN: ("-", "red"),
    FindingKind.NOT_DECLARED: ("+", "green"),
    FindingKind.PORTS_SWAPPED: ("~", "yellow"),
    FindingKind.PORT_DIFFERS: ("~", "yellow"),
    FindingKind.NO_SUCH_PORT: ("!", "yellow"),
    FindingKind.SPEED_DIFFERS: ("~", "yellow"),
    FindingKind.NAME_DIFFERS: ("~", "yellow"),
    FindingKind.UNKNOWN_NEIGHBOUR: ("?", "cyan"),
}


def finding_line(finding: Finding) -> tuple[str, str, str]:
    """Sign, style and words: one line, as in a diff."""
    sign, style = _SIGNS[finding.kind]
    about = ", ".join(finding.links) or finding.seen or ", ".join(finding.devices)
    parts = [f"{about}: {finding.why}"]
    if finding.kind not in (FindingKind.NOT_SEEN, FindingKind.NOT_DECLARED, FindingKind.UNKNOWN_NEIGHBOUR):
        told = [f"declared {finding.declared}"] if finding.declared else []
        told += [f"seen {finding.seen}"] if finding.seen else []
        parts += ["; ".join(told)] if told else []
    return sign, style, " (".join(parts) + (")" if len(parts) > 1 else "")


def comparison_as_json(compared: Comparison) -> dict[str, Any]:
    return {
        "at": compared.at.isoformat(),
        "answered": list(compared.asked),
        "confirmed": list(compared.confirmed),
        "findings": [finding_as_json(f) for f in compared.findings],
        "unproven": [{"link": i, "why": why} for i, why in sorted(compared.unproven.items())],
    }


def finding_as_json(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind.value,
        "links": list(finding.links),
        "devices": list(finding.devices),
        "declared": finding.declared,
        "seen": finding.seen,
        "why": finding.why,
        "at": finding.at.isoformat(),
        "note": finding.note,
        "ends": None if finding.found is None else [_end(finding.found.a), _end(finding.found.b)],
        "neighbour": None if finding.stranger is None else _stranger(finding.stranger),
    }


def _end(end: SeenEnd) -> dict[str, str | None]:
    return {"device": end.device, "port": end.port}


def _stranger(stranger: Stranger) -> dict[str, Any]:
    return {
        "system": stranger.system,
        "address": stranger.address,
        "heard_at": [{**_end(end), "remote_port": port} for end, port in stranger.heard],
        "protocols": list(stranger.protocols),
    }
