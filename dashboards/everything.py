"""All dashboards, and the files that are made of them."""

from __future__ import annotations

from pathlib import Path

from dashboards import capacity, device, link, office, overview, provider, ronda_itself, topology
from dashboards.builder import Dashboard

DASHBOARDS: tuple[Dashboard, ...] = (
    overview.DASHBOARD,
    office.DASHBOARD,
    link.DASHBOARD,
    device.DASHBOARD,
    topology.DASHBOARD,
    provider.DASHBOARD,
    capacity.DASHBOARD,
    ronda_itself.DASHBOARD,
)
HOME = overview.DASHBOARD
COMMITTED = Path(__file__).parent / "json"


def files() -> dict[str, str]:
    """File name to content."""
    return {f"{d.uid}.json": d.as_text() for d in DASHBOARDS}


def export(directory: Path) -> list[Path]:
    """Write them all. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in files().items():
        path = directory / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written
