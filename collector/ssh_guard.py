"""The one place through which anything is sent to a device, and everything that it says comes in.

Only lines that the profile lists get through: its commands, and what netmiko sends to get the session ready.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from netmiko.channel import SSHChannel

from collector.cli_text import paging_prompt
from collector.ssh_faults import SendRefusedError, SshFault, quoted
from topology.observations import PollFault

if TYPE_CHECKING:
    import paramiko  # type: ignore[import-untyped]  # it ships none

MOST_BYTES = 16 * 1024 * 1024
"""Of one session. A configuration has a few hundred kilobytes."""
MOST_BEFORE_PROMPT = 512 * 1024
"""Of banners and notices after the login."""
_TAIL = 400


class GuardedChannel(SSHChannel):
    """netmiko's channel, with the deadline, the limits and the list of what may be sent."""

    def __init__(
        self,
        conn: paramiko.Channel,
        encoding: str,
        *,
        may_send: frozenset[str],
        answers: frozenset[str],
        expired: Callable[[], bool],
    ) -> None:
        super().__init__(conn, encoding)
        self._may_send = may_send
        self._answers = answers
        self._expired = expired
        self.sent: list[str] = []
        self.received = 0
        self.tail = ""
        """The last that the device said."""
        self.ready = False
        """The prompt was seen."""

    def write_channel(self, out_data: str) -> None:
        """Raises SendRefusedError for anything but an empty line and the lines of the profile."""
        line = out_data.strip("\r\n")
        if (
            line
            and line not in self._may_send
            and out_data not in self._answers
            and line not in self._answers
        ):
            raise SendRefusedError(f"{line!r} is not in the profile's list: it was not sent")
        if self._expired():
            raise SshFault(PollFault.DEADLINE, "out of time", answered=True)
        if line:
            self.sent.append(line)
        super().write_channel(out_data)

    def read_channel(self) -> str:
        if self._expired():
            raise SshFault(
                PollFault.DEADLINE, f"out of time; it last said {quoted(self.tail)}", answered=True
            )
        text: Any = super().read_buffer()  # a piece at a time: who talks without end is stopped
        self.received += len(text)
        if text:
            self.tail = (self.tail + text)[-_TAIL:]
            self._check_size()
            waiting = paging_prompt(self.tail)
            if waiting is not None:
                raise SshFault(
                    PollFault.PAGING,
                    f"the device waits for a key in the middle of its output ({quoted(waiting)}): its paging "
                    "can't be turned off by this user; give the user the right to, or turn it off for good",
                    answered=True,
                )
        return str(text)

    def _check_size(self) -> None:
        most = MOST_BYTES if self.ready else MOST_BEFORE_PROMPT
        if self.received > most:
            when = "in one session" if self.ready else "without a prompt"
            raise SshFault(
                PollFault.TOO_BIG,
                f"more than {most:,} bytes {when}; it ends {quoted(self.tail, 80)}",
                answered=True,
            )
