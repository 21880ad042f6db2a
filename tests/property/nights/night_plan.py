"""What happens in a night: faults, repairs and restarts of the monitor, as a list that can be shrunk."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st
from night_watch import Night

from topology.model import DeviceId, DeviceRole, Inventory, LinkId, RiskGroupId


@dataclass(frozen=True)
class Break:
    after_s: float
    kind: str
    which: str = ""

    def __str__(self) -> str:
        return f"+{self.after_s:g}s {self.kind} {self.which}".rstrip()


@dataclass(frozen=True)
class Mend:
    """Repair the `nth` fault that is still there (modulo how many there are)."""

    after_s: float
    nth: int

    def __str__(self) -> str:
        return f"+{self.after_s:g}s mend {self.nth}"


@dataclass(frozen=True)
class MendPart:
    """Of a broken group, one link only."""

    after_s: float
    nth: int


@dataclass(frozen=True)
class Restart:
    after_s: float
    down_s: float
    crash: bool


Step = Break | Mend | MendPart | Restart


def targets(inventory: Inventory) -> dict[str, list[str]]:
    """Per kind of fault what it can hit."""
    linked = {g for link in inventory.links.values() for g in link.risk_groups}
    fed = {g for d in inventory.devices.values() for g in d.risk_groups if d.role is not DeviceRole.CLOUD}
    own = [d.id for d in inventory.devices.values() if d.monitored and d.id not in inventory.vantages]
    found: dict[str, list[str]] = {
        "link": list(inventory.links),
        "device": list(own),
        "group": sorted(linked),
        "feed": sorted(fed),
        "snmp": list(own),
        "flap": list(inventory.links),
        "loss": list(inventory.links),
        "latency": list(own),
        "uplink": [""],
    }
    return {kind: names for kind, names in found.items() if names}


class Player:
    """Plays steps on a night and counts the faults that ought to be paged."""

    def __init__(self, night: Night) -> None:
        self.night = night
        self.broken: list[Break] = []
        self.faults = 0
        self.flapped: set[str] = set()
        self.began_s: dict[str, float] = {}
        """When each broken thing broke last."""
        self.mends_s: list[float] = []
        """When something was repaired."""

    def play(self, step: Step) -> None:
        self.night.run_for(step.after_s)
        match step:
            case Break():
                self._break(step)
            case Mend() if self.broken:
                self.mend(self.broken.pop(step.nth % len(self.broken)))
            case MendPart():
                self._mend_part(step)
            case Restart():
                self.night.restart(step.down_s, crash=step.crash)

    def _break(self, step: Break) -> None:
        night, which = self.night, step.which
        before, stopped = night.truth.now, set(night.network.truth.snmp_stopped)
        match step.kind:
            case "link":
                night.do("cut", which)
            case "device" | "feed":
                night.do("power-off", which)
            case "group":
                night.do("cut-duct", which)
            case "snmp":
                night.do("stop-snmp", which)
            case "flap":
                if LinkId(which) in night.network.truth.cut:
                    return
                night.do("flap", which, times=10, every_s=6.0)
                self.flapped.add(which)
            case "loss":
                night.do("loss", which, 20.0)
            case "latency":
                night.latency_s[DeviceId(which)] = 0.7
            case "uplink":
                night.cut_uplink()
        self.broken.append(step)
        self.began_s[which] = night.now_s
        if step.kind in ("group", "feed") and before.broken:
            self.faults += 1  # a part of it may be hidden behind what is broken already, and show later
        changed = night.truth.now.broken != before.broken or night.truth.now.blind != before.blind
        if changed or night.network.truth.snmp_stopped != stopped or step.kind == "flap":
            self.faults += 1

    def mend(self, fault: Break) -> None:
        night, which = self.night, fault.which
        self.mends_s.append(night.now_s)
        match fault.kind:
            case "link" | "group" | "flap":
                night.do("restore", which)
            case "device" | "feed":
                night.do("power-on", which)
            case "snmp":
                night.do("start-snmp", which)
            case "loss":
                night.do("loss", which, 0.0)
            case "latency":
                del night.latency_s[DeviceId(which)]
            case "uplink":
                night.cut_uplink(False)
        self.broken = [
            f for f in self.broken if f != fault and not (f.kind == "latency" and f.which == which)
        ]

    def _mend_part(self, step: MendPart) -> None:
        groups = [f for f in self.broken if f.kind == "group"]
        if not groups:
            return
        group = RiskGroupId(groups[step.nth % len(groups)].which)
        inventory = self.night.inventory
        cut = sorted(
            link.id
            for link in inventory.links.values()
            if group in link.risk_groups and link.id in self.night.network.truth.cut
        )
        if cut:
            self.mends_s.append(self.night.now_s)
            self.night.do("restore", cut[step.nth % len(cut)])
            # Of a group that was never told as one its members are told as they come into sight: some are
            # hidden behind others until those are mended.
            since_s = self.night.now_s - self.began_s.get(group, 0.0)
            self.faults += max(1, len(cut) - 2) if since_s < 20.0 else 1

    def mend_all(self) -> None:
        self.night.do("restore-all")
        self.night.cut_uplink(False)
        self.night.latency_s.clear()
        self.broken.clear()


gaps = st.one_of(
    st.sampled_from([0.0, 0.3, 1.0, 3.0, 7.0, 20.0, 60.0]), st.floats(0.0, 120.0).map(lambda g: round(g, 1))
)


@st.composite
def plans(
    draw: st.DrawFn, inventory: Inventory, kinds: tuple[str, ...], *, faults: int = 4, restarts: bool = False
) -> list[Step]:
    """One to `faults` faults among repairs (and restarts); what is left is repaired at the end."""
    able = {k: names for k, names in targets(inventory).items() if k in kinds}
    steps: list[Step] = []
    breaks = 0
    for _ in range(draw(st.integers(1, 2 * faults))):
        choice = draw(st.sampled_from(["break", "break", "mend", "part", "restart"]))
        after_s = draw(gaps)
        if choice == "break" and breaks < faults:
            kind = draw(st.sampled_from(sorted(able)))
            steps.append(Break(after_s, kind, draw(st.sampled_from(able[kind]))))
            breaks += 1
        elif choice == "mend" and breaks:
            steps.append(Mend(after_s, draw(st.integers(0, 3))))
        elif choice == "part" and "group" in able and breaks:
            steps.append(MendPart(after_s, draw(st.integers(0, 3))))
        elif choice == "restart" and restarts:
            steps.append(Restart(after_s, draw(st.sampled_from([0.5, 5.0, 40.0])), draw(st.booleans())))
    return steps
