"""Secrets that look alike on all platforms. What a vendor writes its own way stands in its profile (`masks`).

Rather a word too many than a secret kept: what follows "password" is taken out to the end of its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MASKED = "<masked>"

_FORM = (
    r"(?:(?:encrypted|irreversible-cipher|cipher|simple|plain|plaintext|hash|md5|scrypt|sha-?\d*|\d{1,2}) )"
)
"""How it is written down: in clear, or with a number that says how it is hidden."""
_WORDS = "|".join(
    (
        *("password", "passwd", "passphrase", "secret", "token", "api-key", "psk", "wpa-psk"),
        *("pre-shared-key", "pre-shared-secret", "shared-secret", "shared-key", "sharedkey", "key-string"),
        *("private-key", "server-key", "server-private-key", "auth-key", "priv-key", "privacy-key"),
        *("authentication-key", "ascii-text", "hexadecimal", "chap", "pap-secret"),
        *(r"[\w-]+-password", r"[\w-]+-secret", r"[\w-]+-passphrase"),
    )
)
COMMON = tuple(
    re.compile(pattern)
    for pattern in (
        # What is between the marks of a key; of a block that is cut off, all of it.
        r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----(?P<secret>.*?)(?=-----END|\Z)",
        # crypt(3) and its like: $1$, $5$, $6$, $8$, $9$, $14$, $sha512$, ...
        r"(?P<secret>\$(?:\d{1,2}[a-z]?|y|2[abxy]|sha\d*|pbkdf2\S*?|argon2\w*)\$[^\s\"';,]+)",
        # Somebody's name and password in a URL.
        r"(?i)[a-z][a-z0-9+.-]*://[^\s:/@]*:(?P<secret>[^\s@]+)@",
        rf"(?im)(?:^|[\s_])(?:{_WORDS})[ \t]+(?:level \d+ )?{_FORM}*(?P<secret>[^\s{{\[][^\n]*)$",
        # key 7 0822455D0A16, where the line ends; not `key chain NAME`, not `key 1` of a chain.
        rf"(?im)(?:^|\s)key {_FORM}?(?!chain |generate |config-key |\d{{1,3}}\s*$)(?P<secret>\S+)\s*$",
        r"(?im)\bcrypto isakmp key (?:\d )?(?P<secret>\S+)",
        # ... md5 7 SECRET: routing protocols, NTP, SNMPv3.
        rf"(?im)\b(?:message-digest-key|authentication-key|authentication-keyid|key-id|keyid)(?: \d+)? "
        rf"(?:md5|hmac-\S+|sha\S*|cmac\S*|aes\S*) {_FORM}?(?P<secret>\S+)",
        rf"(?im)\bauth(?:entication)?(?:-mode)? (?:md5|sha\S*|hmac\S*|keyed-md5) {_FORM}?"
        r"(?P<secret>(?!priv\b)\S+)",
        rf"(?im)\b(?:priv|privacy|privacy-mode|encryption) (?:3des\S*|des\S*|aes\S*)(?:[ -](?:128|192|256))? "
        rf"{_FORM}?(?P<secret>\S+)",
        r"(?im)\b(?:standby|vrrp|glbp)(?: \d+)? authentication (?:text |md5 key-string )?(?:\d )?"
        r"(?P<secret>(?!md5\b)\S+)",
        r"(?im)\bnhrp authentication (?P<secret>\S+)",
    )
)


def masked(text: str, patterns: Iterable[re.Pattern[str]]) -> str:
    """`text` with what the groups `secret` find taken out. All patterns look at the text as it was, so that
    one that takes too little hides nothing from the others."""
    spans = sorted(
        span for p in patterns for found in p.finditer(text) if (span := found.span("secret"))[0] >= 0
    )
    parts: list[str] = []
    at = 0
    for start, end in spans:
        if start >= at:
            parts += [text[at:start], MASKED]
        at = max(at, end)
    return "".join([*parts, text[at:]])
