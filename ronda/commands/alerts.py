"""`ronda alerts`: try a receiver out, see what waits or failed, send it again."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from alerts.channels.memory import ShortMemory
from alerts.delivery import Delivery
from alerts.message import compose_test
from alerts.model import Notification, Outcome, Reason, ReceiverId, Severity
from alerts.outbox import DELIVER_WITHIN_S, Channel
from ronda.build import storage_settings
from ronda.build_channels import Parts, build_channels
from ronda.clock import SystemClock
from ronda.commands.shared import FINE, TROUBLE, inventory_or_exit, settings_or_exit, stop_on_bad_input
from ronda.errors import BadInputError
from ronda.settings import Settings
from storage.records import Records, RecordsError
from storage.records.outbox import OutboxRow

app = typer.Typer(
    help="Receivers and messages: try one out, see what waits or failed.",
    no_args_is_help=True,
    add_completion=False,
)

SettingsOption = Annotated[Path | None, typer.Option("--settings", "-s", help="Settings file.")]


@app.command("test")
def try_out(
    receiver: Annotated[str, typer.Argument(help="The receiver's id, as the settings have it.")],
    settings: SettingsOption = None,
    inventory: Annotated[
        Path | None, typer.Option("--inventory", "-i", help="For the network's name and language.")
    ] = None,
) -> None:
    """Send a real test message by each of its channels, and say what the far end answered.

    Exit code: 0 every channel took it, 1 one did not, 2 no such receiver or a secret is missing.
    """
    chosen = settings_or_exit(settings, inventory=inventory)
    network = inventory_or_exit(chosen.inventory)
    clock = SystemClock()
    with stop_on_bad_input():
        known = [r.id for r in chosen.alerts.receivers]
        if receiver not in known:
            raise BadInputError(f"no receiver {receiver!r} in the settings (known: {', '.join(known)})")
        one = [r for r in chosen.alerts.receivers if r.id == receiver]
        only = chosen.alerts.model_copy(update={"receivers": one})
        parts = Parts(clock, ShortMemory(), language=network.network.language)
        channels = build_channels(only, os.environ, parts)[ReceiverId(receiver)]
    now = clock.now()
    message = compose_test(receiver, network, now, ZoneInfo(network.network.timezone))
    note = Notification(
        dedup_key=f"test/{receiver}/{now:%Y%m%dT%H%M%S%f}",
        receiver=ReceiverId(receiver),
        reason=Reason.TEST,
        incident=None,
        revision=0,
        severity=Severity.INFO,
        created_at=now,
        subject=message.subject,
        text=message.text,
        html=message.html,
        payload=dict(message.payload),
    )
    failed = False
    for name, channel in channels.items():
        delivery = asyncio.run(_try(channel, note))
        failed = failed or delivery.outcome is not Outcome.SENT
        typer.echo(f"{receiver}/{name}: {_said(delivery)}")
    raise typer.Exit(TROUBLE if failed else FINE)


async def _try(channel: Channel, note: Notification) -> Delivery:
    try:
        await channel.start()
        async with asyncio.timeout(DELIVER_WITHIN_S):
            return await channel.deliver(note)
    except TimeoutError:
        return Delivery(Outcome.RETRY, f"no end within {DELIVER_WITHIN_S:g} s")
    except OSError as error:  # a file of certificates that is none
        return Delivery(Outcome.FAILED, str(error))
    finally:
        await channel.stop()


def _said(delivery: Delivery) -> str:
    if delivery.outcome is Outcome.SENT:
        return f"sent. {delivery.answer or ''} {delivery.error or ''}".rstrip()
    later = " (may pass: it would be tried again)" if delivery.outcome is Outcome.RETRY else " (for good)"
    return f"not sent{later}: {delivery.error}"


@app.command()
def outbox(
    settings: SettingsOption = None,
    data_dir: Annotated[Path | None, typer.Option(help="Data directory, instead of the settings'.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most rows shown, the oldest first.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list on stdout.")] = False,
) -> None:
    """What waits to be sent and what failed, with the reason. Works while Ronda runs and while it doesn't.

    Exit code: 0 nothing failed, 1 something failed, 2 the records can't be read.
    """
    with _records(settings_or_exit(settings, data_dir=data_dir)) as records:
        rows = records.troubled_notifications(limit)
    if as_json:
        typer.echo(json.dumps([_as_json(row) for row in rows], ensure_ascii=False, indent=1))
    else:
        _show(rows)
    failed = any(row.notification.outcome is Outcome.FAILED for row in rows)
    raise typer.Exit(TROUBLE if failed else FINE)


@app.command()
def retry(
    keys: Annotated[
        list[str] | None, typer.Argument(help="Keys of failed messages, as `outbox` shows them; none: all.")
    ] = None,
    settings: SettingsOption = None,
    data_dir: Annotated[Path | None, typer.Option(help="Data directory, instead of the settings'.")] = None,
) -> None:
    """Send failed messages again, after what was wrong has been mended. A running Ronda takes them at once.

    What was overtaken meanwhile is dropped, as always. Exit code: 1 when none of those named had failed.
    """
    with _records(settings_or_exit(settings, data_dir=data_dir)) as records:
        count = records.requeue(SystemClock().now(), keys or None)
    typer.echo(f"{count} message{'s' if count != 1 else ''} will be tried again")
    raise typer.Exit(FINE if count or not keys else TROUBLE)


@contextmanager
def _records(settings: Settings) -> Iterator[Records]:
    with stop_on_bad_input():
        url = storage_settings(settings, os.environ).records
        records = Records(url)
        try:
            records.start()
            yield records
        except RecordsError as error:
            raise BadInputError(f"{error}. `ronda storage check` says what to do.") from error
        finally:
            records.stop()


def _show(rows: list[OutboxRow]) -> None:
    if not rows:
        typer.echo("Nothing waits, nothing failed.")
        return
    table = Table("state", "receiver", "message", "tries", "next try (UTC)", "why", "key")
    for row in rows:
        note = row.notification
        target = note.receiver + (f"/{note.channel}" if note.channel else "")
        due = "" if row.ended_at is not None else f"{row.due_at:%d-%m %H:%M:%S}"
        about = f"{note.reason.value}: {note.subject}"
        table.add_row(
            note.outcome.value, target, about, str(row.attempts), due, row.error or "", note.dedup_key
        )
    Console(markup=False, highlight=False).print(table)


def _as_json(row: OutboxRow) -> dict[str, object]:
    note = row.notification
    return {
        "key": note.dedup_key,
        "state": note.outcome.value,
        "receiver": note.receiver,
        "channel": note.channel or None,
        "incident": note.incident,
        "reason": note.reason.value,
        "severity": note.severity.value,
        "subject": note.subject,
        "created_at": note.created_at.isoformat(),
        "attempts": row.attempts,
        "due_at": row.due_at.isoformat() if row.ended_at is None else None,
        "ended_at": row.ended_at.isoformat() if row.ended_at is not None else None,
        "error": row.error,
    }
