"""The SNMP wire format, by the `snmp` library: the only module that knows it.

Values and object identifiers are encoded once, to bytes, and put together into answers without being looked
at again; requests are decoded by the library. See docs/decisions/lab-agent.md.
"""

# mypy: disable-error-code="import-untyped"
# `snmp` ships no type information; this module is the typed face of it.

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from snmp import ber, smi
from snmp.exception import IncomingMessageError
from snmp.message import Message, ProtocolVersion
from snmp.pdu import (
    ErrorStatus,
    GetBulkRequestPDU,
    GetNextRequestPDU,
    GetRequestPDU,
    ReportPDU,
    ResponsePDU,
    SetRequestPDU,
    SNMPv2TrapPDU,
)
from snmp.utils import subbytes

Oid = tuple[int, ...]

NO_SUCH_OBJECT: bytes = smi.NoSuchObject().encode()
NO_SUCH_INSTANCE: bytes = smi.NoSuchInstance().encode()
END_OF_MIB_VIEW: bytes = smi.EndOfMibView().encode()
NULL: bytes = smi.Null().encode()
_COUNTER64_TAG: int = smi.Counter64.TAG.encode()[0]


class Operation(Enum):
    GET = "get"
    GET_NEXT = "get-next"
    GET_BULK = "get-bulk"
    SET = "set"


class Error(Enum):
    """error-status values (RFC 3416) that the lab's agents use."""

    NONE = ErrorStatus.noError
    TOO_BIG = ErrorStatus.tooBig
    NO_SUCH_NAME = ErrorStatus.noSuchName
    READ_ONLY = ErrorStatus.readOnly
    NOT_WRITABLE = ErrorStatus.notWritable
    AUTHORIZATION = ErrorStatus.authorizationError


class MalformedError(Exception):
    """Not a message an agent could answer."""


@dataclass(frozen=True, slots=True)
class Request:
    operation: Operation
    request_id: int
    oids: tuple[Oid, ...]
    non_repeaters: int = 0
    max_repetitions: int = 0


_REQUEST_PDUS = {cls.TAG: cls for cls in (GetRequestPDU, GetNextRequestPDU, GetBulkRequestPDU, SetRequestPDU)}
_OPERATIONS = {
    GetRequestPDU: Operation.GET,
    GetNextRequestPDU: Operation.GET_NEXT,
    GetBulkRequestPDU: Operation.GET_BULK,
    SetRequestPDU: Operation.SET,
}


def integer(value: int) -> bytes:
    encoded: bytes = smi.Integer32(value).encode()
    return encoded


def octets(value: str | bytes) -> bytes:
    encoded: bytes = smi.OctetString(value.encode() if isinstance(value, str) else value).encode()
    return encoded


def counter32(value: int) -> bytes:
    encoded: bytes = smi.Counter32(value & 0xFFFF_FFFF).encode()
    return encoded


def counter64(value: int) -> bytes:
    encoded: bytes = smi.Counter64(value & 0xFFFF_FFFF_FFFF_FFFF).encode()
    return encoded


def gauge32(value: int) -> bytes:
    """A Gauge32 stops at its end (RFC 2578 7.1.7)."""
    encoded: bytes = smi.Gauge32(min(max(value, 0), 0xFFFF_FFFF)).encode()
    return encoded


def timeticks(seconds: float) -> bytes:
    """Hundredths of a second, starting over after 497 days as real agents do."""
    encoded: bytes = smi.TimeTicks(int(seconds * 100.0) & 0xFFFF_FFFF).encode()
    return encoded


@lru_cache(maxsize=200_000)
def oid(value: Oid) -> bytes:
    encoded: bytes = smi.OID(*value).encode()
    return encoded


def parse_oid(text: str) -> Oid:
    return tuple(int(part) for part in text.strip(".").split("."))


def is_counter64(value: bytes) -> bool:
    """SNMPv1 has no such type: its agents leave these objects out (RFC 3584 4.2.2.1)."""
    return value[0] == _COUNTER64_TAG


def varbind(name: Oid, value: bytes) -> bytes:
    encoded: bytes = ber.encode(smi.VarBind.TAG, oid(name) + value)
    return encoded


class _Encoded:
    """Bytes in the place of a library object."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def encode(self) -> bytes:
        return self._data


def response(request_id: int, varbinds: list[bytes], error: Error = Error.NONE, error_index: int = 0) -> Any:
    """A Response-PDU of the library, its variable bindings already encoded."""
    bindings = _Encoded(ber.encode(smi.VarBindList.TAG, b"".join(varbinds)))
    return ResponsePDU(
        requestID=request_id, errorStatus=error.value, errorIndex=error_index, variableBindings=bindings
    )


def report(counter: Oid, value: int, request_id: int = 0) -> Any:
    """A Report-PDU carrying one error counter (RFC 3414 3.2)."""
    return ReportPDU(smi.VarBind(smi.OID(*counter), smi.Counter32(value)), requestID=request_id)


def request_of(pdu: Any) -> Request:
    """The request in a decoded PDU. Raises MalformedError for a PDU that agents don't answer."""
    operation = _OPERATIONS.get(type(pdu))
    if operation is None:
        raise MalformedError(f"{type(pdu).__name__} is not a request")
    names = tuple(tuple(bind.name.subidentifiers) for bind in pdu.variableBindings)
    if operation is Operation.GET_BULK:
        return Request(operation, pdu.requestID, names, pdu.nonRepeaters, pdu.maxRepetitions)
    return Request(operation, pdu.requestID, names)


def version_of(datagram: bytes) -> int:
    """msgVersion: 0 (v1), 1 (v2c) or 3. Raises MalformedError."""
    try:
        _, body, _ = ber.decode(subbytes(datagram))
        version, _ = smi.Integer.decode(body)
    except (IncomingMessageError, ValueError, IndexError) as err:
        raise MalformedError(str(err)) from err
    return int(version.value)


@dataclass(frozen=True, slots=True)
class CommunityMessage:
    """An SNMPv1 or v2c request."""

    version: int
    community: bytes
    request: Request


def decode_community(datagram: bytes) -> CommunityMessage:
    """Raises MalformedError."""
    try:
        message = Message.decodeExact(subbytes(datagram), types=_REQUEST_PDUS)
    except (IncomingMessageError, ValueError, IndexError) as err:
        raise MalformedError(str(err)) from err
    return CommunityMessage(int(message.version), bytes(message.community), request_of(message.pdu))


def encode_community(version: int, community: bytes, pdu: Any) -> bytes:
    encoded: bytes = Message(ProtocolVersion(version), community, pdu).encode()
    return encoded


def trap(request_id: int, varbinds: list[bytes]) -> Any:
    """An SNMPv2-Trap-PDU."""
    bindings = _Encoded(ber.encode(smi.VarBindList.TAG, b"".join(varbinds)))
    return SNMPv2TrapPDU(requestID=request_id, variableBindings=bindings)
