"""What must hold of a night, whatever happened in it. Each broken promise is a sentence with its time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from night_plan import Player, Restart, Step
from night_watch import Night

from alerts.model import Incident, IncidentKind, Reason
from ronda.patrol import Round
from topology.findings import Component, ComponentKind, Connectivity
from topology.model import Inventory, OfficeId
from topology.settings import VerdictSettings

WARM_UP_S = 25.0
SLACK_S = 5.0
"""Echo time-outs, extra looks, asked polls and gather times on top of the intervals."""


@dataclass
class Report:
    """What a night came to, and every promise that it broke."""

    faults: int = 0
    opened: int = 0
    grew: int = 0
    """Incidents that took in further offices after they were told."""
    first_right: int = 0
    """Incidents whose first message named exactly the offices that were cut then."""
    rank_one: int = 0
    """Incidents whose first blame was true."""
    put_right: int = 0
    """Incidents whose first blame was not: a poll in flight while something broke is stamped at its end, and
    so may seem to prove that it works. The next poll put it right, as an update."""
    broken: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


class Checks:
    """Watches a night round by round; `finish` looks at all of it."""

    def __init__(self, inventory: Inventory) -> None:
        self.report = Report()
        self.inventory = inventory
        devices = [d for d in inventory.devices.values() if d.monitored]
        self.probe_s = max(d.probe_interval_s for d in devices)
        self.poll_s = max(d.poll_interval_s for d in devices)
        self.settle_s = VerdictSettings().settle_s
        self.reported_s = 2.0 * self.probe_s + self.settle_s + SLACK_S
        """Within this a cut that lasts is told."""
        self.back_s = self.probe_s + SLACK_S
        """Within this an office that works again is no longer called cut."""
        self.restarted_s = 0.0
        self._late: set[tuple[OfficeId, float]] = set()
        self._false: set[tuple[OfficeId, float]] = set()
        self._cut_since: dict[OfficeId, float] = {}
        self._seen_moments = 0

    # --- round by round ---

    def __call__(self, night: Night, round_: Round) -> None:
        self._follow_truth(night)
        now_s = night.now_s
        called = {o for o, v in round_.verdict.offices.items() if v.connectivity is Connectivity.CUT}
        window = night.truth.during(now_s - self.back_s, now_s)
        for office in called:
            if any(office in m.no_hub for m in window) or (office, now_s // 10) in self._false:
                continue
            self._false.add((office, now_s // 10))
            out_of_sight = any(office in m.unseen for m in window)
            what = "is out of sight, but reaches a hub" if out_of_sight else "never was"
            self.broken(now_s, f"{office} is called cut and {what}, in the last {self.back_s:g} s")
        self._told_in_time(night, round_, called)

    def _follow_truth(self, night: Night) -> None:
        moments = night.truth.moments
        for moment in moments[self._seen_moments :]:
            cut = moment.no_hub & moment.unseen
            for office in [o for o in self._cut_since if o not in cut]:
                del self._cut_since[office]
            for office in cut:
                self._cut_since.setdefault(office, moment.at_s)
        self._seen_moments = len(moments)

    def _told_in_time(self, night: Night, round_: Round, called: set[OfficeId]) -> None:
        if round_.verdict.blind or night.truth.now.blind:
            self.restarted_s = night.now_s  # as after a restart: what it sees, it sees anew
            return
        told = {
            o.office
            for i in night.patrol.book.active
            if i.told
            for o in i.offices_now
            if o.connectivity is Connectivity.CUT
        }
        for office, since_s in self._cut_since.items():
            from_s = max(since_s, self.restarted_s, self._steady_since(night))
            if night.now_s < from_s + self.reported_s or (office, since_s) in self._late:
                continue
            if office not in called or office not in told:
                self._late.add((office, since_s))
                what = "not called cut" if office not in called else "called cut, in no incident"
                self.broken(night.now_s, f"{office} is cut since {since_s:.1f} and {what}")

    def _steady_since(self, night: Night) -> float:
        """When the monitor could see again after it had been blind."""
        blind = [
            m.at_s for m, n in zip(night.truth.moments[1:], night.truth.moments, strict=False) if n.blind
        ]
        return blind[-1] if blind else 0.0

    def broken(self, at_s: float, what: str) -> None:
        self.report.broken.append(f"at {at_s:.1f} s: {what}")

    # --- the whole night ---

    def finish(self, night: Night, player: Player) -> Report:
        report, end_s = self.report, night.now_s
        notes = night.notes
        report.faults = player.faults
        opened = [(at, n) for at, n in notes if n.reason is Reason.OPENED]
        report.opened = len(opened)
        allowed = player.faults
        # In a network of few devices an outage of nearly all of them is taken for blindness once they all are
        # silent; and two links of one device that flap at once look like the device now and then.
        allowed += any(
            night.incidents[n.incident].kind is IncidentKind.BLIND for _, n in opened if n.incident
        )
        allowed += len(player.flapped) > 1
        if len(opened) > allowed:
            self.broken(end_s, f"{len(opened)} incidents were opened for {player.faults} faults")
        keys = Counter(n.dedup_key for _, n in notes)
        for key, times in keys.items():
            if times > 1:
                self.broken(end_s, f"{key} was sent {times} times")
        story: dict[str, list[Reason]] = defaultdict(list)
        for _, n in notes:
            if n.reason in (Reason.OPENED, Reason.REOPENED, Reason.RESOLVED):
                story[str(n.incident)].append(n.reason)
        for incident, reasons in story.items():
            wanted = [Reason.OPENED, Reason.RESOLVED]
            wanted += [Reason.REOPENED, Reason.RESOLVED] * ((len(reasons) - 2) // 2)
            if reasons != wanted:
                self.broken(end_s, f"{incident} was told as {', '.join(r.value for r in reasons)}")
        for incident in night.patrol.book.active:
            self.broken(
                end_s,
                f"{incident.id} {incident.kind} of {_names(incident.components)} is still {incident.status}",
            )
        assert night.patrol.verdict is not None
        for office, verdict in night.patrol.verdict.offices.items():
            if verdict.connectivity not in (Connectivity.CONNECTED, Connectivity.NOT_CONNECTED):
                self.broken(end_s, f"{office} is {verdict.connectivity} though all is repaired")
        for at_s, n in opened:
            self._blames_truly(night, player, at_s, night.incidents[n.incident], n.components)  # type: ignore[index]
        return report

    def _blames_truly(
        self, night: Night, player: Player, at_s: float, incident: Incident, first: Sequence[Component]
    ) -> None:
        """What failed is blamed, or named among the alternatives."""
        if incident.kind is IncidentKind.BLIND or incident.kind is IncidentKind.MANAGEMENT:
            return
        begins_s = night.second(incident.began_at)
        true: set[Component] = {Component(ComponentKind.LINK, link) for link in player.flapped}
        for moment in night.truth.during(begins_s - self.poll_s, at_s):
            true |= moment.broken
        first_alternatives = night.first_hypotheses.get(incident.id, ())
        if true.issuperset(first):
            self.report.rank_one += 1
        elif any(at_s - 8.0 < mended_s < at_s for mended_s in player.mends_s):
            pass  # of what is repaired within seconds only traces are seen
        elif player.flapped and true.intersection(first):
            pass  # up and down every three seconds, nobody can tell what else is up
        elif true.issuperset(incident.components):
            self.report.put_right += 1
        elif not any(true.issuperset(h) for h in first_alternatives):
            self.broken(at_s, f"{incident.id} blames {_names(first)}; broken was {_names(sorted(true))}")
        offices = night.first_offices[incident.id]
        cut = {o for m in night.truth.during(at_s - 0.001, at_s) for o in m.no_hub & m.unseen}
        if set(offices) == cut:
            self.report.first_right += 1
        if any(e.what.value == "grew" and e.at > incident.opened_at for e in incident.timeline):  # type: ignore[operator]
            self.report.grew += 1


def _names(components: Sequence[Component]) -> str:
    return ", ".join(str(c) for c in components) or "nothing"


def spend(inventory: Inventory, steps: Sequence[Step], *, seed: int = 0) -> Report:
    """Play a night with these steps, repair what is left, and check all of it."""
    checks = Checks(inventory)
    night = Night(inventory, seed=seed, watch=checks)
    player = Player(night)
    night.run_to(WARM_UP_S)
    for step in steps:
        player.play(step)
        if isinstance(step, Restart):
            checks.restarted_s = night.now_s
    night.run_for(checks.reported_s)
    while player.broken:
        player.mend(player.broken[0])
        night.run_for(4.0)
    player.mend_all()
    calm_s = 22.0 * checks.poll_s if player.flapped else 2.6 * checks.poll_s
    night.run_for(calm_s + 2.0 * checks.probe_s + SLACK_S)
    report = checks.finish(night, player)
    report.told = [
        f"{at_s:7.2f} {n.reason.value:9} {n.incident} {_names(n.components)} [{', '.join(n.offices)}]"
        for at_s, n in night.notes
    ]
    return report
