"""Why asking over SSH brought nothing: typed, in the device's words, with what to do about it."""

from __future__ import annotations

from topology.observations import PollError, PollFault


class SshFault(Exception):  # noqa: N818 - a fault is the domain's word (PollFault)
    """`message` says what happened and quotes the device; `answered` whether the device itself spoke: its
    host key was the trusted one; `doing` what was being done."""

    def __init__(self, fault: PollFault, message: str, *, answered: bool = False) -> None:
        super().__init__(message)
        self.fault = fault
        self.message = message
        self.answered = answered
        self.doing = "connect"

    def error(self, what: str | None = None) -> PollError:
        return PollError(fault=self.fault, message=self.message, what=what)


class SendRefusedError(Exception):
    """Something wanted to send the device a line that its profile does not list. It was not sent."""


def quoted(text: str, most: int = 200) -> str:
    """A device's words on one line, the last ones when there are many."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return repr(plain if len(plain) <= most else f"...{plain[-most:]}")
