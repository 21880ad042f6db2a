"""What each channel sends for each kind of message, to the letter, in both languages: `golden/LANGUAGE/*`.

After a change that is meant: RONDA_WRITE_GOLDEN=1 pytest tests/unit/alerts/test_message_goldens.py, and look
at the difference before committing it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts.channels.alertmanager import AlertmanagerChannel, AlertmanagerSettings
from alerts.channels.email import EmailChannel, EmailSettings
from alerts.channels.gateway import GatewayChannel, GatewaySettings
from alerts.channels.memory import ShortMemory
from alerts.channels.telegram import TelegramChannel, TelegramSettings
from alerts.channels.telegram_bot import WORDS, Chat, TelegramBot
from alerts.channels.webhook import body_of
from alerts.message import Message, compose, compose_digest, compose_test
from alerts.model import (
    AffectedOffice,
    ConditionKind,
    Hypothesis,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentStatus,
    Notification,
    Reason,
    ReceiverId,
    Severity,
)
from alerts.summary import summary_of
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

GOLDEN = Path(__file__).with_name("golden")
WRITE = os.environ.get("RONDA_WRITE_GOLDEN") == "1"
WITA = ZoneInfo("Asia/Makassar")
BEGAN = datetime(2026, 11, 21, 6, 5, 9, tzinfo=UTC)
NOW = BEGAN + timedelta(seconds=6)
LINK = Component(ComponentKind.LINK, "grogot-kuaro")
BOX = Component(ComponentKind.DEVICE, "kuaro-r1")


def network(language: Language) -> Inventory:
    """Two providers, names that HTML and mail headers stumble over, and fifteen villages behind Kuaro."""
    dkisp, kuaro = OfficeId("dkisp"), OfficeId("camat-kuaro")
    offices = {
        dkisp: Office(dkisp, "DKISP", OfficeKind.DINAS, location=Location(-1.905, 116.195)),
        kuaro: Office(
            kuaro, "Kantor Camat <Kuaro> & Sekitar", OfficeKind.KECAMATAN, location=Location(-1.85, 116.06)
        ),
    }
    for n in range(1, 16):
        id_ = OfficeId(f"desa-{n:02d}")
        offices[id_] = Office(id_, f"Desa {n:02d}", OfficeKind.DESA, provider=ProviderId("icon"))
    core, branch = DeviceId("dkisp-core"), DeviceId("kuaro-r1")
    icon, other = ProviderId("icon"), ProviderId("lain")
    ends = LinkEnd(core, "sfp1"), LinkEnd(branch, "sfp1")
    return Inventory(
        network=Network("Kabupaten Paser", language=language),
        vantages=(core,),
        hubs=(dkisp,),
        offices=offices,
        devices={core: Device(core, dkisp), branch: Device(branch, kuaro)},
        links={
            LinkId("grogot-kuaro"): Link(
                LinkId("grogot-kuaro"), *ends, Medium.FIBER, provider=icon, circuit_id="ICON-64-0012"
            ),
            LinkId("radio-kuaro"): Link(
                LinkId("radio-kuaro"), *ends, Medium.RADIO, provider=other, circuit_id="RAHASIA-7"
            ),
        },
        providers={
            icon: Provider(icon, "Icon+", contacts=(Contact("NOC Icon+", phone="+62 1"),)),
            other: Provider(other, "Penyedia Lain", contacts=(Contact("Meja Lain", phone="+62 2"),)),
        },
    )


CUT = Incident(
    id=IncidentId("R-261121-001"),
    kind=IncidentKind.OUTAGE,
    status=IncidentStatus.OPEN,
    severity=Severity.MAJOR,
    components=(LINK,),
    explains=(LINK, Component(ComponentKind.LINK, "radio-kuaro"), BOX),
    confidence=0.92,
    why="its far end is silent",
    began_at=BEGAN,
    opened_at=BEGAN,
    alternatives=(Hypothesis((BOX,), 0.08, ""),),
    offices=(
        AffectedOffice(OfficeId("camat-kuaro"), Connectivity.CUT, BEGAN),
        *(AffectedOffice(OfficeId(f"desa-{n:02d}"), Connectivity.CUT, BEGAN) for n in range(1, 16)),
    ),
    revision=2,
)
TAKEN = replace(
    CUT,
    status=IncidentStatus.ACKNOWLEDGED,
    acknowledged_by="Budi",
    acknowledged_at=NOW,
    assigned_to="Sari",
    ticket="INC-4711",
)
OVER = replace(TAKEN, status=IncidentStatus.RESOLVED, resolved_at=BEGAN + timedelta(seconds=192))
SPARE = replace(
    CUT,
    kind=IncidentKind.REDUNDANCY,
    severity=Severity.WARNING,
    offices=(AffectedOffice(OfficeId("camat-kuaro"), Connectivity.DEGRADED, BEGAN),),
)
PLAIN = replace(
    CUT, offices=(), explains=(BOX,), components=(BOX,), alternatives=(), severity=Severity.WARNING
)


def condition(kind: ConditionKind, *facts: tuple[str, str | float], on: Component = LINK) -> Incident:
    return replace(
        PLAIN, kind=IncidentKind.CONDITION, condition=kind, facts=facts, components=(on,), explains=(on,)
    )


@dataclass(frozen=True)
class Case:
    incident: Incident
    reason: Reason = Reason.OPENED
    audience: ProviderId | None = None
    after_s: float = 6.0


K = ConditionKind
CASES: dict[str, Case] = {
    "opened": Case(CUT),
    "opened-for-the-provider": Case(TAKEN, audience=ProviderId("icon")),
    "updated": Case(CUT, Reason.UPDATED, after_s=70),
    "acknowledged": Case(TAKEN, Reason.ACKNOWLEDGED, after_s=60),
    "unacknowledged": Case(CUT, Reason.UNACKNOWLEDGED, after_s=3600),
    "escalated": Case(CUT, Reason.ESCALATED, after_s=900),
    "repeated": Case(TAKEN, Reason.REPEATED, after_s=4 * 3600),
    "resolved": Case(OVER, Reason.RESOLVED),
    "reopened": Case(replace(CUT, reopened_at=BEGAN + timedelta(hours=1)), Reason.REOPENED, after_s=3660),
    "redundancy": Case(SPARE),
    "blind": Case(replace(PLAIN, kind=IncidentKind.BLIND, severity=Severity.CRITICAL)),
    "management": Case(replace(PLAIN, kind=IncidentKind.MANAGEMENT)),
    "flapping": Case(
        replace(
            CUT,
            kind=IncidentKind.FLAPPING,
            facts=(("returned", 6), ("flap_window_s", 1800.0), ("held_s", 600.0)),
        )
    ),
    "connected": Case(
        condition(K.OFFICE_CONNECTED, on=Component(ComponentKind.CONNECTION, "camat-kuaro")), Reason.CONNECTED
    ),
    "optical-low": Case(
        condition(
            K.OPTICAL_LOW,
            ("rx_dbm", -28.1),
            ("limit_dbm", -27.0),
            ("baseline_dbm", -21.4),
            ("place", "dkisp-core sfp1"),
        )
    ),
    "optical-high": Case(condition(K.OPTICAL_HIGH, ("rx_dbm", -1.0), ("limit_dbm", -3.0))),
    "optical-drop": Case(
        condition(K.OPTICAL_DROP, ("rx_dbm", -24.4), ("baseline_dbm", -21.4), ("drop_db", 3.0))
    ),
    "optical-trend": Case(
        condition(
            K.OPTICAL_TREND,
            ("rx_dbm", -25.0),
            ("limit_dbm", -27.0),
            ("days_left", 9.0),
            ("days_left_soonest", 6.0),
            ("days_left_latest", 14.0),
            ("slope_db_per_day", -0.22),
            ("days", 30.0),
        )
    ),
    "errors": Case(condition(K.ERRORS, ("errors_per_s", 12.34), ("limit_per_s", 1.0))),
    "utilisation": Case(
        condition(
            K.UTILISATION,
            ("used_ratio", 0.93),
            ("limit_ratio", 0.8),
            ("capacity_bps", 1e9),
            ("window_s", 3600.0),
        )
    ),
    "temperature": Case(condition(K.TEMPERATURE, ("temperature_c", 71.5), ("limit_c", 65.0), on=BOX)),
    "hardware": Case(condition(K.HARDWARE, ("part", "fan"), ("state", "failed"), on=BOX)),
    "on-battery": Case(condition(K.ON_BATTERY, ("state", "discharging"), on=BOX)),
    "battery-low": Case(condition(K.BATTERY_LOW, ("charge_ratio", 0.2), on=BOX)),
    "certificate": Case(
        condition(
            K.CERTIFICATE,
            ("days_left", 6.0),
            ("expires_at", "2026-11-27T00:00:00+00:00"),
            on=Component(ComponentKind.APPLICATION, "e-surat"),
        )
    ),
    "application-down": Case(
        condition(
            K.APPLICATION_DOWN,
            ("status_code", 503.0),
            ("offices", 27.0),
            on=Component(ComponentKind.APPLICATION, "e-surat"),
        )
    ),
    "config-changed": Case(
        condition(K.CONFIG_CHANGED, ("lines_added", 3.0), ("lines_removed", 1.0), ("who", "budi"), on=BOX)
    ),
    "discovery-mismatch": Case(condition(K.DISCOVERY_MISMATCH)),
    "monitor-unwell": Case(
        condition(K.MONITOR_UNWELL, ("part", "disk"), on=Component(ComponentKind.MONITOR, "disk"))
    ),
    "condition-over": Case(
        replace(
            condition(K.OPTICAL_LOW, ("rx_dbm", -22.0), ("limit_dbm", -27.0)),
            status=IncidentStatus.RESOLVED,
            resolved_at=BEGAN + timedelta(hours=2),
        ),
        Reason.RESOLVED,
    ),
}


class Fixed:
    def now(self) -> datetime:
        return NOW

    def monotonic_s(self) -> float:
        return 0.0


def written(name: str, language: Language) -> Message:
    case = CASES[name]
    return compose(
        case.incident,
        case.reason,
        network(language),
        BEGAN + timedelta(seconds=case.after_s),
        WITA,
        audience=case.audience,
        board_url="https://ronda.example",
    )


def note(message: Message, reason: Reason, incident: Incident | None) -> Notification:
    about = incident.id if incident else None
    return Notification(
        dedup_key=f"{about or reason}/2/{reason}/piket",
        receiver=ReceiverId("piket"),
        reason=reason,
        incident=about,
        revision=2,
        severity=incident.severity if incident else Severity.INFO,
        created_at=NOW,
        subject=message.subject,
        text=message.text,
        html=message.html,
        components=incident.components if incident else (),
        offices=tuple(o.office for o in incident.offices) if incident else (),
        payload=dict(message.payload),
    )


def hold(file: Path, text: str) -> None:
    """Equal to its golden file, or written there when that is asked for."""
    if WRITE:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    assert file.exists(), f"no {file.name}: RONDA_WRITE_GOLDEN=1 writes it"
    assert text == file.read_bytes().decode()


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", list(CASES))
def test_what_a_person_reads(name: str, language: Language) -> None:
    message = written(name, language)
    assert "message template" not in message.text
    hold(
        GOLDEN / language.value / f"{name}.txt",
        f"{message.subject}\n\n{message.text}\n\n--- HTML\n{message.html}\n",
    )


@pytest.mark.parametrize("language", list(Language))
def test_a_test_a_digest_and_a_summary(language: Language) -> None:
    known = network(language)
    folder = GOLDEN / language.value
    test = compose_test("piket", known, NOW, WITA)
    hold(folder / "test.txt", f"{test.subject}\n\n{test.text}\n\n--- HTML\n{test.html}\n")
    small = [SPARE, CASES["optical-low"].incident, CASES["condition-over"].incident]
    digest = compose_digest(
        small, known, NOW, WITA, since=BEGAN - timedelta(days=1), board_url="https://ronda.example"
    )
    hold(folder / "digest.txt", f"{digest.subject}\n\n{digest.text}\n\n--- HTML\n{digest.html}\n")
    held = [
        note(written(name, language), Reason.OPENED, CASES[name].incident) for name in ("opened", "blind")
    ]
    summary = summary_of(held, NOW, language)
    hold(folder / "summary.txt", f"{summary.subject}\n\n{summary.text}\n\n--- HTML\n{summary.html}\n")


def telegram(one: Notification, language: Language) -> str:
    bot = TelegramBot("1:x", "https://api.telegram.org", 5, ShortMemory(), None, WORDS[language])
    chat = Chat("telegram:piket", -1, frozenset(), polls=False)
    channel = TelegramChannel(TelegramSettings(-1, thread_id=4), bot, chat, ShortMemory())
    return _json(channel._message(one))


def mail(one: Notification, language: Language) -> str:
    settings = EmailSettings("mail.example", "Ronda <ronda@paser.example>", ("piket@paser.example",))
    return EmailChannel(settings, "piket", Fixed(), ShortMemory()).message(one).as_string()


def webhook(one: Notification, language: Language) -> str:
    return _json(body_of(one))


def alertmanager(one: Notification, language: Language) -> str:
    settings = AlertmanagerSettings("http://127.0.0.1:9093", labels={"site": "paser"})
    return _json(AlertmanagerChannel(settings, "noc", Fixed(), ShortMemory()).alert(one, NOW))


def gateway(one: Notification, language: Language) -> str:
    body = {"session": "default", "chatId": "628@c.us", "text": "{{ message }}"}
    return GatewayChannel(GatewaySettings("http://127.0.0.1", body)).body(one).decode() + "\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


CHANNELS: dict[str, Callable[[Notification, Language], str]] = {
    "telegram.json": telegram,
    "email.eml": mail,
    "webhook.json": webhook,
    "alertmanager.json": alertmanager,
    "gateway.json": gateway,
}


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("channel", list(CHANNELS))
@pytest.mark.parametrize("name", ["opened", "resolved"])
def test_what_a_channel_sends(name: str, channel: str, language: Language) -> None:
    case = CASES[name]
    text = CHANNELS[channel](note(written(name, language), case.reason, case.incident), language)
    hold(GOLDEN / language.value / f"{name}.{channel}", text)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", list(CASES))
def test_html_says_what_the_text_says(name: str, language: Language) -> None:
    import re

    message = written(name, language)
    shown = unescape(re.sub(r"<a href=\"([^\"]*)\">([^<]*)</a>", r"\2: \1", message.html))
    plain = re.sub(r"</?b>", "", re.sub(r"&lt;", "<", shown))
    assert re.sub(r"\s+", " ", plain) == re.sub(r"\s+", " ", message.text)
    assert len(message.subject) < 220


@pytest.mark.parametrize("language", list(Language))
def test_a_provider_reads_nothing_of_another_and_nothing_of_ours(language: Language) -> None:
    message = written("opened-for-the-provider", language)
    everything = message.subject + message.text + message.html + json.dumps(dict(message.payload))
    for hidden in (
        "Penyedia Lain",
        "RAHASIA-7",
        "Meja Lain",
        "+62 2",
        "Budi",
        "Sari",
        "ronda.example",
        "NOC Icon",
    ):
        assert hidden not in everything
    assert "ICON-64-0012" in message.text
    assert "INC-4711" in message.text
