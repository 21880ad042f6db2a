"""What is built of a plan: machines, fibers, the monitor's namespace. What befalls them is in `network`."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

from lab.namespaces import files
from lab.namespaces.accounts import Accounts
from lab.namespaces.fiber import Fibers
from lab.namespaces.machine import Running, find_lldpcli, ups_program
from lab.namespaces.plan import FIBERS, MONITOR, MONITOR_ADDRESS, Machine, Plan
from lab.namespaces.shell import in_net, ip_batch, run
from lab.secrets import Keyring
from topology.model import DeviceRole


@dataclass(frozen=True, slots=True)
class Options:
    traps: bool = True
    lldp: bool = True
    ssh: bool = True
    at_once: int = 4
    """Machines that boot at the same time."""
    boot_within_s: float = 60.0
    no_route_when_cut: bool = False
    """The monitor's default route goes with the light of its own port: packets then fail at once instead of
    getting lost."""
    tempo: files.Tempo = field(default_factory=files.Tempo)


class World:
    def __init__(self, plan: Plan, run_dir: Path, environment: Mapping[str, str], options: Options) -> None:
        self.plan = plan
        self.options = options
        self.run_dir = run_dir
        self.keyring = Keyring(environment)
        self.fibers = Fibers(run_dir)
        self.machines: dict[str, Running] = {}
        self.notes: list[str] = []
        """What is not as asked, in words."""
        self._accounts = Accounts(plan.inventory, run_dir, environment)

    # -- life -------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Raises LabError."""
        plan = self.plan
        lldpcli = find_lldpcli() if self.options.lldp else None
        if self.options.lldp and lldpcli is None:
            self.notes.append(
                "no LLDP: lldpcli can't be read (Debian: its owner only); give a copy by RONDA_LAB_LLDPCLI"
            )
        self._accounts.prepare()
        for machine in plan.machines.values():
            self.machines[machine.id] = self._put_together(machine, lldpcli)
        for namespace in (*plan.machines, MONITOR):
            run(["ip", "netns", "add", namespace])
        self.fibers.start(plan.wires.values())
        for machine_id in plan.machines:
            self._prepare_stack(machine_id, routes=plan.machines[machine_id].routes)
            self.fibers.plug_in(machine_id)
            self.host_routes(machine_id)
        self._start_monitor()
        self.fibers.light()
        self.boot(list(self.machines))

    def stop(self) -> None:
        for machine in self.machines.values():
            machine.kill()
        for namespace in (*self.plan.machines, MONITOR, FIBERS):
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True, check=False)

    def _put_together(self, machine: Machine, lldpcli: str | None) -> Running:
        directory = self.run_dir / "machines" / machine.id
        access = self.keyring.access(self.plan.inventory, machine.device)
        is_ups = machine.device.role is DeviceRole.UPS
        agent = machine.address is not None and bool(machine.device.snmp)
        ssh = machine.address is not None and self.options.ssh and not is_ups
        agentx = agent and not is_ups
        environment = {
            "NAME": machine.id,
            "ADDRESS": machine.address or "",
            "ROUTES": str(int(machine.routes)),
            "AGENT": str(int(agent)),
            "AGENTX": "-x unix:/run/agentx/master" if agentx else "",
            "FRR_SNMP": "-M snmp" if agentx else "",
            "LLDP": str(int(lldpcli is not None)),
            "LLDPCLI": lldpcli or "",
            "AGENTX_LLDP": "-X unix:/run/agentx/master" if agentx else "",
            "SSH": str(int(ssh)),
            "VTY_USERS": ",".join(self._accounts.vtysh_users),
        }
        running = Running(machine, directory, environment)
        contents = {"lldpd.conf": files.lldpd(machine, self.options.tempo)}
        if machine.routes:
            contents["frr.conf"] = files.frr(self.plan, machine, self.options.tempo)
        if agent:
            contents["snmpd.conf"] = files.snmpd(
                machine,
                access,
                self.options.tempo,
                ups_program=ups_program(directory) if is_ups else None,
                watch_key=f"lab-{token_hex(8)}" if self.options.traps else None,
            )
        if ssh:
            contents["sshd_config"] = files.sshd(str(directory))
            contents.update(self._accounts.files(vtysh=machine.routes))
        running.write(contents)
        if ssh:
            self._accounts.know_host(machine, directory / "hostkey.pub")
        return running

    @staticmethod
    def _prepare_stack(namespace: str, *, routes: bool) -> None:
        """No IPv6: nothing here speaks it, and its neighbour discovery would only be noise."""
        settings = {
            "ipv4/ip_forward": str(int(routes)),
            "ipv4/conf/all/rp_filter": "0",
            "ipv4/conf/default/rp_filter": "0",
            "ipv6/conf/all/disable_ipv6": "1",
            "ipv6/conf/default/disable_ipv6": "1",
        }
        script = "; ".join(f"echo {v} >/proc/sys/net/{k}" for k, v in settings.items())
        run(in_net(namespace, ["sh", "-c", f"{{ {script}; }} 2>/dev/null || :"]))

    def _start_monitor(self) -> None:
        self._prepare_stack(MONITOR, routes=False)
        uplinks = self.plan.wires_of(MONITOR)
        run(["ip", "-n", MONITOR, "link", "set", "lo", "up"])
        run(["ip", "-n", MONITOR, "addr", "add", f"{MONITOR_ADDRESS}/32", "dev", "lo"])
        ignore = int(self.options.no_route_when_cut or len(uplinks) > 1)
        script = (
            f"echo {ignore} >/proc/sys/net/ipv4/conf/all/ignore_routes_with_linkdown; "
            "echo 0 65535 >/proc/sys/net/ipv4/ping_group_range"
        )
        run(in_net(MONITOR, ["sh", "-c", f"{{ {script}; }} 2>/dev/null || :"]))
        self.fibers.plug_in(MONITOR)
        ip_batch(
            MONITOR,
            [
                f"route add default via {w.other(MONITOR).address} src {MONITOR_ADDRESS} metric {10 * i}"
                for i, w in enumerate(uplinks, start=1)
            ],
        )

    def host_routes(self, machine_id: str) -> None:
        """What no OSPF tells: hosts go by their one router; routers know the hosts on their wires."""
        machine = self.plan.machines[machine_id]
        lines = []
        for wire, plug in self.plan.plugs_of(machine_id):
            other = wire.other(machine_id)
            if not machine.routes:
                source = f" src {machine.address}" if machine.address else ""
                lines.append(f"route replace default via {other.address} dev {plug.if_name}{source}")
            elif other.machine == MONITOR:
                lines.append(f"route replace {MONITOR_ADDRESS}/32 via {other.address} dev {plug.if_name}")
            elif not self.plan.machines[other.machine].routes:
                address = self.plan.machines[other.machine].address
                if address:
                    lines.append(f"route replace {address}/32 via {other.address} dev {plug.if_name}")
        if not machine.routes and machine.address:  # its process 1 comes later; `src` needs the address now
            lines.insert(0, f"addr replace {machine.address}/32 dev lo")
            lines.insert(0, "link set lo up")
        ip_batch(machine_id, lines)

    def boot(self, machines: list[str]) -> None:
        waiting: list[Running] = []
        for machine_id in machines:
            running = self.machines[machine_id]
            running.boot()
            waiting.append(running)
            if len(waiting) >= self.options.at_once:
                waiting.pop(0).wait_booted(self.options.boot_within_s)
        for running in waiting:
            running.wait_booted(self.options.boot_within_s)
