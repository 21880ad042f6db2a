"""What terminals, slow lines and people do to an output: none of it may change what the output means.

Every sample is wrapped as terminals wrap it, and cut off at many places; whatever is still said must be what
the whole output says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from collector.cli_parse import Parsed, parse
from collector.cli_text import clean
from collector.profile import load_profiles
from topology.observations import (
    Light,
    Neighbor,
    Observation,
    OpticalLimits,
    OpticalReading,
    PollFault,
    PortCounters,
    PortStatus,
)

HERE = Path(__file__).parent
PROFILES = load_profiles()
TYPED = {"huawei-smartax.optics.newer.txt": "display ont optical-info 3 all"}
FILES = sorted([*HERE.glob("samples/*.txt"), *HERE.glob("dialects/*.txt")])
PLACES = 250
"""At which a sample is cut off, at most."""


def case(file: Path) -> tuple[str, str, str]:
    profile, command = file.name.split(".")[:2]
    text = file.read_text(encoding="utf-8")
    command = TYPED.get(file.name, command)
    if text.startswith("#! "):
        command, _, text = text[3:].partition("\n")
    return profile, command, text


def paged(text: str, prompt: str, every: int = 7) -> str:
    return "\n".join(
        f"{prompt if n % every == every - 1 else ''}{line}" for n, line in enumerate(text.split("\n"))
    )


def wiped(prompt: str) -> str:
    """As terminals take a paging prompt away: back, blank, back."""
    return prompt + "\x08" * len(prompt) + " " * len(prompt) + "\x08" * len(prompt)


WRAPS: dict[str, Callable[[str], str]] = {
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CRCRLF": lambda text: text.replace("\n", "\r\r\n"),
    "more of IOS": lambda text: paged(text, wiped(" --More-- ")),
    "more of Huawei": lambda text: paged(text, "  ---- More ----\x1b[42D" + " " * 42 + "\x1b[42D"),
    "more of ProCurve": lambda text: paged(
        text, "-- MORE --, next page: Space, next line: Enter, quit: Control-C\r" + " " * 64 + "\r"
    ),
    "more of Junos": lambda text: paged(text, "---(more 40%)---\r" + " " * 40 + "\r"),
    "more on a line": lambda text: paged(text, "--More--\n"),
    "more at each line": lambda text: paged(text, wiped("--More--"), every=1),
    "ANSI": lambda text: "\x1b[?1h\x1b=" + text.replace("\n", "\x1b[0m\x1b[K\n") + "\x1b[0m",
    "NUL": lambda text: "\x00" + text.replace("\n", "\n\x00"),
    "BOM": lambda text: "\ufeff" + text,
}


@pytest.mark.parametrize("wrap", sorted(WRAPS))
@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_the_terminal_changes_nothing(file: Path, wrap: str) -> None:
    profile, command, text = case(file)
    expected = parse(PROFILES[profile], command, text)
    found = parse(PROFILES[profile], command, WRAPS[wrap](text))
    assert found.observations == expected.observations
    assert found.errors == expected.errors


def told(seen: Observation) -> tuple[object, ...]:
    match seen:
        case OpticalReading():
            return ("optic", seen.name, seen.lane)
        case PortStatus() | PortCounters():
            return (type(seen).__name__, seen.port)
        case Neighbor():
            return ("neighbor", seen.protocol, seen.local_if_name, seen.remote_system, seen.remote_port)
        case _:
            return (type(seen).__name__, getattr(seen, "kind", None), getattr(seen, "name", None))


def contradictions(seen: Observation, whole: Observation) -> list[str]:
    found = []
    for name in (field.name for field in fields(seen)):
        got, full = getattr(seen, name), getattr(whole, name)
        if isinstance(got, OpticalLimits):
            found += [
                n.name for n in fields(got) if getattr(got, n.name) not in (None, getattr(full, n.name))
            ]
        elif got not in (None, full, Light.UNSUPPORTED) and str(getattr(got, "value", got)) != "unknown":
            found.append(name)
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_cut_off_output_says_nothing_that_the_whole_does_not(file: Path) -> None:
    profile, command, text = case(file)
    whole = {told(seen): seen for seen in parse(PROFILES[profile], command, text).observations}
    for end in range(0, len(text), max(1, len(text) // PLACES)):
        for seen in parse(PROFILES[profile], command, text[:end], cut=True).observations:
            assert told(seen) in whole, (end, seen)
            assert not contradictions(seen, whole[told(seen)]), (end, seen)


ASKED = sorted(
    {(name, c.name) for name in PROFILES.names() if (ssh := PROFILES[name].ssh) for c in ssh.commands}
)


@pytest.mark.parametrize(("profile", "command"), ASKED)
@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("             ^\n% Invalid input detected at '^' marker.\n", PollFault.AGENT),
        ("Error: Unrecognized command found at '^' position.\n", PollFault.AGENT),
        ("bad command name transceiver (line 1 column 1)\n", PollFault.AGENT),
        ("bash: show: command not found\n", PollFault.AGENT),
        ("% Authorization failed\n", PollFault.PRIVILEGE),
        ("错误：未知的命令\n", PollFault.DECODE),
        ("Kesalahan: perintah tidak dikenal\n", PollFault.DECODE),
    ],
)
def test_a_refusal_is_never_taken_for_nothing_there(
    profile: str, command: str, words: str, fault: PollFault
) -> None:
    found = parse(PROFILES[profile], command, words)
    assert found.observations == ()
    assert [error.fault for error in found.errors] == [fault]
    assert words.split()[-1].strip("\n.'")[:12] in found.errors[0].message


@pytest.mark.parametrize(("profile", "command"), ASKED)
@pytest.mark.parametrize("text", ["", "\n", "\r\n\r\n", "sw1#", "[admin@kuaro] > ", "\x1b[0m\n\x00"])
def test_no_output_is_no_error_and_no_value(profile: str, command: str, text: str) -> None:
    assert parse(PROFILES[profile], command, text) == Parsed((), (), 0)


def test_ten_thousand_rows() -> None:
    head = (
        "            Temperature  Voltage  Tx Power  Rx Power\n"
        "Port        (Celsius)    (Volts)  (dBm)     (dBm)\n"
        "----------  -----------  -------  --------  --------\n"
    )
    rows = (
        f"Te{n // 48}/{n % 48:<9} 26.1         3.30     -2.7      {-n / 1000:.3f}\n" for n in range(10_000)
    )
    optics = parse(PROFILES["cisco-ios"], "optics", head + "".join(rows)).observations
    assert len(optics) == 10_000
    last = optics[-1]
    assert isinstance(last, OpticalReading)
    assert (last.name, last.rx_dbm) == ("Te208/15", -9.999)
    text = "".join(
        f'{n:>5}  R   ;;; pelanggan {n}\n        name="vlan{n}" type="vlan" mtu=1500\n\n'
        for n in range(10_000)
    )
    ports = parse(PROFILES["mikrotik-routeros"], "interfaces", text).observations
    assert len(ports) == 10_000
    assert isinstance(ports[-1], PortStatus)
    assert (ports[-1].port.if_name, ports[-1].if_alias) == ("vlan9999", "pelanggan 9999")


@pytest.mark.parametrize("junk", ["-", " ", "- ", "\t", "\x1b[", "(Press ", ": ", "x\r"])
def test_endless_lines_hold_nothing_up(junk: str) -> None:
    """Expressions that try every place of a long line again and again would not come to an end here."""
    row = "Te1/1/1       26.1        3.30      6.2       -2.7      -8.8\n"
    text = (HERE / "dialects" / "cisco-ios.optics.marks.txt").read_text(encoding="utf-8")
    found = parse(PROFILES["cisco-ios"], "optics", text + row.replace("Te1/1/1", "Te9/9/9") + junk * 100_000)
    assert [o.name for o in found.observations if isinstance(o, OpticalReading)][-1] == "Te9/9/9"


def test_stepping_back_goes_no_further_than_the_line() -> None:
    assert clean("abc\x08\x08de\n\x08\x08fg" + "x" * 50_000 + "\x08" * 50_000) == ["ade", "fg"]


def test_a_cut_off_port_is_not_taken_for_enabled() -> None:
    """NX-OS says in the line behind the heading that the port is shut down."""
    (port,) = parse(
        PROFILES["cisco-nxos"], "interfaces", "Ethernet1/7 is down (SFP not inserted)\n"
    ).observations
    assert isinstance(port, PortStatus)
    assert (port.admin, port.oper) == ("unknown", "down")


NO_NEIGHBOURS = {
    ("cisco-ios", "lldp"): "Total entries displayed: 0\n",
    ("cisco-ios", "cdp"): "Total cdp entries displayed : 0\n",
    ("cisco-nxos", "lldp"): (
        "Capability codes:\n  (R) Router, (B) Bridge, (T) Telephone, (C) DOCSIS Cable Device\n"
        "  (W) WLAN Access Point, (P) Repeater, (S) Station, (O) Other\n"
        "Device ID            Local Intf      Hold-time  Capability  Port ID\n\nTotal entries displayed: 0\n"
    ),
    ("juniper-junos", "lldp"): "Local Interface    Parent Interface   Chassis Id  Port info   System Name\n",
    ("huawei-vrp", "lldp"): "GE1/0/1 has 0 neighbor(s)\n",
    ("hp-procurve", "lldp"): (
        "\n LLDP Remote Devices Information\n\n  LocalPort | ChassisId          PortId  PortDescr SysName\n"
        "  --------- + ------------------ ------- --------- -------\n\n"
    ),
    ("frr", "ospf"): '{\n  "neighbors":{\n  }\n}\n',
    ("linux", "lldp"): '{\n  "lldp": {\n  }\n}\n',
    ("mikrotik-routeros", "ospf"): "Flags: V - virtual; D - dynamic\n",
    ("vyos", "ospf"): "Neighbor ID     Pri State      Up Time         Dead Time Address         Interface\n",
}  # fmt: skip


@pytest.mark.parametrize(("profile", "command"), sorted(NO_NEIGHBOURS))
def test_headings_alone_are_no_neighbours_and_no_error(profile: str, command: str) -> None:
    found = parse(PROFILES[profile], command, NO_NEIGHBOURS[profile, command])
    assert (found.observations, found.errors) == ((), ())
