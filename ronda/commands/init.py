"""`ronda init`: the first set-up. Asks, checks each answer at once, tries one device, writes the files."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import httpx
import typer

from collector.icmp import Prober, ProberSettings, ProbeTarget, WireNotAllowedError
from collector.poll import Poller
from collector.profile import load_profiles
from collector.secrets import CommunitySecret, SecretError, UsmSecret, checked_usm
from collector.settings import PollSettings
from ronda import first_setup as setup
from ronda.clock import SystemClock
from ronda.commands.poll_ssh import split_target
from ronda.commands.shared import BAD_INPUT, TROUBLE
from ronda.errors import BadInputError
from topology.model import Address, CredentialId, Device, DeviceId
from topology.observations import Neighbor, PortStatus, SystemInfo

SNMP = CredentialId("snmp")
REACH_S = 5.0


def init(
    directory: Annotated[Path, typer.Argument(help="Where to write the files.")] = Path(),
    network: Annotated[str | None, typer.Option(help="Name of the network.")] = None,
    timezone: Annotated[str | None, typer.Option(help="For pages, messages and months.")] = None,
    language: Annotated[str | None, typer.Option(help="id or en.")] = None,
    office: Annotated[str | None, typer.Option(help="Name of the office where this machine stands.")] = None,
    device: Annotated[str | None, typer.Option(help="Name of the device it is plugged into.")] = None,
    address: Annotated[str | None, typer.Option(help="Its address: host or host:port.")] = None,
    snmp_user: Annotated[str | None, typer.Option(help="SNMPv3 user; without it, version 2c.")] = None,
    auth: Annotated[str, typer.Option(help="SNMPv3: SHA256, SHA1, MD5, ...")] = "SHA256",
    priv: Annotated[str, typer.Option(help="SNMPv3: AES128, AES256, DES.")] = "AES128",
    influx_url: Annotated[str | None, typer.Option(help="InfluxDB; unset: the embedded store.")] = None,
    influx_database: Annotated[str, typer.Option(help="Database or bucket.")] = "ronda",
    telegram_chat: Annotated[str | None, typer.Option(help="Chat that is told.")] = None,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Ask nothing: take options, defaults, and secrets from the environment."),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace files that are there; they are kept as .bak.")
    ] = False,
) -> None:
    """Set up Ronda for your network: inventory.yaml, ronda.yaml and secrets.env.

    Each answer is checked at once, and the first device is asked for real. With --yes secrets are read from
    RONDA_SNMP_COMMUNITY (or RONDA_V3_AUTH and RONDA_V3_PRIV), RONDA_INFLUX_TOKEN, RONDA_TELEGRAM_TOKEN and
    RONDA_WEBHOOK_URL.

    Exit code: 0 written, 1 written but the device did not answer, 2 bad input or files are there already.
    """
    there = [n for n in ("inventory.yaml", "ronda.yaml", setup.SECRETS_FILE) if (directory / n).exists()]
    if there and not force:
        _stop(f"{directory}: {', '.join(there)} is there already; --force replaces it")
    ask = _Asker(yes)
    try:
        name = ask.text("Name of the network", network, "Kabupaten Paser")
        zone = ask.text("Time zone", timezone, "Asia/Makassar", setup.checked_timezone)
        tongue = ask.text("Language of messages (id, en)", language, "id", setup.checked_language)
        place = ask.text("Office where this machine stands", office, "DKISP")
        box = ask.text("Device that it is plugged into", device, f"{setup.slug(place)}-core")
        where, snmp, answered = _first_device(ask, address, snmp_user, auth, priv)
        influx = ask.optional("InfluxDB's URL (empty: embedded store)", influx_url, _influx_answers(ask))
        chat = ask.optional("Telegram chat id to be told (empty: none)", telegram_chat)
        answers = setup.Answers(
            name, zone, tongue, place, box, where, snmp,
            influx_url=influx,
            influx_database=influx_database,
            influx_token=ask.secret("InfluxDB token (empty: none)", setup.INFLUX_TOKEN) if influx else None,
            telegram_chat=chat,
            telegram_token=ask.secret("Telegram bot token", setup.TELEGRAM_TOKEN) if chat else None,
            webhook_url=os.environ.get(setup.WEBHOOK_URL) if yes else None,
        )  # fmt: skip
        texts = setup.files(answers)
    except BadInputError as error:
        _stop(str(error))
    kept = _write(directory, texts)
    typer.echo(f"written: {', '.join(str(directory / n) for n in texts)}")
    if kept:
        typer.echo(f"as it was: {', '.join(map(str, kept))}")
    typer.echo(_next(directory, setup.slug(box)))
    if not answered:
        raise typer.Exit(TROUBLE)


class _Asker:
    """Asks until the answer is good; with --yes takes what is given, and never asks."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet

    def text(
        self, what: str, given: str | None, default: str | None, check: Callable[[str], str] = str
    ) -> str:
        """Raises BadInputError when it may not ask and nothing good is given."""
        if given is not None:
            return check(given)
        if self.quiet:
            if default is None:
                raise BadInputError(f"{what}: needed with --yes; see `ronda init --help`")
            return check(default)
        while True:
            try:
                return check(typer.prompt(what, default=default).strip())
            except BadInputError as error:
                typer.secho(str(error), err=True, fg=typer.colors.RED)

    def optional(self, what: str, given: str | None, check: Callable[[str], str] = str) -> str | None:
        if given is not None or self.quiet:
            return None if given is None else check(given)
        return self.text(what, None, "", lambda text: check(text) if text else "") or None

    def secret(self, what: str, variable: str) -> str | None:
        """From the environment, else hidden at the prompt."""
        if held := os.environ.get(variable):
            return held
        if self.quiet:
            return None
        return typer.prompt(what, default="", hide_input=True, show_default=False).strip() or None

    def again(self, what: str) -> bool:
        return not self.quiet and typer.confirm(what, default=True)


