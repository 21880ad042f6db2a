"""A device's SNMP answers as a .snmprec file to attach to a bug, scrubbed.

By pysnmp, because the types of values matter here and gufo hides them. What names people, places, machines
or secrets is replaced: contacts, serial numbers, and every text in which a community or a key stands.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, TextIO

from collector.fallback import PysnmpSession
from collector.faults import SnmpFault
from collector.secrets import CommunitySecret, SnmpSecret
from topology.observations import PollFault

SUBTREES = ("1.3.6.1.2.1", "1.0.8802")
SERIALS = (
    "1.3.6.1.2.1.47.1.1.1.1.11",
    "1.3.6.1.4.1.9.3.6.3",
    "1.3.6.1.4.1.11.2.36.1.1.2.9",
    "1.3.6.1.4.1.2011.5.25.31.1.1.3.1.4",
    "1.3.6.1.4.1.2636.3.1.3",
    "1.3.6.1.4.1.14988.1.1.7.3",
)
"""entPhysicalSerialNum and the best known private ones."""
CONTACT = "1.3.6.1.2.1.1.4"
SCRUBBED = "<private>"
_OCTETS = 4
_ENTERPRISES = "1.3.6.1.4.1."


def subtrees_of(sys_object_id: str | None) -> tuple[str, ...]:
    """The standard ones, and the vendor's own."""
    if sys_object_id is None or not sys_object_id.startswith(_ENTERPRISES):
        return SUBTREES
    number = sys_object_id[len(_ENTERPRISES) :].split(".")[0]
    return (*SUBTREES, f"{_ENTERPRISES}{number}")


async def record(
    session: PysnmpSession,
    out: TextIO,
    subtrees: Sequence[str],
    *,
    avoid: Iterable[str] = (),
    secret: SnmpSecret,
    keep_serials: bool = False,
    max_rows: int = 200_000,
) -> int:
    """Writes `OID|type|value` lines, in the agent's order; how many. Raises SnmpFault in silence."""
    avoided = tuple(avoid)
    hidden = [CONTACT, *(() if keep_serials else SERIALS)]
    words = _secret_words(secret)
    written = 0
    for subtree in subtrees:
        async for oid, value in _rows(session, subtree, max_rows):
            if any(oid == one or oid.startswith(one + ".") for one in avoided):
                continue
            hide = any(oid == one or oid.startswith(one + ".") for one in hidden)
            out.write(f"{oid}|{line_of(value, words, hide=hide)}\n")
            written += 1
    return written


async def _rows(session: PysnmpSession, subtree: str, max_rows: int) -> AsyncIterator[tuple[str, Any]]:
    cursor, seen = subtree, 0
    before: set[str] = set()
    while True:
        bindings = await session.next_raw(cursor)
        fresh = [(oid, value) for oid, value in bindings if oid not in before]
        for oid, value in fresh:
            if not oid.startswith(subtree + ".") or type(value).__name__ == "EndOfMibView":
                return
            yield oid, value
            cursor = oid
        before = {oid for oid, _ in bindings}
        seen += len(fresh)
        if not fresh:
            return
        if seen > max_rows:
            raise SnmpFault(PollFault.LOOP, f"more than {max_rows} rows; recording stopped", subtree)


def line_of(value: Any, words: Sequence[bytes], *, hide: bool = False) -> str:
    """Type and value in snmpsim's form: the ASN.1 tag, an x behind it when the value is hex."""
    tag = value.tagSet[-1]
    number = tag.tagClass + tag.tagId
    if number == 6:
        return f"6|{value}"
    if number == 5:
        return "5|"
    if number in (_OCTETS, 64, 68):
        raw = bytes(value)
        if hide or any(word in raw for word in words):
            return f"4|{SCRUBBED}"
        if number == 64:
            return f"64|{'.'.join(map(str, raw))}"
        text = raw.decode("ascii", "replace")
        if number == _OCTETS and text.isprintable() and "\ufffd" not in text:
            return f"4|{text}"
        return f"{number}x|{raw.hex()}"
    return f"{number}|{int(value)}"


def _secret_words(secret: SnmpSecret) -> list[bytes]:
    if isinstance(secret, CommunitySecret):
        texts = [secret.community]
    else:
        texts = [text for text in (secret.auth_key, secret.priv_key) if text]
    return [text.encode() for text in texts if len(text) > 3]
