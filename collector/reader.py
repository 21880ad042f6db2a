"""Reads columns of a device: walks to learn rows, packed GETs once they are known.

One step in trouble does not take the others with it: a column that the agent refuses, a table that runs in
circles and a packet that is too big each cost their own cells, and are reported.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from sys import intern

from collector import ifmib
from collector.counters import Counters
from collector.faults import SnmpFault
from collector.plan import Batch, Column, Group, pack
from collector.transport import NOT_THERE, SnmpTransport, Value
from topology.observations import PollError, PollFault

ColumnStore = dict[str, dict[str, Value]]

_SMALLEST_PAYLOAD_BYTES = 250
_HOLES_AT_MOST = 4000
_SILENT_COLUMNS_AT_MOST = 2
_SHRINKABLE = (PollFault.TIMEOUT, PollFault.DECODE, PollFault.TOO_BIG)


class Reader:
    """Fills `columns` by way of `transport`; what went wrong gathers in `errors`."""

    def __init__(
        self,
        transport: SnmpTransport,
        columns: ColumnStore,
        counters: Counters,
        *,
        max_rows: int,
        speaks_v1: bool = False,
    ) -> None:
        self._transport = transport
        self._columns = columns
        self._counters = counters
        self._max_rows = max_rows
        self._speaks_v1 = speaks_v1
        self._silent_columns = 0
        self.errors: list[PollError] = []
        self.missing: set[tuple[str, str]] = set()
        """Cells that were asked for, and did not come."""
        self.refused: set[str] = set()
        """Columns of which a cell was answered with an error instead of a value."""

    # -- learning ---------------------------------------------------------------------------------

    async def learn(
        self, group: Group, known_rows: Mapping[str, Sequence[str]], walked: set[str] | None = None
    ) -> None:
        """Walks the group's columns. Raises SnmpFault when the device falls silent.

        `known_rows` are the indexes known so far, by column: an empty answer where there were rows is
        an error, not an empty table. Columns in `walked` are done already, and those done are put there:
        a learning that a deadline cut short goes on from it.
        """
        walked = set() if walked is None else walked
        for column in group.columns:
            if column.oid in walked:
                continue
            if group.name == "interfaces" and column.oid in ifmib.NARROW_OF:
                await self._learn_narrow(column)
            else:
                await self._learn_column(column, group.name, known_rows.get(column.oid, ()))
            walked.add(column.oid)
        if group.name == "interfaces":
            await self._fill_holes(group)

    async def _learn_column(self, column: Column, what: str, known: Sequence[str]) -> None:
        walk = await self._transport.walk(column.oid, self._max_rows)
        start = len(column.oid) + 1
        rows = {intern(oid[start:]): value for oid, value in walk.rows.items()}
        if walk.fault is not None:
            await self._column_fault(walk.fault, column, what)
        else:
            self._silent_columns = 0
        if not rows and known and await self._refuses(f"{column.oid}.{known[0]}"):
            self._counters.add("snmp_tables_refused")
            message = "the agent gives nothing of a column that it had before"
            self.errors.append(PollError(PollFault.AGENT, message, oid=column.oid, what=what))
        self._columns[column.oid] = rows

    async def _column_fault(self, fault: SnmpFault, column: Column, what: str) -> None:
        if fault.fault in (PollFault.REFUSED, PollFault.UNREACHABLE, PollFault.AUTHENTICATION):
            raise fault
        if fault.fault is PollFault.TIMEOUT:
            self._silent_columns += 1
            if self._silent_columns >= _SILENT_COLUMNS_AT_MOST:
                raise fault
        self.errors.append(PollError(fault.fault, fault.message, oid=fault.oid or column.oid, what=what))

    async def _refuses(self, oid: str) -> bool:
        """Whether the agent has `oid` but did not give it in a walk, or answers it with an error."""
        try:
            value = await self._transport.get_one(oid)
        except SnmpFault:
            return True
        if value is None:
            return not self._speaks_v1  # SNMPv1 has no other way to say "not there"
        return value is not NOT_THERE and value != NOT_THERE

    async def _learn_narrow(self, column: Column) -> None:
        """32-bit octets: only of rows without the 64-bit ones, or whose 64-bit ones stand still at 0."""
        wide = self._columns.get(ifmib.NARROW_OF[column.oid], {})
        lacking = [index for index in ifmib.indexes(self._columns) if not wide.get(index)]
        if wide and len(lacking) <= _HOLES_AT_MOST:
            self._columns[column.oid] = {}
            await self.fetch([(column.oid, index) for index in lacking])
        elif lacking:
            await self._learn_column(column, "interfaces", ())

    async def _fill_holes(self, group: Group) -> None:
        """Cells that other rows have: agents break off walks, and rows come and go while one lasts."""
        indexes = ifmib.indexes(self._columns)
        holes = [
            (column.oid, index)
            for column in group.columns
            if column.oid not in ifmib.NARROW_OF and self._columns.get(column.oid)
            for index in indexes
            if index not in self._columns[column.oid]
        ]
        if holes and len(holes) <= _HOLES_AT_MOST:
            await self.fetch(holes)
        if not self._speaks_v1 and indexes:
            await self._look_for_refusals(group, indexes)
        self.missing.clear()

    async def _look_for_refusals(self, group: Group, indexes: Sequence[str]) -> None:
        """An empty column beside full ones: not implemented, or refused (genErr)? A GET tells."""
        for column in group.columns:
            if column.oid in ifmib.NARROW_OF or self._columns.get(column.oid):
                continue
            if not await self._refuses(f"{column.oid}.{indexes[0]}"):
                continue
            await self.fetch([(column.oid, index) for index in indexes[:_HOLES_AT_MOST]])
            if not self._columns.get(column.oid):
                self.refused.add(column.oid)
                message = "the agent answers this column with an error"
                self.errors.append(PollError(PollFault.AGENT, message, oid=column.oid, what="interfaces"))

    # -- asking for known cells ----------------------------------------------------------------------

    async def fetch(self, cells: Iterable[tuple[str, str]]) -> None:
        await self.refresh(pack(cells, self._transport.limits.payload_bytes))

    async def refresh(self, batches: Sequence[Batch]) -> None:
        """Asks batch by batch. Raises SnmpFault when the device falls silent."""
        for batch in batches:
            await self.ask(batch)

    async def refresh_wide(self, batches: Sequence[Batch], lanes: Sequence[SnmpTransport]) -> None:
        """The same over several sessions at once, for devices with thousands of ports."""
        left = iter(batches)
        readers = [self, *(self._beside(lane) for lane in lanes)]

        async def work(reader: Reader) -> None:
            for batch in left:
                await reader.ask(batch)

        async with asyncio.TaskGroup() as group:
            for reader in readers:
                group.create_task(work(reader))

    def _beside(self, transport: SnmpTransport) -> Reader:
        """Another reader into the same columns."""
        other = Reader(
            transport,
            self._columns,
            self._counters,
            max_rows=self._max_rows,
            speaks_v1=self._speaks_v1,
        )
        other.errors, other.missing, other.refused = self.errors, self.missing, self.refused
        return other

    async def ask(self, batch: Batch) -> None:
        answer = await self._get(batch.oids)
        columns = self._columns
        if len(answer) == len(batch.oids):
            for oid, (column, index) in zip(batch.oids, batch.cells, strict=True):
                try:
                    columns[column][index] = answer[oid]
                except KeyError:
                    self._take(answer, oid, column, index)
            return
        for oid, (column, index) in zip(batch.oids, batch.cells, strict=True):
            self._take(answer, oid, column, index)

    def _take(self, answer: dict[str, Value], oid: str, column: str, index: str) -> None:
        if oid in answer:
            self._columns.setdefault(column, {})[index] = answer[oid]
        else:
            self.missing.add((column, index))

    async def _get(self, oids: list[str]) -> dict[str, Value]:
        try:
            answer = await self._transport.get(oids)
        except SnmpFault as fault:
            if fault.fault not in _SHRINKABLE or len(oids) == 1 or not self._transport.answered:
                raise
            return await self._get_smaller(oids, fault)
        if answer:
            return answer if len(answer) == len(oids) else await self._get_tail(oids, answer)
        return await self._get_refused(oids)

    async def _get_tail(self, oids: list[str], answer: dict[str, Value]) -> dict[str, Value]:
        """Some agents answer as many objects as they like and leave out the rest without a word."""
        count = len(answer)
        if len(oids) - count < 2 or any(oid not in answer for oid in oids[:count]):
            return answer  # gaps: those are not there
        tail = await self._transport.get(oids[count:])
        if not tail:
            return answer
        limits = self._transport.limits
        limits.payload_bytes = max(_SMALLEST_PAYLOAD_BYTES, limits.payload_bytes * count // len(oids))
        self._counters.add("snmp_requests_shrunk")
        return {
            **answer,
            **(await self._get_tail(oids[count:], tail) if len(tail) < len(oids) - count else tail),
        }

    async def _get_smaller(self, oids: list[str], fault: SnmpFault) -> dict[str, Value]:
        """Too much for the agent or for the path? If half of it is answered, remember the size."""
        limits = self._transport.limits
        if limits.payload_bytes <= _SMALLEST_PAYLOAD_BYTES and len(oids) <= 4:
            raise fault
        half = len(oids) // 2
        first = await self._get(oids[:half])
        smaller = max(_SMALLEST_PAYLOAD_BYTES, limits.payload_bytes // 2)
        if smaller < limits.payload_bytes:
            limits.payload_bytes = smaller
            self._counters.add("snmp_requests_shrunk")
        return {**first, **await self._get(oids[half:])}

    async def _get_refused(self, oids: list[str]) -> dict[str, Value]:
        """Nothing came back: an error-status (gufo hides which), or none of them exists."""
        value = await self._transport.get_one(oids[0])
        if value is not None and value != NOT_THERE:
            if len(oids) == 1:
                return {oids[0]: value}
            if self._transport.limits.payload_bytes > _SMALLEST_PAYLOAD_BYTES:
                return await self._halves(oids, shrink=True)
            return await self._halves(oids, shrink=False)
        if value is None:
            if not self._speaks_v1:
                self.refused.add(oids[0].rsplit(".", 1)[0])
            return await self._get(oids[1:]) if len(oids) > 1 else {}
        if len(oids) == 1:
            return {}
        last = await self._transport.get_one(oids[-1])
        if last == NOT_THERE:
            return {}  # both ends say so: these rows are gone
        return await self._halves(oids, shrink=False)

    async def _halves(self, oids: list[str], *, shrink: bool) -> dict[str, Value]:
        half = len(oids) // 2
        first = await self._transport.get(oids[:half])
        if first and shrink:
            rest = await self._transport.get(oids[half:])
            if rest:  # both halves are welcome, the whole was not: tooBig
                limits = self._transport.limits
                limits.payload_bytes = max(_SMALLEST_PAYLOAD_BYTES, limits.payload_bytes // 2)
                self._counters.add("snmp_requests_shrunk")
                return {**first, **rest}
            return {**first, **await self._get_refused(oids[half:])}
        if not first:
            first = await self._get_refused(oids[:half])
        await asyncio.sleep(0)
        return {**first, **await self._get(oids[half:])}