def _first_device(
    ask: _Asker, address: str | None, user: str | None, auth: str, priv: str
) -> tuple[str, setup.SnmpAnswer, bool]:
    """(address, how it is asked, whether it answered)."""
    while True:
        where = ask.text("Its address", address, None, setup.checked_address)
        typer.echo(f"  {asyncio.run(_echo(where))}")
        snmp = _snmp(ask, user, auth, priv)
        words, fine = asyncio.run(_try(where, snmp))
        typer.secho(f"  {words}", fg=typer.colors.GREEN if fine else typer.colors.RED)
        if fine or not ask.again("Try again with other answers?"):
            return where, snmp, fine
        address = user = None


def _snmp(ask: _Asker, user: str | None, auth: str, priv: str) -> setup.SnmpAnswer:
    named = ask.optional("SNMPv3 user (empty: version 2c)", user)
    if named is None:
        return setup.SnmpAnswer(community=ask.secret("SNMP community", setup.COMMUNITY) or "public")
    auth_key = ask.secret("Authentication pass phrase (empty: none)", setup.AUTH)
    priv_key = ask.secret("Privacy pass phrase (empty: none)", setup.PRIV) if auth_key else None
    return setup.SnmpAnswer(user=named, auth=auth, auth_key=auth_key, priv=priv, priv_key=priv_key)


async def _echo(address: str) -> str:
    """What one echo request brought, in words."""
    clock = SystemClock()
    prober = Prober(ProberSettings(), clock)
    try:
        await prober.start()
    except WireNotAllowedError as error:
        return f"echo can't be tried: {error}"
    try:
        host, port = split_target(address)
        target = ProbeTarget(DeviceId("first"), Address(host, port))
        (seen,) = await prober.probe([target], timeout_s=2.0)
    finally:
        await prober.stop()
    if seen.answered and seen.rtt_s is not None:
        return f"echo: answered in {seen.rtt_s * 1000:.1f} ms"
    return "echo: no answer (unknown name, not reachable, or ICMP is filtered)"


