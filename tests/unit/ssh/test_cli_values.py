"""Texts to values, and what no text can do: raise, or turn one number into another."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector import cli_values as values
from collector.cli_parse import UnknownCommandError, parse
from collector.cli_text import clean, paging_prompt
from collector.profile import load_profiles
from topology.observations import Light, Neighbor, OpticalReading, PollFault, PortStatus

PROFILES = load_profiles()
SAMPLES = Path(__file__).parents[2] / "replay" / "cli" / "samples"
TYPED = {"huawei-smartax.optics.newer.txt": "display ont optical-info 3 all"}


def case(file: Path) -> tuple[str, str, str]:
    profile, command = file.name.split(".")[:2]
    return profile, TYPED.get(file.name, command), file.read_text(encoding="utf-8")


CASES = [case(file) for file in sorted(SAMPLES.glob("*.txt"))]


@pytest.mark.parametrize(
    ("text", "unit", "dbm"),
    [
        ("-14.2", "dbm", -14.2),
        ("-14.20 dBm", "mw", -14.2),
        ("0.0380 mW / -14.20 dBm", "mw", -14.2),
        ("0.2815mW, -5.505dBm", "mw", -5.505),
        ("-1420", "dbm_x100", -14.2),
        ("1.0", "mw", 0.0),
        ("500", "uw", -3.01),
        ("501.2 uW", "dbm", -3.0),
        ("-5.2dBm", "dbm", -5.2),
        ("+3.1", "dbm", 3.1),
    ],
)
def test_power(text: str, unit: str, dbm: float) -> None:
    found = values.power(text, unit)
    assert found.light is Light.LIT
    assert found.dbm == pytest.approx(dbm, abs=0.01)


@pytest.mark.parametrize(
    "text",
    ["-40.00", "-40", "-inf", "-Inf dBm", "- Inf dBm", "0.0000 mW / - Inf dBm", "Infinite", "no light",
     "No signal", "LOS", "< -30", "<-40.0 dBm", "0.0000 mW", "-99.9", "NO_LIGHT", "loss of signal"],
)  # fmt: skip
def test_dark(text: str) -> None:
    assert values.power(text) == values.DARK


@pytest.mark.parametrize("text", ["N/A", "NA", "n/a", "--", "-", "", " ", "Unsupported", "(N/A)", "unknown"])
def test_no_reading_is_not_darkness(text: str) -> None:
    assert values.power(text) == values.UNSUPPORTED


@pytest.mark.parametrize("text", ["abc", "ok", "x -3", "99 dBm", "1e999"])
def test_what_is_no_power_says_so(text: str) -> None:
    with pytest.raises(values.UnreadableError):
        values.power(text)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("3216 (mV)", "mv", 3.216),
        ("3.3V", "volts", 3.3),
        ("3296 mV", "volts", 3.296),
        ("41 degrees C / 106 degrees F", "celsius", 41.0),
        ("36.968C", "celsius", 36.968),
        ("104 F", "celsius", 40.0),
        ("15.764mA", "ma", 15.764),
        ("6078 uA", "ma", 6.078),
        ("1Gbps", "bps", 1e9),
        ("1000mbps", "bps", 1e9),
        ("1000000 Kbit", "kbps", 1e9),
        ("10 Gbit", "kbps", 1e10),
        ("7%", "percent", 0.07),
        ("40.2MiB", "bytes", 40.2 * 1024**2),
        ("N/A", "celsius", None),
    ],
)
def test_numbers(text: str, unit: str, value: float | None) -> None:
    assert values.number(text, unit) == (None if value is None else pytest.approx(value))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2 years, 31 weeks, 6 days, 9 hours, 55 minutes", 82_374_900),
        ("6w5d11h55m45s", 4_103_745),
        ("20 day(s), 23 hour(s), 19 minute(s), 16 second(s)", 1_811_956),
        ("5 days, 22:53", 5 * 86_400 + 22 * 3_600 + 53 * 60),
        ("1:02:03", 3_723),
        ("12345.67 99999.1", 12_345.67),
        ("1w2d", 9 * 86_400),
    ],
)
def test_spans_of_time(text: str, seconds: float) -> None:
    assert values.duration_s(text) == seconds


def test_a_row_that_can_not_be_read_spoils_its_own_cell_only() -> None:
    text = (
        "                                 Optical   Optical\n"
        "           Temperature  Voltage  Tx Power  Rx Power\n"
        "Port       (Celsius)    (Volts)  (dBm)     (dBm)\n"
        "---------  -----------  -------  --------  --------\n"
        "Te1/1        23.1       3.29      -2.2      oops\n"
        "Te1/2        hot        3.29      -2.2      -3.0\n"
    )
    found = parse(PROFILES["cisco-ios"], "show interfaces transceiver", text)
    seen = [(o.name, o.rx_dbm, o.tx_dbm, o.temperature_c) for o in found.observations]  # type: ignore[union-attr]
    assert seen == [("Te1/1", None, -2.2, 23.1), ("Te1/2", -3.0, -2.2, None)]
    assert [e.fault for e in found.errors] == [PollFault.DECODE, PollFault.DECODE]
    assert "'oops'" in found.errors[0].message
    assert "Te1/1" in found.errors[0].message


def test_columns_may_stand_in_any_order_and_width_and_the_header_says_the_unit() -> None:
    text = (
        "Port            Rx Power (mW)      Tx Power (dBm)   Voltage (Volts)\r\n"
        "--------------  -----------------  ---------------  ---------------\r\n"
        "Gi1/0/1         0.5012             -5.10            3.31\r\n"
        " --More-- "
        + 10 * "\x08"
        + 10 * " "
        + 10 * "\x08"
        + "Gi1/0/2         0.0000             -5.20            3.30\r\n"
        "sw1#"
    )
    found = parse(
        PROFILES["cisco-ios"], "show interfaces transceiver", "sw1#show interfaces transceiver\r\n" + text
    )
    seen = [(o.name, o.light, o.rx_dbm, o.tx_dbm) for o in found.observations]  # type: ignore[union-attr]
    assert seen == [("Gi1/0/1", Light.LIT, -3.0, -5.1), ("Gi1/0/2", Light.DARK, None, -5.2)]
    assert found.errors == ()


def test_refusals_are_told_in_the_devices_words() -> None:
    ios = PROFILES["cisco-ios"]
    (error,) = parse(ios, "show version", "             ^\n% Invalid input detected at '^' marker.\n").errors
    assert error.fault is PollFault.AGENT
    assert "Invalid input" in error.message
    (error,) = parse(PROFILES["linux"], "lldpctl -f json", "lldpctl: permission denied").errors
    assert error.fault is PollFault.PRIVILEGE


def test_an_unknown_command_lists_the_known_ones() -> None:
    with pytest.raises(UnknownCommandError, match="show version"):
        parse(PROFILES["cisco-ios"], "show tech", "")


def test_paging_prompts_are_seen_and_data_is_not() -> None:
    for waiting in ("x\n--More--", "x\n  ---- More ----", "x\n<--- More --->", "x\n---(more 40%)---"):
        assert paging_prompt(waiting), waiting
    for data in ("Te1/1 -40.0 --", "--", "more", "x\n-----", "sw1#"):
        assert paging_prompt(data) is None, data


def told(seen: object) -> tuple[object, ...]:
    """What an observation is about."""
    match seen:
        case OpticalReading():
            return ("optic", seen.name, seen.lane)
        case PortStatus():
            return ("port", seen.port)
        case Neighbor():
            return ("neighbor", seen.protocol, seen.local_if_name)
        case _:
            return (type(seen).__name__, getattr(seen, "port", None))


@pytest.mark.parametrize(("profile", "command", "text"), CASES, ids=lambda v: v[:20].strip() or "text")
def test_an_output_that_was_cut_off_gives_what_is_complete(profile: str, command: str, text: str) -> None:
    whole = {told(o): o for o in parse(PROFILES[profile], command, text).observations}
    for end in range(0, len(text), max(1, len(text) // 150)):
        for seen in parse(PROFILES[profile], command, text[:end], cut=True).observations:
            if told(seen) not in whole:
                continue  # a heading whose lanes had not come yet
            full = whole[told(seen)]
            for name in ("rx_dbm", "tx_dbm", "temperature_c", "bias_ma", "voltage_v", "speed_bps"):
                got = getattr(seen, name, None)
                assert got is None or got == getattr(full, name), (told(seen), name, end)


@settings(deadline=None)  # a test of values, not of this machine's load
@given(st.data())
def test_no_text_makes_it_raise(data: st.DataObject) -> None:
    profile, command, text = CASES[data.draw(st.integers(0, len(CASES) - 1))]
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 80))
    junk = data.draw(st.text(max_size=40))
    broken = text[:start] + junk + text[start + length :]
    found = parse(PROFILES[profile], command, broken, cut=data.draw(st.booleans()))
    for seen in found.observations:
        for field in fields(seen):
            value = getattr(seen, field.name)
            assert not (isinstance(value, float) and value != value), "a number that is none"


@settings(deadline=None)
@given(st.text())
def test_any_text_can_be_cleaned(text: str) -> None:
    assert all("\n" not in line for line in clean(text, "show version"))
