"""What is remembered of a device between polls: its rows, its limits, its working credential."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from collector.entity import Entities
from collector.ifmib import Ports
from collector.observe import Learned
from collector.plan import HEADERS_BYTES, HEADERS_V3_BYTES, Batch, Group
from collector.profile_schema import Profile
from collector.rates import RateKeeper
from collector.reader import ColumnStore
from collector.secrets import CommunitySecret, SnmpSecret, UsmSecret
from collector.transport import Limits, SnmpTransport
from topology.model import Device


@dataclass(slots=True)
class Memory:
    device: Device
    limits: Limits
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    transport: SnmpTransport | None = None
    secret: SnmpSecret | None = None
    """The credential that worked."""
    odd: bool = False
    """Answers from another address than it was asked at: only the fallback engine hears it."""
    profile: Profile | None = None
    groups: tuple[Group, ...] = ()
    columns: ColumnStore = field(default_factory=dict)
    rows: dict[str, list[str]] = field(default_factory=dict)
    """Known indexes of the columns that change, by column."""
    learned_at_s: dict[str, float] = field(default_factory=dict)
    """When a group's rows were last learned (monotonic), by its name. Not there: still to be learned."""
    walked: dict[str, set[str]] = field(default_factory=dict)
    """Columns done of groups whose learning was cut short, by group."""
    lanes: list[SnmpTransport] = field(default_factory=list)
    """More sessions to the same device, when it has thousands of ports."""
    read_at_s: dict[str, float] = field(default_factory=dict)
    """When a group's values were last read, by its name."""
    batches: list[Batch] | None = None
    """The packed GETs for everything that is read in every poll; None when they have to be made anew."""
    packed_for_bytes: int = 0
    signature: tuple[int | None, int | None] = (None, None)
    uptime_s: float | None = None
    lldp_changed_at: int | None = None
    ports: Ports | None = None
    entities: Entities | None = None
    learned: Learned = field(default_factory=Learned)
    rates: RateKeeper = field(default_factory=RateKeeper)
    silent_polls: int = 0

    @property
    def speaks_v1(self) -> bool:
        return isinstance(self.secret, CommunitySecret) and self.secret.version == "1"

    @property
    def headers_bytes(self) -> int:
        return HEADERS_V3_BYTES if isinstance(self.secret, UsmSecret) else HEADERS_BYTES

    def forget_rows(self) -> None:
        """The device rebooted or renumbered: nothing of its rows holds any more."""
        self.learned_at_s.clear()
        self.walked.clear()
        self.batches = None

    def drop_transport(self) -> None:
        if self.transport is not None:
            self.transport.close()
            self.transport = None
        for lane in self.lanes:
            lane.close()
        self.lanes = []
