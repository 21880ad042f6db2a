"""When a server's TLS certificate ends, also when nobody should trust it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from datetime import datetime

from cryptography import x509


def expires_at(certificate_der: bytes) -> datetime | None:
    """notAfter (RFC 5280, 4.1.2.5), aware UTC; ``None`` when it can't be read."""
    try:
        return x509.load_der_x509_certificate(certificate_der).not_valid_after_utc
    except ValueError:
        return None


async def shown_by(host: str, port: int, timeout_s: float) -> datetime | None:
    """When the certificate that this server shows ends; it is looked at, not trusted, and nothing is sent.

    For a certificate that was refused: the connection that refused it does not tell its dates.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
    except (OSError, TimeoutError):
        return None
    try:
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return None if der is None else expires_at(der)
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1.0):
                await writer.wait_closed()
