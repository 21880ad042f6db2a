"""One configuration: read, judged, kept. For the running server and for `ronda backup` alike."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime

from collector.config_text import make_fit, summary, why_not_whole
from collector.ssh import SshPoller
from collector.ssh_faults import SendRefusedError, SshFault
from storage.configs import ConfigChange, ConfigStore, ConfigStoreError
from topology.clock import Clock
from topology.model import Device
from topology.observations import PollFault

_MIDWAY = frozenset(
    {PollFault.DEADLINE, PollFault.TOO_BIG, PollFault.PAGING, PollFault.TIMEOUT, PollFault.REFUSED}
)
"""Faults that may come in the middle of a configuration."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of it. Exactly one of: failed, changed, as it was."""

    device: Device
    at: datetime
    reason: str | None = None
    """Why nothing was kept; what was kept before stays."""
    change: ConfigChange | None = None

    @property
    def failed(self) -> bool:
        return self.reason is not None


async def fetch(
    device: Device, poller: SshPoller, store: ConfigStore, clock: Clock, *, planned: bool = False
) -> Fetched:
    """Never raises for what the device, the network or the disk does."""
    try:
        read, profile = await poller.read_config(device)
    except SshFault as error:
        return Fetched(device, clock.now(), f"{error.fault.value}: {_without_words(error)}")
    except SendRefusedError as error:
        return Fetched(device, clock.now(), str(error))
    at = clock.now()
    assert profile.ssh is not None
    assert profile.ssh.config is not None
    config = profile.ssh.config

    def keep() -> Fetched:
        fit = make_fit(config, read.text)
        before = store.text(device.id)
        why = why_not_whole(fit.text, before, complete=read.complete)
        if why is not None:
            return Fetched(device, at, why)
        if fit.text == before:
            return Fetched(device, at)
        words = summary(before, fit.text)
        change = store.save(device.id, fit.text, at, summary=words, who=fit.who, planned=planned)
        return Fetched(device, at, change=change)

    try:
        return await asyncio.to_thread(keep)
    except ConfigStoreError as error:
        return Fetched(device, at, str(error))


def _without_words(fault: SshFault) -> str:
    """What the device said last may be a line with a secret."""
    if fault.fault not in _MIDWAY:
        return fault.message
    return re.sub(r"""'.*'|".*\"""", "(its words are left out)", fault.message, flags=re.DOTALL)
