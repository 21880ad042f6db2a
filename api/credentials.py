"""The text of tokens and cookies: made from the system's randomness, told apart from other text at a glance.

A token is `rnd_`, 43 characters of base 62 (256 bits), and a checksum of 6: secret scanners find it by its
form, and a mistyped one is refused without a look into the records.
"""

from __future__ import annotations

import re
import secrets
import zlib

PREFIX = "rnd_"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BODY, _CHECK = 43, 6
_FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_BODY + _CHECK}}}", re.ASCII)


def new_token() -> str:
    body = _base62(int.from_bytes(secrets.token_bytes(32), "big"), _BODY)
    return PREFIX + body + _checksum(body)


def looks_like_a_token(text: str) -> bool:
    """Its form and its checksum are right; whether it is known is another question."""
    if _FORM.fullmatch(text) is None:
        return False
    body = text[len(PREFIX) : len(PREFIX) + _BODY]
    return text[-_CHECK:] == _checksum(body)


def new_token_id() -> str:
    """Short enough to be typed: it is no secret."""
    return f"t-{secrets.token_hex(4)}"


def new_cookie() -> str:
    return secrets.token_urlsafe(32)


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECK)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
