"""The fibers: both ends of every wire lie in one namespace, where nftables carries frames from one to the
other (LLDP's too). Taking an end's interface down there takes the device's port oper-down with admin up,
as a cut fiber does. Loss is an nftables rule, latency a small program that carries the frames instead.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from lab.namespaces.plan import FIBERS, Plug, Wire
from lab.namespaces.shell import in_net, ip_batch, run

_DELAY = Path(__file__).with_name("delay.py")


@dataclass(slots=True)
class _End:
    plug: Plug
    far: str
    """The interface in the fibers' namespace."""
    laid: int = 0
    loss_percent: float = 0.0
    """Of the frames that this end's machine sends."""
    if_name: str = ""
    """What the device's interface is called now."""
    lit: bool | None = None


@dataclass(slots=True)
class _Fiber:
    wire: Wire
    a: _End
    b: _End
    cut: bool = False
    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    carrier: subprocess.Popen[bytes] | None = None

    @property
    def ends(self) -> tuple[_End, _End]:
        return (self.a, self.b)

    def end(self, machine: str) -> _End:
        return self.a if self.a.plug.machine == machine else self.b


@dataclass(slots=True)
class Fibers:
    """Not thread-safe: the lab calls it under its lock."""

    log_dir: Path
    _fibers: dict[str, _Fiber] = field(default_factory=dict)

    def start(self, wires: Iterable[Wire]) -> None:
        """One namespace, no stack above layer 2, every wire with both ends dark until `light`."""
        run(["ip", "netns", "add", FIBERS])
        run(in_net(FIBERS, ["sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 || :"]))
        run(in_net(FIBERS, ["nft", "add table netdev fibers"]))
        for wire in wires:
            ends = [_End(p, "", if_name=p.if_name) for p in wire.ends]
            self._fibers[wire.id] = _Fiber(wire, ends[0], ends[1])

    # -- what a machine has -----------------------------------------------------------------------------

    def plug_in(self, machine: str, addresses: bool = True) -> None:
        """New interfaces for one machine, with counters at zero, as after a boot."""
        lines = []
        for fiber in self._of(machine):
            end = fiber.end(machine)
            end.laid += 1
            side = "a" if end is fiber.a else "b"
            end.far = f"f{fiber.wire.number}{side}{end.laid}"
            end.if_name = end.plug.if_name
            end.lit = False
            lines += [
                f"link add {end.if_name} type veth peer name {end.far} netns {FIBERS}",
                f"link set dev {end.if_name} alias {end.plug.label.replace(' ', '_')}",
                f"link set dev {end.if_name} up",
            ]
            if addresses:
                lines.append(f"addr add {end.plug.address}/31 dev {end.if_name}")
        ip_batch(machine, lines)
        self._carry(self._of(machine))

    def unplug(self, machine: str) -> None:
        """The machine's interfaces are gone, and their other ends are dark."""
        for fiber in self._of(machine):
            self._stop_delay(fiber)
        self.light()
        ip_batch(machine, [f"link del {f.end(machine).if_name}" for f in self._of(machine)])
        for fiber in self._of(machine):
            end = fiber.end(machine)
            # Kernels differ in whether a chain goes with its interface; either is fine.
            gone = in_net(FIBERS, ["nft", f"delete chain netdev fibers {end.far}"])
            subprocess.run(gone, capture_output=True, check=False)
            end.far = ""

    def rename(self, machine: str, old: str, new: str) -> str | None:
        """The wire whose interface got another name; None when the machine has no such interface."""
        for fiber in self._of(machine):
            end = fiber.end(machine)
            if end.if_name == old:
                # While it is up: kernels before 6.2 want it down first.
                try:
                    ip_batch(machine, [f"link set dev {old} name {new}"])
                except Exception:  # noqa: BLE001  # whatever it said: the second way tells if that fails as well
                    ip_batch(
                        machine, [f"link set {old} down", f"link set {old} name {new}", f"link set {new} up"]
                    )
                end.if_name = new
                return fiber.wire.id
        return None

    # -- what happens to wires --------------------------------------------------------------------------

    def set_cut(self, wire: str, cut: bool) -> None:
        self._fibers[wire].cut = cut

    def set_loss(self, wire: str, percent: float, sender: str | None) -> None:
        fiber = self._fibers[wire]
        for end in fiber.ends:
            if sender is None or end.plug.machine == sender:
                end.loss_percent = percent
        self._carry([fiber])

    def set_delay(self, wire: str, delay_ms: float, jitter_ms: float) -> None:
        """One way: a round trip takes twice that."""
        fiber = self._fibers[wire]
        fiber.delay_ms, fiber.jitter_ms = delay_ms, jitter_ms
        self._carry([fiber])

    def light(self) -> None:
        """Ports are up where the wire is whole and both ends have power; only what changed is touched."""
        lines = []
        for fiber in self._fibers.values():
            whole = not fiber.cut and all(end.far for end in fiber.ends)
            for end in fiber.ends:
                if end.far and end.lit is not whole:
                    lines.append(f"link set {end.far} {'up' if whole else 'down'}")
                    end.lit = whole
        ip_batch(FIBERS, lines)

    def darken(self, machine: str) -> None:
        """Its power is gone: all its wires are dark at both ends, before anything slower happens."""
        lines = []
        for fiber in self._of(machine):
            for end in fiber.ends:
                if end.far and end.lit is not False:
                    lines.append(f"link set {end.far} down")
                    end.lit = False
        ip_batch(FIBERS, lines)

    def _of(self, machine: str) -> list[_Fiber]:
        return [f for f in self._fibers.values() if machine in (f.a.plug.machine, f.b.plug.machine)]

    # -- carrying frames --------------------------------------------------------------------------------

    def _carry(self, fibers: Iterable[_Fiber]) -> None:
        """Both ends' chains anew, all in one transaction."""
        lines = []
        for fiber in fibers:
            self._stop_delay(fiber)
            if not all(end.far for end in fiber.ends):
                continue
            slow = fiber.delay_ms > 0.0 or fiber.jitter_ms > 0.0
            for end, other in ((fiber.a, fiber.b), (fiber.b, fiber.a)):
                chain = f"netdev fibers {end.far}"
                lines.append(
                    f'add chain {chain} {{ type filter hook ingress device "{end.far}" priority 0; }}'
                )
                lines.append(f"flush chain {chain}")
                if end.loss_percent > 0.0:
                    share = round(end.loss_percent * 100)
                    lines.append(f"add rule {chain} numgen random mod 10000 < {share} drop")
                lines.append(f"add rule {chain} " + ("drop" if slow else f'fwd to "{other.far}"'))
            if slow:
                self._start_delay(fiber)
        if lines:
            run(in_net(FIBERS, ["nft", "-f", "-"]), text="\n".join(lines) + "\n")

    def _start_delay(self, fiber: _Fiber) -> None:
        loss = max(end.loss_percent for end in fiber.ends)
        argv = [sys.executable, "-S", "-E", str(_DELAY), fiber.a.far, fiber.b.far]
        argv += ["--delay-ms", str(fiber.delay_ms), "--jitter-ms", str(fiber.jitter_ms)]
        argv += ["--loss-percent", str(loss)]
        with (self.log_dir / "delay.log").open("ab") as log:
            fiber.carrier = subprocess.Popen(in_net(FIBERS, argv), stdout=log, stderr=log)

    @staticmethod
    def _stop_delay(fiber: _Fiber) -> None:
        if fiber.carrier is not None:
            fiber.carrier.kill()
            fiber.carrier.wait()
            fiber.carrier = None
