"""`python -m lab INVENTORY`: the same as `ronda lab run INVENTORY`."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from lab.process import DEFAULT_RUN_DIR, parse_trap_target, run
from lab.sockets import LabError
from topology.inventory import InventoryError


class _SystemClock:
    """`ronda.clock` is above this package, and a program of its own has to read a clock somewhere."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251  # an entry point, like ronda/

    def monotonic_s(self) -> float:
        return time.monotonic()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab", description="Play an inventory's network.")
    parser.add_argument("inventory", type=Path)
    parser.add_argument("--run-dir", type=Path, default=DEFAULT_RUN_DIR)
    parser.add_argument("--addresses", choices=("inventory", "ephemeral"), default="inventory")
    parser.add_argument("--trap-to", metavar="HOST:PORT", type=parse_trap_target)
    parser.add_argument("--boot-s", type=float, default=2.0, help="seconds a device takes to boot")
    options = parser.parse_args()
    try:
        asyncio.run(
            run(
                options.inventory,
                options.run_dir,
                clock=_SystemClock(),
                say=lambda line: print(line, file=sys.stderr),  # noqa: T201  # an entry point
                addresses=options.addresses,
                trap_to=options.trap_to,
                boot_s=options.boot_s,
            )
        )
    except InventoryError as err:
        for problem in err.problems:
            print(problem, file=sys.stderr)  # noqa: T201  # an entry point
        return 2
    except LabError as err:
        print(err, file=sys.stderr)  # noqa: T201  # an entry point
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
