"""gufo-snmp's words in ours: SNMPv3 users of credentials, faults of its exceptions."""

from __future__ import annotations

import re

from gufo.snmp import (
    Aes128Key,
    Aes192Key,
    Aes256Key,
    DesKey,
    KeyExpansion,
    Md5Key,
    Sha1Key,
    Sha224Key,
    Sha256Key,
    Sha384Key,
    Sha512Key,
    SnmpAuthError,
    SnmpDecodeError,
    SnmpError,
    User,
)
from gufo.snmp.user import KeyType

from collector.faults import SnmpFault
from collector.secrets import UsmSecret
from topology.observations import PollFault

_AUTH = {
    "MD5": Md5Key,
    "SHA1": Sha1Key,
    "SHA224": Sha224Key,
    "SHA256": Sha256Key,
    "SHA384": Sha384Key,
    "SHA512": Sha512Key,
}
_PRIV = {
    "DES": DesKey,
    "AES128": Aes128Key,
    "AES192": Aes192Key,
    "AES256": Aes256Key,
    "AES192C": Aes192Key,
    "AES256C": Aes256Key,
}
_ERRNO = re.compile(r"os error (\d+)")
_UNREACHABLE_ERRNOS = {"100", "101", "112", "113"}
"""ENETDOWN, ENETUNREACH, EHOSTDOWN, EHOSTUNREACH (Linux)."""
_REFUSED_ERRNO = "111"


def usm_user(secret: UsmSecret) -> User:
    """gufo's user with master keys: the costly part of a password (1 MiB of hashing) is done once."""
    auth = None
    priv = None
    if secret.auth is not None:
        auth_class = _AUTH[secret.auth]
        auth = auth_class(
            auth_class.get_master_key((secret.auth_key or "").encode()), key_type=KeyType.Master
        )
        if secret.priv is not None:
            master = auth_class.get_master_key((secret.priv_key or "").encode())
            priv = _PRIV[secret.priv](master, key_type=KeyType.Master)
    cisco = (secret.priv or "").endswith("C")
    expansion = KeyExpansion.Cisco if cisco else KeyExpansion.Blumenthal
    return User(secret.user, auth_key=auth, priv_key=priv, key_expansion=expansion)


def from_os_error(error: OSError) -> SnmpFault:
    text = str(error)
    match = _ERRNO.search(text)
    number = match.group(1) if match else str(error.errno)
    if number == _REFUSED_ERRNO:
        return SnmpFault(PollFault.REFUSED, "the host refused: nothing listens on this port")
    if number in _UNREACHABLE_ERRNOS:
        return SnmpFault(PollFault.UNREACHABLE, f"this machine has no way there: {text}")
    return SnmpFault(PollFault.UNREACHABLE, text)


def from_gufo_error(error: BaseException) -> SnmpFault:
    if isinstance(error, TimeoutError):  # gufo's name for ECONNREFUSED
        return SnmpFault(PollFault.REFUSED, "the host refused: nothing listens on this port")
    if isinstance(error, OSError):
        return from_os_error(error)
    if isinstance(error, SnmpAuthError):
        return SnmpFault(PollFault.AUTHENTICATION, "the agent refused user, key or clock (SNMPv3 report)")
    if isinstance(error, SnmpDecodeError | SnmpError | ValueError | OverflowError):
        return SnmpFault(PollFault.DECODE, f"unreadable answer: {str(error)[:120]}")
    return SnmpFault(PollFault.DECODE, f"unreadable answer: {type(error).__name__}: {str(error)[:120]}")
