"""Whatever an agent sends, decoding gives observations or nothing; it never raises."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from collector import decode
from collector.entity import Entities
from collector.ifmib import STATIC, VOLATILE, Ports
from collector.observe import Learned, observe
from collector.plan import groups_of
from collector.profile import load_profiles
from collector.quirks import QUIRKS
from topology.model import DeviceId
from topology.observations import OpticalReading, PortCounters, PortStatus

AT = datetime(2026, 1, 1, tzinfo=UTC)
DEVICE = DeviceId("d")
PROFILES = load_profiles()

values = st.one_of(
    st.integers(min_value=-(2**65), max_value=2**65),
    st.floats(allow_nan=True, allow_infinity=True),
    st.binary(max_size=40),
    st.text(max_size=20),
    st.sampled_from(
        [b"-12.5 dBm", b"N/A", b"", b"\x9f\x78\x04\x41\x20\x00\x00", b"\x9f\x78\x04\x7f\xc0\x00\x00"]
    ),
    st.none(),
    st.booleans(),
)
indexes = st.one_of(
    st.integers(min_value=0, max_value=2**33).map(str),
    st.lists(st.integers(min_value=0, max_value=300), min_size=1, max_size=24).map(
        lambda parts: ".".join(map(str, parts))
    ),
)
rows = st.dictionaries(indexes, values, max_size=6)


@given(values)
def test_every_decoder_is_total(value: object) -> None:
    for function in (
        decode.as_int,
        decode.as_gauge,
        decode.as_float,
        decode.as_power,
        decode.as_text,
        decode.as_oid,
        decode.as_mac,
        decode.as_address,
        decode.as_seconds,
        decode.as_numbers,
        *QUIRKS.values(),
    ):
        found = function(value)  # type: ignore[operator]  # every one takes any value
        assert not isinstance(found, float) or math.isfinite(found)
    for bits in (32, 64):
        counter = decode.as_counter(value, bits)  # type: ignore[arg-type]  # anything may come
        assert counter is None or 0 <= counter < 1 << bits


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_ports_of_anything(data: st.DataObject) -> None:
    columns = {oid: data.draw(rows) for oid in (*STATIC, *VOLATILE)}
    ports = Ports(DEVICE, columns)
    for status in ports.statuses(columns, AT):
        assert isinstance(status, PortStatus)
        assert status.port.if_name
    for counters in ports.counters(columns, AT):
        assert isinstance(counters, PortCounters)
        assert counters.in_octets is None or 0 <= counters.in_octets < 1 << 64


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(PROFILES.names()), st.data())
def test_every_profile_makes_sense_of_nonsense(name: str, data: st.DataObject) -> None:
    profile = PROFILES[name]
    groups = groups_of(profile, 300.0)
    pool = data.draw(st.lists(rows, min_size=3, max_size=6))
    columns = {
        column.oid: pool[data.draw(st.integers(0, len(pool) - 1))]
        for group in groups
        for column in group.columns
    }
    ports = Ports(DEVICE, columns)
    entities = Entities(columns, ports)
    read = {group.name for group in groups}
    learned = Learned()
    for _ in range(2):
        for seen in observe(DEVICE, profile, columns, ports, entities, read, AT, learned):
            if isinstance(seen, OpticalReading):
                for dbm in (seen.rx_dbm, seen.tx_dbm):
                    assert dbm is None or -99 < dbm < 60
