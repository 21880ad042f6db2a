"""No line that the profile does not list reaches a device: every byte that a server received is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from collector.profile import load_profiles
from collector.ssh_faults import SendRefusedError
from collector.ssh_guard import GuardedChannel
from lab.cli.host import Shell

if TYPE_CHECKING:
    from conftest import Serve

PROFILES = load_profiles()
WITH_SSH = [name for name in PROFILES.names() if PROFILES[name].ssh is not None]
PROMPTS = {
    "mikrotik-routeros": "[noc@r1] > ",
    "huawei-vrp": "<r1>",
    "huawei-ont": "WAP>",
    "juniper-junos": "noc@r1> ",
    "linux": "noc@r1:~$ ",
    "vyos": "noc@r1:~$ ",
}
SAYS = {
    "set cli screen-width 511": "Screen width set to 511",
    "set cli complete-on-space off": "Disabling complete-on-space",
    "set cli screen-length 0": "Screen length set to 0",
}
EOS = {"terminal width 511": "Width set to 511 columns.", "terminal length 0": "Pagination disabled."}
LOOP = "for i in $(ls /sys/class/net)"
READS = ("show ", "display ", "/export", "ip -j ", "lldpctl ", "cat ", "uname ", LOOP)
"""How a command that only reads begins; RouterOS' end in print or monitor."""


class _Enabling:
    """SmartAX: its prompt says which mode it is in."""

    def __init__(self) -> None:
        self.enabled = False

    def prompt(self) -> str:
        return "r1#" if self.enabled else "r1>"

    def answer(self, line: str) -> str:
        if line in ("enable", "disable"):
            self.enabled = line == "enable"
        return ""


@pytest.mark.parametrize("name", WITH_SSH)
async def test_every_byte_that_arrives_is_a_line_of_the_profile(name: str, serve: Serve) -> None:
    ssh = PROFILES[name].ssh
    assert ssh is not None
    smartax = _Enabling()
    says = {**SAYS, **(EOS if name == "arista-eos" else {})}
    shell = Shell(PROMPTS.get(name, "r1#"), lambda line: says.get(line, ""))
    if name == "huawei-smartax":
        shell = Shell(smartax.prompt, smartax.answer)
    place = await serve(shell, profile=name)
    result = await place.poller.poll(place.device)
    assert [e for e in result.errors if e.fault != "decode"] == []
    lines = "".join(place.host.heard).replace("\r", "\n").split("\n")
    heard = {line for line in lines if line}
    assert heard <= ssh.may_send | set(ssh.answers)
    assert set(ssh.asked) <= heard, "and the commands did arrive"
    assert set(ssh.prepares) >= heard - set(ssh.asked)


@pytest.mark.parametrize("name", WITH_SSH)
def test_every_command_reads(name: str) -> None:
    ssh = PROFILES[name].ssh
    assert ssh is not None
    commands = [*ssh.asked, *([ssh.config.command] if ssh.config else [])]
    for command in commands:
        assert command.startswith(READS) or " print" in command or " monitor [find] once" in command, command
        assert not any(c in command for c in "\n\r\x03\x1a")
        assert ";" not in command or command.startswith(LOOP)


class _Wire:
    def __init__(self) -> None:
        self.got = b""

    def sendall(self, data: bytes) -> None:
        self.got += data


@pytest.mark.parametrize(
    "line",
    [
        "reload",
        "show version\nreload",
        "show version\r\nreload\r\n",
        "show version;reload",
        "show version | redirect flash:x",
        "show versio",
        "Show version",
        "show version ",
        " ",
        "\x03",
        "\x1a",
        "y",
        "configure terminal",
        "\x00show version",
    ],
)
def test_the_guard_lets_nothing_else_through(line: str) -> None:
    wire = _Wire()
    channel = GuardedChannel(
        wire,  # type: ignore[arg-type]  # of a paramiko channel only what is used
        "utf-8",
        may_send=frozenset({"show version"}),
        answers=frozenset({"N"}),
        expired=lambda: False,
    )
    for end in ("", "\n", "\r\n"):
        with pytest.raises(SendRefusedError):
            channel.write_channel(line + end)
    assert wire.got == b""
    for good in ("show version\n", "\n", "\r\n", "N\n"):
        channel.write_channel(good)
    assert wire.got == b"show version\n\n\r\nN\n"
    assert channel.sent == ["show version", "N"]
