"""A recording says what the device said, and nothing that is nobody's business."""

from __future__ import annotations

import io
from typing import Any

from benchmarks.snmp.agent import load_snmprec


async def test_a_recording_replays_to_the_same(serve: Any, new_poller: Any, at: Any, switch: Any) -> None:
    mib = switch(3)
    mib.set("1.3.6.1.2.1.1.4.0", "4", "Pak Budi, 0812")
    mib.set("1.3.6.1.2.1.1.6.0", "4", "our community is public here")
    mib.set("1.3.6.1.2.1.47.1.1.1.1.11.1", "4", "SN12345")
    mib.set("1.3.6.1.2.1.2.2.1.6.1", "4x", "00ff10203040")
    mib.set("1.3.6.1.4.1.99999.1.0", "66", "7")
    mib.set("1.3.6.1.4.1.88888.1.0", "66", "8")
    agent = await serve(mib)
    poller = new_poller()
    device = at(agent.port)
    await poller.poll(device, deadline_s=20)
    out = io.StringIO()
    rows = await poller.record(device, out, "1.3.6.1.4.1.99999.7", avoid=("1.3.6.1.2.1.2.2.1.20",))

    text = out.getvalue()
    assert rows == len(text.splitlines())
    for private in ("Budi", "public", "SN12345"):
        assert private not in text
    recorded = {row.oid: row for row in load_snmprec(text.splitlines())}
    for oid, row in mib.rows.items():
        name = ".".join(map(str, oid))
        if name.startswith(("1.3.6.1.2.1.2.2.1.20", "1.3.6.1.4.1.88888")):
            assert oid not in recorded
        elif name not in ("1.3.6.1.2.1.1.4.0", "1.3.6.1.2.1.1.6.0", "1.3.6.1.2.1.47.1.1.1.1.11.1"):
            assert recorded[oid] == row, name


async def test_serials_stay_when_asked(serve: Any, new_poller: Any, at: Any, switch: Any) -> None:
    mib = switch(1)
    mib.set("1.3.6.1.2.1.47.1.1.1.1.11.1", "4", "SN12345")
    agent = await serve(mib)
    poller = new_poller()
    await poller.poll(at(agent.port), deadline_s=20)
    out = io.StringIO()
    await poller.record(at(agent.port), out, None, keep_serials=True)
    assert "SN12345" in out.getvalue()
