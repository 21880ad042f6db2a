"""The agent's answers, asked and read with pysnmp's message classes: another hand's work on the same RFCs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import api
from pysnmp.proto.rfc1902 import Counter64

from lab import codec
from lab.agent import MAX_OCTETS, Agent
from lab.codec import Oid
from lab.usm import Usm, registry
from lab.view import Rows, View

V1, V2C = api.SNMP_VERSION_1, api.SNMP_VERSION_2C
NO_ERROR, TOO_BIG, NO_SUCH_NAME, NOT_WRITABLE = 0, 1, 2, 17


def make_view() -> View:
    rows = Rows()
    rows.scalar((1, 3, 6, 1), codec.octets("one"))
    rows.cell((1, 3, 6, 2, 1), (1,), codec.counter32(11))
    rows.cell((1, 3, 6, 2, 1), (2,), codec.counter32(12))
    rows.cell((1, 3, 6, 2, 2), (1,), codec.counter64(2**40))
    for i in range(200):
        rows.cell((1, 3, 6, 9), (i,), codec.octets("x" * 40))
    return rows.view()


VIEW = make_view()
AGENT = Agent(
    communities_v1=[b"old"], communities_v2c=[b"demo"], usm=Usm(b"\x80\x00\x00\x00\x05lab", registry(()))
)


def ask(
    kind: str,
    *names: Oid,
    version: int = V2C,
    community: str = "demo",
    repetitions: int = 0,
    repeaters: int = 0,
) -> Any:
    """The decoded response PDU, or None for silence."""
    module = api.PROTOCOL_MODULES[version]
    pdu = getattr(module, f"{kind}RequestPDU")()
    if kind == "GetBulk":
        module.apiBulkPDU.set_defaults(pdu)
        module.apiBulkPDU.set_non_repeaters(pdu, repeaters)
        module.apiBulkPDU.set_max_repetitions(pdu, repetitions)
    else:
        module.apiPDU.set_defaults(pdu)
    module.apiPDU.set_varbinds(pdu, [(name, module.Null("")) for name in names])
    message = module.Message()
    module.apiMessage.set_defaults(message)
    module.apiMessage.set_community(message, community)
    module.apiMessage.set_pdu(message, pdu)
    reply = AGENT.answer(encoder.encode(message), lambda: VIEW, 0.0)
    if reply is None:
        return None
    assert len(reply) <= MAX_OCTETS
    decoded, rest = decoder.decode(reply, asn1Spec=module.Message())
    assert rest == b""
    response = module.apiMessage.get_pdu(decoded)
    assert module.apiPDU.get_request_id(response) == module.apiPDU.get_request_id(pdu)
    return response


def binds(response: Any, version: int = V2C) -> list[tuple[Oid, Any]]:
    module = api.PROTOCOL_MODULES[version]
    return [(tuple(name), value) for name, value in module.apiPDU.get_varbinds(response)]


def status(response: Any) -> tuple[int, int]:
    return int(response["error-status"]), int(response["error-index"])


def test_get() -> None:
    response = ask("Get", (1, 3, 6, 1, 0), (1, 3, 6, 2, 1, 2))
    assert [(n, v.prettyPrint()) for n, v in binds(response)] == [
        ((1, 3, 6, 1, 0), "one"),
        ((1, 3, 6, 2, 1, 2), "12"),
    ]
    assert status(response) == (NO_ERROR, 0)


def test_get_of_what_is_not_there_is_said_by_binding() -> None:
    response = ask("Get", (1, 3, 6, 2, 1, 7), (1, 3, 7, 1, 0), (1, 3, 6, 1, 0))
    assert [type(v).__name__ for _, v in binds(response)] == ["NoSuchInstance", "NoSuchObject", "OctetString"]


def test_version_1_says_no_such_name_and_which() -> None:
    response = ask("Get", (1, 3, 6, 1, 0), (1, 3, 9, 9, 0), version=V1, community="old")
    assert status(response) == (NO_SUCH_NAME, 2)


def test_get_next_walks_in_order_to_the_end() -> None:
    name: Oid = (1, 3)
    seen = []
    while True:
        [(name, value)] = binds(ask("GetNext", name))
        if type(value).__name__ == "EndOfMibView":
            break
        seen.append(name)
    assert seen == sorted(seen)
    assert len(seen) == len(VIEW)


def test_version_1_walks_past_64_bit_counters() -> None:
    [(name, _)] = binds(ask("GetNext", (1, 3, 6, 2, 1, 2), version=V1, community="old"), V1)
    assert name == (1, 3, 6, 9, 0)


def test_get_bulk_gives_non_repeaters_once_and_the_rest_in_turns() -> None:
    response = ask("GetBulk", (1, 3, 6, 1), (1, 3, 6, 2, 1), (1, 3, 6, 2, 2), repeaters=1, repetitions=2)
    assert [name for name, _ in binds(response)] == [
        (1, 3, 6, 1, 0),
        (1, 3, 6, 2, 1, 1),
        (1, 3, 6, 2, 2, 1),
        (1, 3, 6, 2, 1, 2),
        (1, 3, 6, 9, 0),
    ]
    assert binds(response)[2][1] == Counter64(2**40)


def test_get_bulk_stops_where_the_packet_is_full() -> None:
    found = binds(ask("GetBulk", (1, 3, 6, 9), repetitions=10_000))
    assert 15 < len(found) < 40
    assert [name for name, _ in found] == [(1, 3, 6, 9, i) for i in range(len(found))]


def test_get_bulk_stops_at_the_end_of_the_view() -> None:
    found = binds(ask("GetBulk", (1, 3, 6, 9, 198), repetitions=50))
    assert [type(value).__name__ for _, value in found] == ["OctetString", "EndOfMibView"]


def test_a_get_that_does_not_fit_is_too_big() -> None:
    names = [(1, 3, 6, 9, i) for i in range(60)]
    assert status(ask("Get", *names)) == (TOO_BIG, 0)
    assert status(ask("Get", *names[:20])) == (NO_ERROR, 0)


def test_set_is_refused() -> None:
    assert status(ask("Set", (1, 3, 6, 1, 0)))[0] == NOT_WRITABLE


@pytest.mark.parametrize(("version", "community"), [(V2C, "wrong"), (V2C, "old"), (V1, "demo")])
def test_a_wrong_community_meets_silence(version: int, community: str) -> None:
    before = AGENT.counters.wrong_community
    assert ask("Get", (1, 3, 6, 1, 0), version=version, community=community) is None
    assert AGENT.counters.wrong_community == before + 1


@settings(max_examples=300, deadline=None)
@given(datagram=st.binary(max_size=200))
def test_rubbish_meets_silence(datagram: bytes) -> None:
    assert AGENT.answer(datagram, lambda: VIEW, 0.0) is None


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_request_never_breaks_the_agent(data: st.DataObject) -> None:
    module = api.PROTOCOL_MODULES[V2C]
    pdu = module.GetRequestPDU()
    module.apiPDU.set_defaults(pdu)
    module.apiPDU.set_varbinds(pdu, [((1, 3, 6, 1, 0), module.Null(""))])
    message = module.Message()
    module.apiMessage.set_defaults(message)
    module.apiMessage.set_community(message, "demo")
    module.apiMessage.set_pdu(message, pdu)
    datagram = bytearray(encoder.encode(message))
    for _ in range(data.draw(st.integers(1, 4))):
        datagram[data.draw(st.integers(0, len(datagram) - 1))] = data.draw(st.integers(0, 255))
    AGENT.answer(bytes(datagram), lambda: VIEW, 0.0)
    counted = AGENT.counters
    assert counted.received >= counted.answered + counted.wrong_community + counted.malformed
