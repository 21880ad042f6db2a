"""The configuration of the real daemons, as text. Pure.

What the pages of these programs don't say is noted where it matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lab.namespaces.plan import MONITOR_ADDRESS, Machine, Plan
from lab.secrets import Access
from lab.usm import User

TRAP_PORT = 162
_AUTH = {"MD5": "MD5", "SHA1": "SHA", "SHA224": "SHA-224", "SHA256": "SHA-256", "SHA384": "SHA-384"}
_AUTH["SHA512"] = "SHA-512"
_PRIV = {"DES": "DES", "AES128": "AES", "AES192": "AES-192", "AES256": "AES-256"}


@dataclass(frozen=True, slots=True)
class Tempo:
    """How quick the real daemons are."""

    hello_s: int = 1
    dead_s: int = 4
    lldp_s: int = 5
    trap_watch_s: int = 2
    """How often snmpd looks at its own interfaces for linkDown and linkUp traps."""


def frr(plan: Plan, machine: Machine, tempo: Tempo) -> str:
    lines = [f"hostname {machine.id}", "agentx"]
    for wire, plug in plan.plugs_of(machine.id):
        other = wire.other(machine.id).machine
        lines += interface(plug.if_name, speaks=_speaks(plan, other), tempo=tempo)
    if machine.address is not None:
        lines += ["interface lo", " ip ospf area 0", "exit"]
    lines += [
        "router ospf",
        f" ospf router-id {machine.address or plan.plugs_of(machine.id)[0][1].address}",
        " redistribute kernel",
        " timers throttle spf 10 50 500",
        " log-adjacency-changes",
        "exit",
    ]
    return "\n".join(lines) + "\n"


def interface(if_name: str, *, speaks: bool, tempo: Tempo) -> list[str]:
    """The `interface` block of a wire; `speaks`: there is a router at its other end."""
    lines = [f"interface {if_name}", " ip ospf area 0"]
    if not speaks:
        return [*lines, " ip ospf passive", "exit"]
    return [
        *lines,
        " ip ospf network point-to-point",
        f" ip ospf hello-interval {tempo.hello_s}",
        f" ip ospf dead-interval {tempo.dead_s}",
        " ip ospf retransmit-interval 1",
        "exit",
    ]


def _speaks(plan: Plan, other: str) -> bool:
    return other in plan.machines and plan.machines[other].routes


def snmpd(
    machine: Machine, access: Access, tempo: Tempo, *, ups_program: str | None, watch_key: str | None
) -> str:
    """`ups_program`: the command that answers for UPS-MIB. `watch_key`: a secret for snmpd's questions to
    itself; None: no traps."""
    address = machine.device.address
    lines = [
        f"agentAddress udp:{(address.port if address else None) or 161}",
        f"engineID {machine.id}",  # the same after a power cut, as in real devices
        f"sysName {machine.id}",
        f"sysLocation {machine.device.office}",
        "sysContact noc@lab",
    ]
    lines += [f"rocommunity {c.decode()}" for c in (*access.communities_v1, *access.communities_v2c)]
    for user in access.users:
        lines += [_create(user), f"rouser {user.name} {_level(user).lower()}"]
    if ups_program is None:
        lines += [
            "master agentx",
            "agentXSocket unix:/run/agentx/master",
            "agentXPerms 0777 0777",
        ]
    else:
        lines += ["sysObjectID .1.3.6.1.2.1.33", f"pass_persist .1.3.6.1.2.1.33 {ups_program}"]
    if watch_key is not None:
        lines += [*_targets(machine, access), *_watch(tempo, watch_key)]
    return "\n".join(lines) + "\n"


def _targets(machine: Machine, access: Access) -> list[str]:
    target = f"{MONITOR_ADDRESS}:{TRAP_PORT}"
    # The source of traps is the address the monitor knows: the loopback one must exist before snmpd starts.
    source = [f"[snmp] clientaddr {machine.address}"] if machine.address else []
    communities = (*access.communities_v2c, *access.communities_v1)
    if communities:
        return [*source, f"[snmpd] trap2sink {target} {communities[0].decode()}"]
    if access.users:
        return [*source, f"[snmpd] trapsess {session(access.users[0])} {target}"]
    return []


def session(user: User) -> str:
    """Arguments of net-snmp's programs for a v3 user."""
    words = ["-v", "3", "-u", user.name, "-l", _level(user)]
    if user.auth:
        words += ["-a", _AUTH[user.auth], "-A", user.auth_key or ""]
    if user.auth and user.priv:
        words += ["-x", _PRIV[user.priv], "-X", user.priv_key or ""]
    return " ".join(words)


def _watch(tempo: Tempo, key: str) -> Sequence[str]:
    """linkDown and linkUp by DISMAN-EVENT-MIB; `linkUpDownNotifications yes` would look once a minute only.
    It asks the agent itself, as a user that nobody else knows."""
    row = ".1.3.6.1.2.1.2.2.1"
    columns = f"{row}.1 {row}.7 {row}.8 {row}.2"
    return [
        f"[snmpd] createUser lab-itself SHA {key}",
        "iquerySecName lab-itself",
        "rouser lab-itself auth",
        f"notificationEvent linkUpTrap .1.3.6.1.6.3.1.1.5.4 {columns}",
        f"notificationEvent linkDownTrap .1.3.6.1.6.3.1.1.5.3 {columns}",
        f'monitor -S -r {tempo.trap_watch_s} -e linkUpTrap "Generate linkUp" {row}.8 != 2',
        f'monitor -S -r {tempo.trap_watch_s} -e linkDownTrap "Generate linkDown" {row}.8 == 2',
    ]


def _create(user: User) -> str:
    words = [f"createUser {user.name}"]
    if user.auth:
        words.append(f'{_AUTH[user.auth]} "{user.auth_key}"')
    if user.auth and user.priv:
        words.append(f'{_PRIV[user.priv]} "{user.priv_key}"')
    return " ".join(words)


def _level(user: User) -> str:
    if user.auth and user.priv:
        return "authPriv"
    return "authNoPriv" if user.auth else "noAuthNoPriv"


def lldpd(machine: Machine, tempo: Tempo) -> str:
    lines = [
        f"configure system hostname {machine.id}",
        f"configure lldp tx-interval {tempo.lldp_s}",
        "configure lldp tx-hold 2",
    ]
    if machine.address is not None:
        lines.append(f"configure system ip management pattern {machine.address}")
    return "\n".join(lines) + "\n"


def sshd(directory: str) -> str:
    return f"""Port 22
HostKey {directory}/hostkey
PidFile /run/sshd.pid
UsePAM no
UseDNS no
PasswordAuthentication yes
PermitRootLogin no
MaxStartups 200:30:400
MaxSessions 50
AuthorizedKeysFile /run/etc/authorized_keys
StrictModes no
PrintMotd no
PrintLastLog no
Subsystem sftp internal-sftp
"""
