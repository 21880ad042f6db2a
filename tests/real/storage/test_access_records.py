"""Tokens, sessions and the audit log, on SQLite and on a real PostgreSQL: the same on both."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from storage.records import AuditEntry, Records, RecordsError, Session, Token, hash_of
from storage.settings import DAY_S, RecordsRetention

T0 = datetime(2026, 11, 21, 8, 0, 0, 123456, tzinfo=UTC)
MADE = AuditEntry(T0, "rina", "admin", "cli", "token_create", "t-1", detail={"label": "piket"})
ENDED = AuditEntry(T0 + timedelta(hours=1), "rina", "admin", "cli", "token_revoke", "t-1")


def token(id_: str = "t-1", secret: str = "rnd_one", **more: object) -> Token:
    return replace(Token(id_, hash_of(secret), "piket", "oncall", None, T0), **more)


def test_a_token_comes_back_equal_and_its_making_is_in_the_audit_log(records: Records) -> None:
    made = token(provider="telkom", role="provider", expires_at=T0 + timedelta(days=90))
    records.access.add_token(made, MADE)
    assert records.access.tokens() == [made]
    assert [replace(e, id=0) for e in records.access.audit()] == [MADE]


def test_two_tokens_never_share_an_id_or_a_hash_and_nothing_half_is_kept(records: Records) -> None:
    records.access.add_token(token(), MADE)
    with pytest.raises(RecordsError):
        records.access.add_token(token("t-2"), MADE)
    with pytest.raises(RecordsError):
        records.access.add_token(token(secret="rnd_other"), MADE)
    assert len(records.access.tokens()) == len(records.access.audit()) == 1


def test_revoking_ends_sessions_and_happens_once(records: Records) -> None:
    records.access.add_token(token(), MADE)
    records.access.add_token(token("t-2", "rnd_two"), MADE)
    for hash_, of in [("a", "t-1"), ("b", "t-1"), ("c", "t-2")]:
        records.access.open_session(Session(hash_, of, T0, T0 + timedelta(hours=12)))
    assert records.access.revoke_token("t-1", ENDED)
    assert not records.access.revoke_token("t-1", replace(ENDED, at=T0 + timedelta(hours=2)))
    assert not records.access.revoke_token("t-9", ENDED)
    first, second = records.access.tokens()
    assert first.revoked_at == ENDED.at
    assert not first.valid(T0)
    assert second.valid(T0)
    assert [records.access.session(h) is not None for h in "abc"] == [False, False, True]
    assert [e.action for e in records.access.audit()] == ["token_revoke", "token_create", "token_create"]


def test_a_token_is_valid_until_its_end_and_not_at_it() -> None:
    made = token(expires_at=T0 + timedelta(days=1))
    assert made.valid(T0 + timedelta(days=1) - timedelta(microseconds=1))
    assert not made.valid(T0 + timedelta(days=1))


def test_last_use_is_noted(records: Records) -> None:
    records.access.add_token(token(), MADE)
    records.access.touch_tokens({"t-1": T0 + timedelta(minutes=5), "t-9": T0})
    assert [t.last_used_at for t in records.access.tokens()] == [T0 + timedelta(minutes=5)]


def test_sessions_come_back_equal_end_and_are_forgotten(records: Records) -> None:
    records.access.add_token(token(), MADE)
    short, long = (
        Session("s", "t-1", T0, T0 + timedelta(hours=1)),
        Session("l", "t-1", T0, T0 + timedelta(hours=9)),
    )
    records.access.open_session(short)
    records.access.open_session(long)
    assert records.access.session("s") == short
    records.access.open_session(Session("later", "t-1", T0 + timedelta(hours=2), T0 + timedelta(hours=3)))
    assert records.access.session("s") is None
    assert records.access.session("l") == long
    assert records.access.close_session("l")
    assert not records.access.close_session("l")
    assert records.access.session("l") is None


def test_a_session_needs_a_token(records: Records) -> None:
    with pytest.raises(RecordsError):
        records.access.open_session(Session("s", "t-9", T0, T0 + timedelta(hours=1)))


def test_the_audit_log_by_time_person_action_and_page(records: Records) -> None:
    for n in range(6):
        entry = AuditEntry(
            T0 + timedelta(minutes=n), "rina" if n % 2 else "budi", "oncall", "token", f"a{n % 3}", "x"
        )
        records.access.add_audit(entry)
    newest = records.access.audit(limit=2)
    assert [e.at for e in newest] == [T0 + timedelta(minutes=5), T0 + timedelta(minutes=4)]
    rest = records.access.audit(before_id=newest[-1].id)
    assert [e.at.minute for e in rest] == [3, 2, 1, 0]
    assert {e.who for e in records.access.audit(who="rina")} == {"rina"}
    assert [e.at.minute for e in records.access.audit(action="a1")] == [4, 1]
    between = records.access.audit(since=T0 + timedelta(minutes=2), until=T0 + timedelta(minutes=4))
    assert [e.at.minute for e in between] == [3, 2]


def test_old_entries_are_pruned_with_the_events(records: Records) -> None:
    policy = RecordsRetention(events_s=400 * DAY_S)
    records.access.add_audit(MADE)
    records.access.add_audit(replace(MADE, at=T0 + timedelta(days=10)))
    assert records.prune(T0 + timedelta(days=405), policy).audit == 1
    assert len(records.access.audit()) == 1
