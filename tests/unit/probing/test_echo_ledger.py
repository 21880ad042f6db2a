"""What an arriving packet settles, and what it must not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from collector.echo import SEQUENCES, Echo, EchoCounters, EchoLedger, ProbeTarget, SequencesExhaustedError
from collector.icmp_wire import EchoError, EchoReply
from topology.model import Address, DeviceId

AT = datetime(2027, 1, 1, tzinfo=UTC)
TOKEN = b"ourtoken"


@pytest.fixture
def counters() -> EchoCounters:
    return EchoCounters()


@pytest.fixture
def ledger(counters: EchoCounters) -> EchoLedger:
    return EchoLedger(TOKEN, counters)


def echo(sent_s: float = 0.0, timeout_s: float = 1.0) -> Echo:
    target = ProbeTarget(DeviceId("r1"), Address("192.0.2.9"))
    return Echo(target, AT, sent_s, timeout_s, destination="192.0.2.9")


def test_an_answer_in_time(ledger: EchoLedger) -> None:
    one = echo(sent_s=10.0)
    payload = ledger.issue(one)
    assert ledger.settle(EchoReply(1, one.sequence, payload), "192.0.2.9", 10.25) is one
    assert one.rtt_s == 0.25
    assert len(ledger) == 0


def test_the_second_copy_is_a_duplicate(ledger: EchoLedger, counters: EchoCounters) -> None:
    one = echo()
    payload = ledger.issue(one)
    reply = EchoReply(1, one.sequence, payload)
    ledger.settle(reply, "192.0.2.9", 0.1)
    assert ledger.settle(reply, "192.0.2.9", 0.2) is None
    assert (counters.duplicate, counters.late, counters.foreign) == (1, 0, 0)
    assert one.rtt_s == pytest.approx(0.1)


def test_an_answer_after_the_time_out_is_late_whether_or_not_it_was_given_up(
    ledger: EchoLedger, counters: EchoCounters
) -> None:
    open_still, given_up = echo(), echo()
    payloads = [ledger.issue(open_still), ledger.issue(given_up)]
    ledger.give_up(given_up)
    for one, payload in zip((open_still, given_up), payloads, strict=True):
        assert ledger.settle(EchoReply(1, one.sequence, payload), "192.0.2.9", 1.01) is None
        assert one.rtt_s is None
    assert (counters.late, counters.duplicate, len(ledger)) == (2, 0, 0)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"ourtoken", id="no serial"),
        pytest.param(b"theirtok" + bytes(8), id="another token"),
        pytest.param(b"ourtoken" + (SEQUENCES).to_bytes(8), id="a serial not issued yet"),
        pytest.param(b"ourtoken" + (7).to_bytes(8), id="a serial that is not of this sequence number"),
        pytest.param(b"ourtoken" + bytes(8) + b"\0", id="one byte more"),
    ],
)
def test_what_is_not_ours_settles_nothing(ledger: EchoLedger, counters: EchoCounters, payload: bytes) -> None:
    one = echo()
    ledger.issue(one)
    assert ledger.settle(EchoReply(1, one.sequence, payload), "192.0.2.9", 0.1) is None
    assert one.rtt_s is None
    assert counters.foreign == 1
    assert len(ledger) == 1


def test_the_answer_of_65536_requests_ago_does_not_pass_for_this_one(
    ledger: EchoLedger, counters: EchoCounters
) -> None:
    old = echo()
    old_payload = ledger.issue(old)
    ledger.give_up(old)
    for _ in range(SEQUENCES - 1):
        passing = echo()
        ledger.issue(passing)
        ledger.give_up(passing)
    new = echo()
    ledger.issue(new)
    assert new.sequence == old.sequence
    assert ledger.settle(EchoReply(1, old.sequence, old_payload), "192.0.2.9", 0.1) is None
    assert new.rtt_s is None
    assert counters.late == 1


def test_a_sequence_number_that_is_out_is_not_given_again(ledger: EchoLedger) -> None:
    slow = echo()
    ledger.issue(slow)
    for _ in range(SEQUENCES + 5):
        passing = echo()
        ledger.issue(passing)
        assert passing.sequence != slow.sequence
        ledger.give_up(passing)


def test_when_all_are_out_it_says_so(ledger: EchoLedger) -> None:
    for _ in range(SEQUENCES):
        ledger.issue(echo())
    with pytest.raises(SequencesExhaustedError):
        ledger.issue(echo())


def test_an_answer_from_elsewhere_counts_because_the_token_proves_it(
    ledger: EchoLedger, counters: EchoCounters
) -> None:
    one = echo()
    payload = ledger.issue(one)
    assert ledger.settle(EchoReply(1, one.sequence, payload), "192.0.2.77", 0.1) is one
    assert counters.elsewhere == 1


def test_an_error_is_noted_and_the_answer_still_counts(ledger: EchoLedger, counters: EchoCounters) -> None:
    # Eight quoted bytes are easily forged: an error alone must not silence a device that answers.
    one = echo()
    payload = ledger.issue(one)
    error = EchoError("host_unreachable", 1, one.sequence, "192.0.2.9")
    assert ledger.note_error(error) is one
    assert one.error == "host_unreachable"
    assert counters.icmp_errors == {"host_unreachable": 1}
    assert ledger.settle(EchoReply(1, one.sequence, payload), "192.0.2.9", 0.1) is one


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(EchoError("ttl_exceeded", 1, 0, "192.0.2.8"), id="another destination"),
        pytest.param(EchoError("ttl_exceeded", 1, 3, "192.0.2.9"), id="a sequence number that isn't out"),
        pytest.param(EchoError("ttl_exceeded", 1, 0, "192.0.2.9", b"theirs"), id="another payload"),
    ],
)
def test_an_error_about_a_strangers_packet_is_foreign(
    ledger: EchoLedger, counters: EchoCounters, error: EchoError
) -> None:
    one = echo()
    ledger.issue(one)
    assert ledger.note_error(error) is None
    assert one.error is None
    assert counters.foreign == 1
    assert not counters.icmp_errors


def test_an_error_that_quotes_all_and_pads_it_is_ours(ledger: EchoLedger) -> None:
    # RFC 4884: routers pad the quotation to 128 bytes before their extensions.
    one = echo()
    payload = ledger.issue(one)
    error = EchoError("ttl_exceeded", 1, one.sequence, "192.0.2.9", payload + bytes(80))
    assert ledger.note_error(error) is one


def test_own_side_errors_are_told_apart(counters: EchoCounters) -> None:
    counters.send_errors["ENETUNREACH"] += 3
    counters.send_errors["EMSGSIZE"] += 1
    assert counters.own_side_errors == 3
    samples = list(counters.samples())
    assert ("send_errors", {"errno": "ENETUNREACH"}, 3) in samples
    assert ("own_side_errors", {}, 3) in samples
