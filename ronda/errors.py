"""Errors that a command shows to a person instead of a traceback."""

from __future__ import annotations


class BadInputError(Exception):
    """What was given can't be used; the text says what, where, why and what to do."""
