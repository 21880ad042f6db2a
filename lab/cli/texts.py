"""What the lab's devices print, in the vendors' forms."""

from __future__ import annotations

from collections.abc import Mapping

from lab.cli.vendors import ios, routeros, vrp, zxr10
from lab.cli.vendors.facts import Text

TEXTS: Mapping[str, Mapping[str, Text]] = {
    "mikrotik": routeros.TEXTS,
    "huawei": vrp.TEXTS,
    "cisco": ios.TEXTS,
    "zte": zxr10.TEXTS,
}
"""By the lab's vendor (lab/data/vendors.yaml), then by the line as typed."""
