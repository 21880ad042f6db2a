"""The fallback wire: fping(8) as a subprocess, for a machine where neither kind of ICMP socket is allowed.

Debian's fping carries CAP_NET_RAW itself. One process a round; targets go in on standard input.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass

_LINE = re.compile(rb"^(\S+)\s+: (-|\d+(?:\.\d+)?)\s*$")
_ERROR = re.compile(rb"^ICMP ([\w ]+?) from \S+ for ICMP Echo sent to (\S+)")
_SPARE_S = 5.0
"""What fping may take beyond pacing and time-out before it is stopped."""


class FpingError(Exception):
    """It could not be run, or said nothing usable. The text is fping's own where it gave one."""


@dataclass(frozen=True, slots=True)
class FpingOutput:
    times_s: dict[str, float | None]
    """Round trips by address; ``None``: asked, and not answered."""
    errors: tuple[str, ...] = ()
    """Reasons of ICMP errors, worded as `collector.icmp_wire` does: host_unreachable."""


def parse(output: bytes) -> FpingOutput:
    """What `fping -C 1` writes to standard error: "ADDRESS : MILLISECONDS" or "ADDRESS : -" for each, and a
    line for each ICMP error (with -q it leaves those out)."""
    times: dict[str, float | None] = {}
    errors = []
    for line in output.splitlines():
        if match := _LINE.match(line):
            value = match[2]
            times[match[1].decode("ascii", "replace")] = None if value == b"-" else float(value) / 1000
        elif match := _ERROR.match(line):
            errors.append(match[1].decode("ascii", "replace").lower().replace(" ", "_"))
    return FpingOutput(times, tuple(errors))


class Fping:
    def __init__(self, program: str, packets_per_s: float) -> None:
        self._program = program
        self._interval_ms = max(1, round(1000 / packets_per_s))

    async def works(self) -> str | None:
        """``None`` when it does; else why not."""
        try:
            times = (await self.round(["127.0.0.1"], timeout_s=0.5)).times_s
        except FpingError as error:
            return str(error)
        return None if times.get("127.0.0.1") is not None else "fping got no answer from 127.0.0.1"

    async def round(self, addresses: Sequence[str], timeout_s: float) -> FpingOutput:
        """One echo to each. Raises FpingError."""
        path = shutil.which(self._program)
        if path is None:
            raise FpingError(f"{self._program} is not installed")
        timeout_ms = str(max(1, round(timeout_s * 1000)))
        arguments = ["-C", "1", "-r", "0", "-t", timeout_ms, "-i", str(self._interval_ms)]
        try:
            process = await asyncio.create_subprocess_exec(
                path,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            raise FpingError(f"{path}: {error.strerror}") from error
        limit_s = timeout_s + len(addresses) * self._interval_ms / 1000 + _SPARE_S
        try:
            async with asyncio.timeout(limit_s):
                _, output = await process.communicate("\n".join(addresses).encode("ascii") + b"\n")
        except TimeoutError as error:
            raise FpingError(f"fping did not end within {limit_s:.0f} s") from error
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        parsed = parse(output)
        # 0 all answered, 1 some did not, 2 some addresses not found; above that it did not ping.
        if process.returncode not in (0, 1, 2) or not parsed.times_s:
            said = output.decode("utf-8", "replace").strip().splitlines()
            raise FpingError(said[-1] if said else f"fping ended with {process.returncode}")
        return parsed
