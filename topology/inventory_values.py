"""Single values of an inventory, read from the text that was written.

`topology.yaml_positions` leaves scalars as written, so ids keep their leading zeros, and every number,
date and address is parsed here, with a message that says how to write it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from ipaddress import IPv6Address, ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from topology.model import Address

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?=$|[T ])")
_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?")
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SNMP_PORT = 161


def _wrong(code: str, message: str, suggestion: str | None = None) -> PydanticCustomError:
    return PydanticCustomError(code, "{message}", {"message": message, "suggestion": suggestion})


def _id(value: str) -> str:
    if not value.strip():
        raise _wrong("bad-id", "an id can't be empty")
    if value != value.strip() or not value.isprintable() or len(value) > 200:
        raise _wrong(
            "bad-id", f"{value[:60]!r} can't be an id", "at most 200 printable characters on one line"
        )
    return value


def parse_number(value: object) -> Decimal:
    """A number as YAML 1.1, YAML 1.2 or JSON may write it. Raises ValueError."""
    try:
        number = Decimal(value.replace("_", "")) if isinstance(value, str) else Decimal(str(value))
    except InvalidOperation:
        raise ValueError(value) from None
    if not number.is_finite() or abs(number) >= Decimal(10) ** 18:
        raise ValueError(value)
    return number


def _whole(value: object) -> int:
    try:
        number = parse_number(value)
    except ValueError:
        raise _wrong("bad-number", f"{_shown(value)} is not a whole number", "digits only, no unit") from None
    if number != number.to_integral_value():
        raise _wrong("bad-number", f"{_shown(value)} is not a whole number")
    return int(number)


def _real(value: object) -> float:
    try:
        return float(parse_number(value))
    except ValueError:
        raise _wrong("bad-number", f"{_shown(value)} is not a number", "digits and a dot, no unit") from None


def _date(value: object) -> date:
    match = _DATE.match(value) if isinstance(value, str) else None
    try:
        if match is None:
            raise ValueError(value)
        return date.fromisoformat(match[0])
    except ValueError as error:
        why = str(error) if match else "not a date"
        raise _wrong(
            "bad-date", f"{_shown(value)}: {why}", "write it as year-month-day: 2027-03-31"
        ) from None


def parse_address(text: str) -> Address:
    """`host`, `host:port`, `[v6]:port` or a bare IPv6 address. Raises ValueError saying what is wrong."""
    host, port = text, None
    bracketed = re.fullmatch(r"\[([^]]*)\](?::(.*))?", text)
    if bracketed:
        host, port = bracketed[1], bracketed[2]
    elif text.count(":") == 1:
        host, port = text.split(":")
    if port is not None and not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
        raise ValueError(f"{port!r} is not a port (1 to 65535)")
    number = None if port is None else int(port)
    try:
        parsed = ip_address(host)
    except ValueError:
        if bracketed or ":" in host:
            raise ValueError("not an IPv6 address") from None
        if re.fullmatch(r"[0-9.]+", host):
            raise ValueError("not an IPv4 address") from None
        if len(host) > 253 or not _HOST_NAME.fullmatch(host):
            raise ValueError("neither an address nor a host name") from None
        return Address(host.rstrip("."), number)
    if parsed.is_unspecified or parsed.is_multicast:
        raise ValueError("no device answers there")
    return Address(str(parsed) if isinstance(parsed, IPv6Address) else host, number)


def _address(value: object) -> Address:
    if not isinstance(value, str):
        raise _wrong("bad-address", f"an address is text, not {_shape(value)}")
    try:
        return parse_address(value)
    except ValueError as error:
        hint = "host, host:port or [v6]:port, without a prefix length"
        raise _wrong("bad-address", f"bad address {value[:60]!r}: {error}", hint) from None


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        good = (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        good = False
    if not good:
        raise _wrong(
            "bad-url", f"{value[:80]!r} is not a web address", "http://host:port/path or https://..."
        )
    if parts.password is not None:
        raise _wrong("secret", "a password is typed into this URL", "leave it out")
    return value


def _environment(value: str) -> str:
    if not _ENVIRONMENT_NAME.fullmatch(value):
        # The value is not repeated: it may well be the secret itself.
        hint = "set a variable such as RONDA_SNMP_COMMUNITY and write its name here"
        raise _wrong("secret", "this is not the name of an environment variable", hint)
    return value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _shape(value: object) -> str:
    return {dict: "a mapping", list: "a list", type(None): "empty"}.get(type(value), "text")


def _shown(value: object) -> str:
    return repr(value[:60]) if isinstance(value, str) else _shape(value)


def _upper_one_of(*words: str) -> Callable[[object], object]:
    """Accepts the words as vendors spell them: sha-256, Sha256."""
    plain = {w.lower(): w for w in words}

    def read(value: object) -> object:
        return (
            plain.get(value.lower().replace("-", "").replace("_", ""), value)
            if isinstance(value, str)
            else value
        )

    return read


Id = Annotated[
    str,
    AfterValidator(_id),
    WithJsonSchema({"type": ["string", "integer"], "minLength": 1, "maxLength": 200}),
]
Ids = Annotated[list[Id], BeforeValidator(_listed)]
OneOrMore = Annotated[
    list[Id],
    BeforeValidator(_listed),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": ["string", "integer"]},
                {"type": "array", "items": {"type": ["string", "integer"]}},
            ]
        }
    ),
]
Text = Annotated[str, WithJsonSchema({"type": ["string", "number"]})]
Whole = Annotated[int, BeforeValidator(_whole)]
Real = Annotated[float, BeforeValidator(_real)]
Day = Annotated[date, BeforeValidator(_date)]
Host = Annotated[Address, BeforeValidator(_address), WithJsonSchema({"type": "string"})]
WebAddress = Annotated[str, AfterValidator(_url), WithJsonSchema({"type": "string", "format": "uri"})]
EnvironmentName = Annotated[
    str,
    AfterValidator(_environment),
    WithJsonSchema({"type": "string", "pattern": _ENVIRONMENT_NAME.pattern}),
]
_AUTH = ("MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512")
_PRIV = ("DES", "AES128", "AES192", "AES256")
AuthProtocol = Annotated[
    Literal["MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512"], BeforeValidator(_upper_one_of(*_AUTH))
]
PrivProtocol = Annotated[Literal["DES", "AES128", "AES192", "AES256"], BeforeValidator(_upper_one_of(*_PRIV))]
