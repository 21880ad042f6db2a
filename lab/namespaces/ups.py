"""UPS-MIB (RFC 1628) behind net-snmp's `pass_persist`: what a UPS says, on mains and on battery. Run by
snmpd, by path, with the standard library only.

    ups.py STATE_FILE          # the file says `mains` or `battery`; absent: mains

The protocol (snmpd.conf(5)): PING is answered with PONG; `get` and `getnext` and an OID by OID, type, value.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

Oid = tuple[int, ...]
UPS: Oid = (1, 3, 6, 1, 2, 1, 33, 1)
RUNTIME_S = 1800.0
_LOW_AT_S = 300.0


def rows(on_battery_s: float | None) -> dict[Oid, tuple[str, str]]:
    """Every row of the UPS; `on_battery_s` None: on mains."""
    battery = on_battery_s is not None
    left_s = max(0.0, RUNTIME_S - (on_battery_s or 0.0))
    values: dict[Oid, tuple[str, str]] = {
        (1, 1, 0): ("string", "Ronda lab"),
        (1, 2, 0): ("string", "UPS 1000"),
        (2, 1, 0): ("integer", "3" if left_s <= _LOW_AT_S else "2"),
        (2, 2, 0): ("integer", str(int(on_battery_s or 0.0))),
        (2, 3, 0): ("integer", str(int(left_s / 60.0))),
        (2, 4, 0): ("integer", str(int(100.0 * left_s / RUNTIME_S))),
        (2, 5, 0): ("integer", "542"),
        (2, 7, 0): ("integer", "27"),
        (3, 2, 0): ("integer", "1"),
        (3, 3, 1, 2, 1): ("integer", "0" if battery else "500"),
        (3, 3, 1, 3, 1): ("integer", "0" if battery else "221"),
        (4, 1, 0): ("integer", "5" if battery else "3"),
        (4, 2, 0): ("integer", "500"),
        (4, 3, 0): ("integer", "1"),
        (4, 4, 1, 2, 1): ("integer", "220"),
        (4, 4, 1, 5, 1): ("integer", "34"),
        (6, 1, 0): ("gauge", "1" if battery else "0"),
    }
    if battery:
        values[(6, 2, 1, 2, 1)] = ("objectid", ".1.3.6.1.2.1.33.1.6.3.2")
    return {(*UPS, *oid): value for oid, value in values.items()}


def answer(command: str, oid: Oid, table: dict[Oid, tuple[str, str]]) -> str:
    """The lines that snmpd expects, without the last line feed."""
    if command == "getnext":
        oid = min((known for known in table if known > oid), default=())
    if oid not in table:
        return "NONE"
    kind, value = table[oid]
    return f".{'.'.join(map(str, oid))}\n{kind}\n{value}"


class _State:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._since_s: float | None = None

    def on_battery_s(self) -> float | None:
        try:
            battery = self._path.read_text().strip() == "battery"
        except OSError:
            battery = False
        if not battery:
            self._since_s = None
        elif self._since_s is None:
            self._since_s = time.monotonic()
        return None if self._since_s is None else time.monotonic() - self._since_s


def main() -> None:
    state = _State(Path(sys.argv[1]))
    while line := sys.stdin.readline():
        command = line.strip()
        if command in ("get", "getnext"):
            oid = tuple(int(n) for n in sys.stdin.readline().strip().strip(".").split("."))
            said = answer(command, oid, rows(state.on_battery_s()))
        elif command == "set":
            sys.stdin.readline(), sys.stdin.readline()
            said = "not-writable"
        else:
            said = "PONG" if command == "PING" else "NONE"
        sys.stdout.write(said + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
