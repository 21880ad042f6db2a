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

from collector.echo import Echo, EchoCounters, ProbeTarget
from collector.resolve import Resolved
from topology.clock import Clock

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
    def __init__(self, program: str, packets_per_s: float, clock: Clock, counters: EchoCounters) -> None:
        self._program = program
        self._interval_ms = max(1, round(1000 / packets_per_s))
        self._clock = clock
        self._counters = counters

    async def refusal(self) -> str | None:
        """``None`` when it works; else why not."""
        try:
            output = await self._run(["127.0.0.1"], timeout_s=0.5)
        except FpingError as error:
            return str(error)
        answered = output.times_s.get("127.0.0.1") is not None
        return None if answered else "it got no answer from 127.0.0.1"

    async def round(
        self, targets: Sequence[ProbeTarget], addresses: Sequence[Resolved | None], timeout_s: float
    ) -> list[Echo]:
        """One echo to each address, and what became of it."""
        echoes = [Echo(t, self._clock.now(), self._clock.monotonic_s(), timeout_s) for t in targets]
        for echo, to in zip(echoes, addresses, strict=True):
            echo.destination = "" if to is None else to.address[0]
        self._counters.unresolved += sum(to is None for to in addresses)
        wanted = sorted({echo.destination for echo in echoes} - {""})
        if not wanted:
            return echoes
        try:
            output = await self._run(wanted, timeout_s)
        except FpingError:
            self._counters.send_errors["fping_failed"] += 1
            return echoes
        self._counters.icmp_errors.update(output.errors)
        for echo in echoes:
            echo.sent = echo.destination in output.times_s
            echo.rtt_s = output.times_s.get(echo.destination)
            self._counters.sent += echo.sent
        return echoes

    async def _run(self, addresses: Sequence[str], timeout_s: float) -> FpingOutput:
        """Raises FpingError."""
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
