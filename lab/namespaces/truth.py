"""Who can be reached, by what is broken: a walk from the monitor over whole wires and powered machines. Pure,
and on purpose nothing of the monitor's own reasoning: tests compare the two.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from lab.namespaces.plan import MONITOR, Plan


def reachable(plan: Plan, cut: Collection[str], dark: Collection[str]) -> set[str]:
    """Machines that an echo from the monitor gets to and back; the monitor itself is not among them."""
    beside: dict[str, set[str]] = {}
    for wire in plan.wires.values():
        if wire.id in cut or wire.a.machine in dark or wire.b.machine in dark:
            continue
        beside.setdefault(wire.a.machine, set()).add(wire.b.machine)
        beside.setdefault(wire.b.machine, set()).add(wire.a.machine)
    seen, todo = {MONITOR}, [MONITOR]
    while todo:
        here = todo.pop()
        if here != MONITOR and not plan.machines[here].routes:
            continue  # a host passes nothing on
        for other in beside.get(here, ()):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen - {MONITOR}


def offices_cut(plan: Plan, answering: Iterable[str]) -> set[str]:
    """Offices of which no monitored machine answers."""
    answering = set(answering)
    monitored: dict[str, list[str]] = {}
    for machine in plan.machines.values():
        if machine.address is not None and machine.device.office is not None:
            monitored.setdefault(machine.device.office, []).append(machine.id)
    return {office for office, machines in monitored.items() if not answering & set(machines)}
