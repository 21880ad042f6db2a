"""What a person reads, to the letter, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.message import compose
from alerts.model import (
    AffectedOffice,
    Hypothesis,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentStatus,
    Reason,
    Severity,
)
from alerts.words import duration, moment
from topology.findings import Component, ComponentKind, Connectivity
from topology.model import (
    Contact,
    Device,
    DeviceId,
    Inventory,
    Language,
    Link,
    LinkEnd,
    LinkId,
    Location,
    Medium,
    Network,
    Office,
    OfficeId,
    OfficeKind,
    Provider,
    ProviderId,
)

WITA = ZoneInfo("Asia/Makassar")
BEGAN = datetime(2026, 11, 21, 6, 5, 9, tzinfo=UTC)
LINK = Component(ComponentKind.LINK, "grogot-kuaro")
POWER = Component(ComponentKind.DEVICE, "kuaro-r1")


def inventory(language: Language) -> Inventory:
    dkisp, kuaro = OfficeId("dkisp"), OfficeId("camat-kuaro")
    core, branch = DeviceId("dkisp-core"), DeviceId("kuaro-r1")
    return Inventory(
        network=Network("Kabupaten Paser", language=language),
        vantages=(core,),
        hubs=(dkisp,),
        offices={
            dkisp: Office(dkisp, "DKISP", OfficeKind.DINAS, location=Location(-1.905, 116.195)),
            kuaro: Office(
                kuaro, "Kantor Camat Kuaro", OfficeKind.KECAMATAN, location=Location(-1.85, 116.06)
            ),
        },
        devices={core: Device(core, dkisp), branch: Device(branch, kuaro)},
        links={
            LinkId("grogot-kuaro"): Link(
                LinkId("grogot-kuaro"),
                LinkEnd(core, "sfp1"),
                LinkEnd(branch, "sfp1"),
                Medium.FIBER,
                provider=ProviderId("icon"),
                circuit_id="ICON-64-0012",
            )
        },
        providers={
            ProviderId("icon"): Provider(
                ProviderId("icon"), "Icon+", contacts=(Contact("NOC Icon+", phone="+62 1"),)
            )
        },
    )


INCIDENT = Incident(
    id=IncidentId("R-261121-001"),
    kind=IncidentKind.OUTAGE,
    status=IncidentStatus.OPEN,
    severity=Severity.MAJOR,
    components=(LINK,),
    explains=(LINK, POWER),
    confidence=0.92,
    why="",
    began_at=BEGAN,
    opened_at=BEGAN,
    alternatives=(Hypothesis((POWER,), 0.08, ""),),
    offices=(AffectedOffice(OfficeId("camat-kuaro"), Connectivity.CUT, BEGAN),),
)

OPENED_ID = """\
SKPD putus (1): Kantor Camat Kuaro
Sejak 21-11-2026 14:05:09 WITA (6 detik).
Akar masalah: serat optik DKISP - Kantor Camat Kuaro [grogot-kuaro] (keyakinan 92 %)
Yang terlihat: 1 sambungan melapor putus, 1 perangkat diam.
Kemungkinan lain: kuaro-r1 (Kantor Camat Kuaro) (8 %)
Penyedia: Icon+, sirkit ICON-64-0012, hubungi NOC Icon+ +62 1
Peta: https://www.openstreetmap.org/?mlat=-1.87750&mlon=116.12750#map=13/-1.87750/116.12750
Insiden R-261121-001"""

RESOLVED_EN = """\
Offices that were cut off (1): Kantor Camat Kuaro
Restored at 21-11-2026 14:08:21 WITA after 3 min 12 s (since 21-11-2026 14:05:09 WITA).
Root cause: fiber DKISP - Kantor Camat Kuaro [grogot-kuaro] (confidence 92 %)
Seen: 1 link reports down, 1 device silent.
Provider: Icon+, circuit ICON-64-0012, call NOC Icon+ +62 1
Map: https://www.openstreetmap.org/?mlat=-1.87750&mlon=116.12750#map=13/-1.87750/116.12750
Incident R-261121-001"""


def test_opened_in_indonesian() -> None:
    now = BEGAN + timedelta(seconds=6)
    message = compose(INCIDENT, Reason.OPENED, inventory(Language.ID), now, WITA)
    assert message.subject == "PUTUS serat optik DKISP - Kantor Camat Kuaro [grogot-kuaro]: 1 SKPD putus"
    assert message.text == OPENED_ID


def test_resolved_in_english() -> None:
    ended = BEGAN + timedelta(seconds=192)
    done = replace(INCIDENT, status=IncidentStatus.RESOLVED, resolved_at=ended)
    message = compose(done, Reason.RESOLVED, inventory(Language.EN), ended, WITA)
    assert (
        message.subject
        == "RESTORED fiber DKISP - Kantor Camat Kuaro [grogot-kuaro]: 1 office back after 3 min 12 s"
    )
    assert message.text == RESOLVED_EN


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("kind", list(IncidentKind))
def test_every_kind_and_reason_makes_one_line_and_a_text(
    language: Language, reason: Reason, kind: IncidentKind
) -> None:
    incident = replace(INCIDENT, kind=kind, acknowledged_by="Budi", resolved_at=BEGAN)
    message = compose(incident, reason, inventory(language), BEGAN, WITA)
    assert message.subject
    assert "\n" not in message.subject
    assert "R-261121-001" in message.text
    assert "None" not in message.text + message.subject
    assert "message template" not in message.text
    assert message.html


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 detik"), (59.6, "1 menit"), (192, "3 menit 12 detik"), (90_061, "1 hari 1 jam"), (-5, "0 detik")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds, Language.ID) == text


def test_moments_are_local_and_name_their_zone() -> None:
    assert moment(BEGAN, WITA) == "21-11-2026 14:05:09 WITA"
    assert moment(BEGAN, ZoneInfo("Asia/Jakarta")) == "21-11-2026 13:05:09 WIB"
