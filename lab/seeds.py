"""Repeatable randomness: the same id gives the same device in every run."""

from __future__ import annotations

from hashlib import blake2b
from random import Random


def rng(*parts: str) -> Random:
    """A generator seeded by names only (not by Python's per-process string hash)."""
    return Random(blake2b("\x00".join(parts).encode(), digest_size=8).digest())