async def _try(address: str, snmp: setup.SnmpAnswer) -> tuple[str, bool]:
    """Poll it once: what it is, or why not."""
    try:
        secret: CommunitySecret | UsmSecret
        if snmp.user is None:
            secret = CommunitySecret(SNMP, "2c", snmp.community or "public")
        else:
            auth, priv = (snmp.auth if snmp.auth_key else None), (snmp.priv if snmp.priv_key else None)
            secret = checked_usm(UsmSecret(SNMP, snmp.user, auth, snmp.auth_key, priv, snmp.priv_key, None))
    except SecretError as error:
        return str(error), False
    host, port = split_target(address)
    device = Device(DeviceId("first"), None, Address(host, port), snmp=(SNMP,))
    poller = Poller(
        {}, load_profiles(), SystemClock(), settings=PollSettings(timeout_s=2.0), secrets={SNMP: secret}
    )
    await poller.start()
    try:
        result = await poller.poll(device, deadline_s=20.0)
    finally:
        await poller.stop()
    info = next((o for o in result.observations if isinstance(o, SystemInfo)), None)
    if info is None or info.sys_name is None:
        why = "; ".join(e.message for e in result.errors) or "no answer"
        return f"SNMP: {why}", False
    ports = sum(isinstance(o, PortStatus) for o in result.observations)
    near = sum(isinstance(o, Neighbor) for o in result.observations)
    return f"SNMP: {info.sys_name}, profile {info.profile}, {ports} ports, {near} neighbours", True


def _influx_answers(ask: _Asker) -> Callable[[str], str]:
    def check(text: str) -> str:
        url = setup.checked_url(text)
        try:
            answer = httpx.get(f"{url}/ping", timeout=REACH_S, trust_env=False)
            version = answer.headers.get("X-Influxdb-Version", "of unknown version")
        except httpx.HTTPError as error:
            if ask.quiet:
                typer.secho(f"  {url} does not answer yet: {error}", err=True, fg=typer.colors.YELLOW)
                return url
            raise BadInputError(f"{url} does not answer: {error}") from error
        typer.echo(f"  InfluxDB {version} answers")
        return url

    return check


def _write(directory: Path, texts: Mapping[str, str]) -> list[Path]:
    """All of them or none. What was there before is kept beside it as NAME.bak; those are given back."""
    new: dict[Path, Path] = {}
    kept: list[Path] = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            path = directory / name
            new[path] = directory / f".{name}.new"
            _write_one(new[path], text, 0o600 if name == setup.SECRETS_FILE else 0o644)
        for path, fresh in new.items():
            if path.exists():
                kept.append(path.with_name(f"{path.name}.bak"))
                path.replace(kept[-1])
            fresh.replace(path)
    except OSError as error:
        for fresh in new.values():
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
        _stop(f"{directory}: {error.strerror}")
    return kept


def _write_one(path: Path, text: str, mode: int) -> None:
    """Raises OSError."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


def _next(directory: Path, device: str) -> str:
    """The commands that follow, as they can be typed here."""
    ronda = "ronda" if shutil.which("ronda") else shlex.quote(str(Path(sys.argv[0]).absolute()))
    cd = "" if directory.resolve() == Path.cwd() else f"  cd {shlex.quote(str(directory))}\n"
    steps = (
        ("check", "the inventory"),
        (f"discover --from {device} --write", "what its neighbours tell, into the inventory"),
        ("doctor", "is everything in place"),
        ("serve", "then open http://127.0.0.1:8064"),
    )
    wide = max(len(command) for command, _ in steps)
    lines = [f"  {ronda} {command:<{wide}}   # {why}" for command, why in steps]
    return f"\nnext:\n{cd}  set -a; . ./{setup.SECRETS_FILE}; set +a\n" + "\n".join(lines)


def _stop(words: str) -> NoReturn:
    typer.secho(words, err=True, fg=typer.colors.RED)
    raise typer.Exit(BAD_INPUT)
