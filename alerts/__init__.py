"""Verdicts to messages. Everything but `outbox` and `channels/` is pure: no I/O, no clock."""
