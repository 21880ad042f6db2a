"""What an operator can do to the simulated network, each answered in a sentence.

One table for the Python API, the control socket and `ronda lab`: a command is a function of the network,
the time and its arguments, and raises UnknownIdError or BadArgumentError.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.answers import (
    Answer,
    BadArgumentError,
    effect,
    find,
    find_device,
    find_group,
    find_link,
    members,
    told,
)
from lab.network import Network
from topology.model import ApplicationId, Device, DeviceId, LinkId, RiskGroupId


def cut(network: Network, at_s: float, link: str) -> Answer:
    """Cut a link: both ends go down, what has no other way goes silent."""
    found = find_link(network, link)
    before = network.state.reachable
    network.cancel(f"flap {found.id}")
    with network.changing(at_s) as truth:
        truth.cut.add(found.id)
    data = effect(network, before, at_s)
    return Answer(f"{found.id} is cut; {told(data)}.", data)


def cut_duct(network: Network, at_s: float, group: str) -> Answer:
    """Cut every link of a risk group (duct, pole route, cable, provider node) at once."""
    found = find_group(network, group)
    links, _ = members(network, found)
    if not links:
        raise BadArgumentError(f"no link runs through {found}; for a power feed use power-off")
    before = network.state.reachable
    for link in links:
        network.cancel(f"flap {link}")
    with network.changing(at_s) as truth:
        truth.cut.update(links)
    data = {**effect(network, before, at_s), "links": links}
    return Answer(f"{found} is cut with {', '.join(links)}; {told(data)}.", data)


def restore(network: Network, at_s: float, target: str) -> Answer:
    """Mend a link, or all links of a risk group: no cut, no flapping, no dimming, no loss left."""
    inventory = network.inventory
    name = find("link or risk group", target, [*inventory.links, *inventory.risk_groups])
    links = [LinkId(name)] if name in inventory.links else members(network, RiskGroupId(name))[0]
    before = network.state.reachable
    for link in links:
        network.cancel(f"flap {link}")
    with network.changing(at_s) as truth:
        for link in links:
            truth.cut.discard(link)
            truth.extra_loss_db.pop(link, None)
            truth.packet_loss.pop(link, None)
    data = {**effect(network, before, at_s), "links": links}
    return Answer(f"{name} is restored; {told(data)}.", data)


def power_off(network: Network, at_s: float, target: str) -> Answer:
    """Take the power of a device, or of every device of a power feed or site."""
    inventory = network.inventory
    name = find("device or risk group", target, [*inventory.devices, *inventory.risk_groups])
    before = network.state.reachable
    if name in inventory.devices:
        device = find_device(network, name)
        network.cancel(f"boot {device.id}")
        with network.changing(at_s) as truth:
            truth.switched_off.add(device.id)
            truth.rebooting.discard(device.id)
    else:
        group = RiskGroupId(name)
        if not members(network, group)[1]:
            raise BadArgumentError(f"no device is fed by {group}; to cut its links use cut-duct")
        with network.changing(at_s) as truth:
            truth.dark_feeds.setdefault(group, at_s)
    data = effect(network, before, at_s)
    return Answer(f"{name} has no power; {told(data)}.", data)


def power_on(network: Network, at_s: float, target: str) -> Answer:
    """Give the power back; the devices boot first."""
    inventory = network.inventory
    name = find("device or risk group", target, [*inventory.devices, *inventory.risk_groups])
    before = network.state.reachable
    had_power = {d for d in inventory.devices if network.truth.has_power(inventory.devices[d])}
    with network.changing(at_s) as truth:
        truth.switched_off.discard(DeviceId(name))
        truth.dark_feeds.pop(RiskGroupId(name), None)
        fed = [d for d in network.hardware if d not in had_power and truth.has_power(inventory.devices[d])]
        truth.rebooting.update(fed)
    for device in fed:
        network.reboot(device, at_s)
    data = {**effect(network, before, at_s), "booting": sorted(fed)}
    if name in inventory.devices and not network.truth.has_power(inventory.devices[DeviceId(name)]):
        feeds = sorted(network.truth.dark_feeds.keys() & set(inventory.devices[DeviceId(name)].risk_groups))
        return Answer(f"{name} is switched on, but its feed {', '.join(feeds)} has no power.", data)
    boots = f"; booting for {network.boot_s:g} s: {', '.join(sorted(fed))}" if fed and network.boot_s else ""
    return Answer(f"{name} has power{boots}; {told(data)}.", data)


def dim(network: Network, at_s: float, link: str, db: float) -> Answer:
    """Add loss to a fiber: both ends see `db` decibels less light than when healthy (0: as built)."""
    found = find_link(network, link)
    module = network.budgets.get(found.id)
    if module is None:
        raise BadArgumentError(f"{found.id} is {found.medium}, not fiber: it has no light to dim")
    if not 0.0 <= db <= 60.0:
        raise BadArgumentError("the loss to add is between 0 and 60 dB")
    before = network.state.reachable
    with network.changing(at_s) as truth:
        truth.extra_loss_db[found.id] = db
        if db == 0.0:
            del truth.extra_loss_db[found.id]
    rx_dbm = module.rx_dbm(db)
    data = {**effect(network, before, at_s), "rx_dbm": rx_dbm}
    light = "no light arrives" if rx_dbm is None else f"{rx_dbm:.1f} dBm arrives"
    held = "" if module.holds(db) else ", too little to keep the link up"
    return Answer(f"{found.id} is {db:g} dB dimmer: {light}{held}; {told(data)}.", data)


def loss(network: Network, at_s: float, link: str, percent: float) -> Answer:
    """Let a link lose packets, each way by chance (0: none)."""
    found = find_link(network, link)
    if not 0.0 <= percent <= 100.0:
        raise BadArgumentError("the loss is between 0 and 100 percent")
    with network.changing(at_s) as truth:
        truth.packet_loss[found.id] = percent / 100.0
        if percent == 0.0:
            del truth.packet_loss[found.id]
    behind = sorted(d for d, way in network.state.ways.items() if found.id in way)
    who = ", ".join(behind) or "nobody"
    message = f"{found.id} loses {percent:g} % of its packets each way; behind it: {who}."
    return Answer(message, {"behind": behind})


def stop_snmp(network: Network, at_s: float, device: str) -> Answer:
    """The SNMP daemon stops; the device still forwards and answers ICMP."""
    found = find_device(network, device)
    with network.changing(at_s) as truth:
        truth.snmp_stopped.add(found.id)
    return Answer(f"{found.id} no longer answers SNMP; ICMP still answers.")


def start_snmp(network: Network, at_s: float, device: str) -> Answer:
    """The SNMP daemon runs again."""
    found = find_device(network, device)
    with network.changing(at_s) as truth:
        truth.snmp_stopped.discard(found.id)
    return Answer(f"{found.id} answers SNMP again.")


def reboot(network: Network, at_s: float, device: str) -> Answer:
    """Restart a device: counters at zero, a new engine boot."""
    found = _powered(network, device)
    network.reboot(found.id, at_s)
    return Answer(f"{found.id} reboots; back in {network.boot_s:g} s.")


def renumber(network: Network, at_s: float, device: str) -> Answer:
    """Restart a device that then numbers its interfaces differently (ifIndex shuffled)."""
    found = _powered(network, device)
    network.reboot(found.id, at_s, renumber=True)
    return Answer(
        f"{found.id} reboots with other interface numbers; back in {network.boot_s:g} s.",
        {"if_index": dict(network.running[found.id].if_index)},
    )


def _powered(network: Network, device: str) -> Device:
    found = find_device(network, device)
    if not network.truth.has_power(found):
        raise BadArgumentError(f"{found.id} has no power; power it on first")
    return found


def flap(network: Network, at_s: float, link: str, times: int = 5, every_s: float = 6.0) -> Answer:
    """Cut a link `times` times, `every_s` seconds apart, each time for half of that."""
    found = find_link(network, link)
    if times < 1 or every_s <= 0.0:
        raise BadArgumentError("a link flaps at least once, some seconds apart")

    def step(down: bool, due_s: float) -> None:
        with network.changing(due_s) as truth:
            if down:
                truth.cut.add(found.id)
            else:
                truth.cut.discard(found.id)

    network.cancel(f"flap {found.id}")
    for i in range(times):
        start_s = at_s + i * every_s
        network.at(start_s, f"flap {found.id}", lambda due_s: step(True, due_s))
        network.at(start_s + every_s / 2.0, f"flap {found.id}", lambda due_s: step(False, due_s))
    network.advance(at_s)
    return Answer(f"{found.id} goes down {times} times, every {every_s:g} s, for {every_s / 2.0:g} s each.")


def _application(network: Network, wanted: str) -> ApplicationId:
    return ApplicationId(find("application", wanted, network.inventory.applications))


def stop_application(network: Network, at_s: float, application: str) -> Answer:
    """The application fails: it answers 503."""
    found = _application(network, application)
    with network.changing(at_s) as truth:
        truth.applications_stopped.add(found)
    return Answer(f"{found} answers 503.")


def start_application(network: Network, at_s: float, application: str) -> Answer:
    """The application is well again."""
    found = _application(network, application)
    with network.changing(at_s) as truth:
        truth.applications_stopped.discard(found)
    return Answer(f"{found} is well again.")


def restore_all(network: Network, at_s: float) -> Answer:
    """Undo everything: all links whole and bright, all power on, all daemons and applications running."""
    before = network.state.reachable
    for link in network.inventory.links:
        network.cancel(f"flap {link}")
    dark = [d for d in network.hardware if not network.truth.has_power(network.inventory.devices[d])]
    with network.changing(at_s) as truth:
        truth.cut.clear()
        truth.extra_loss_db.clear()
        truth.packet_loss.clear()
        truth.switched_off.clear()
        truth.dark_feeds.clear()
        truth.snmp_stopped.clear()
        truth.applications_stopped.clear()
        truth.rebooting.update(dark)
    for device in dark:
        network.reboot(device, at_s)
    data = {**effect(network, before, at_s), "booting": sorted(dark)}
    return Answer(f"All is restored; {told(data)}.", data)


def status(network: Network, at_s: float) -> Answer:
    """The truth now: what is cut, dark, dimmed or stopped, and who can't be reached."""
    network.advance(at_s)
    truth, state = network.truth, network.state
    monitored = sorted(d.id for d in network.inventory.devices.values() if d.monitored)
    silent = [d for d in monitored if d not in state.reachable]
    data: dict[str, Any] = {
        "devices": len(monitored),
        "silent": silent,
        "cut": sorted(truth.cut),
        "links_down": sorted(set(network.inventory.links) - state.links_up),
        "dimmed_db": dict(sorted(truth.extra_loss_db.items())),
        "packet_loss": dict(sorted(truth.packet_loss.items())),
        "switched_off": sorted(truth.switched_off),
        "dark_feeds": sorted(truth.dark_feeds),
        "rebooting": sorted(truth.rebooting),
        "snmp_stopped": sorted(truth.snmp_stopped),
        "applications_stopped": sorted(truth.applications_stopped),
    }
    words = {
        "cut": "cut",
        "switched_off": "without power",
        "dark_feeds": "power feeds that are off",
        "rebooting": "booting",
        "snmp_stopped": "SNMP stopped",
        "applications_stopped": "applications stopped",
        "silent": "silent",
    }
    lines = [f"{len(monitored) - len(silent)} of {len(monitored)} devices answer."]
    lines += [f"{word}: {', '.join(data[key])}" for key, word in words.items() if data[key]]
    lines += [f"lossy: {link}, {ratio * 100.0:g} %" for link, ratio in data["packet_loss"].items()]
    lines += [f"dimmed: {link} by {db:g} dB" for link, db in data["dimmed_db"].items()]
    return Answer("\n".join(lines), data)


COMMANDS: dict[str, Callable[..., Answer]] = {
    "cut": cut,
    "cut-duct": cut_duct,
    "restore": restore,
    "restore-all": restore_all,
    "power-off": power_off,
    "power-on": power_on,
    "dim": dim,
    "loss": loss,
    "flap": flap,
    "stop-snmp": stop_snmp,
    "start-snmp": start_snmp,
    "stop-app": stop_application,
    "start-app": start_application,
    "reboot": reboot,
    "renumber": renumber,
    "status": status,
}
"""By the name that `ronda lab` and the control socket use."""
