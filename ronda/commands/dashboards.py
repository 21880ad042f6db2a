"""`ronda dashboards`: Grafana's dashboards, as files or straight into a running Grafana."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from dashboards import everything
from dashboards.publish import Api, Influx, PublishError, publish
from ronda.commands.shared import BAD_INPUT, TROUBLE

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Grafana dashboards: as files, or into a running Grafana.",
)


@app.command(name="export")
def export_files(
    directory: Annotated[Path, typer.Argument(help="Where to write the JSON files.")],
) -> None:
    """Write every dashboard as a JSON file."""
    try:
        written = everything.export(directory)
    except OSError as error:
        typer.secho(f"{directory}: {error.strerror}", err=True, fg=typer.colors.RED)
        raise typer.Exit(BAD_INPUT) from error
    for path in written:
        typer.echo(str(path))


@app.command(name="publish")
def publish_all(
    url: Annotated[str, typer.Option(help="Grafana's address.")] = "http://127.0.0.1:3000",
    token_env: Annotated[
        str, typer.Option(help="Environment variable with a Grafana service account token (role Admin).")
    ] = "GRAFANA_TOKEN",  # noqa: S107  # the name of a variable
    influx_url: Annotated[
        str | None,
        typer.Option(help="InfluxDB as Grafana reaches it; unset: that data source is left alone."),
    ] = None,
    influx_database: Annotated[str, typer.Option(help="Database (1.x, 3) or bucket (2.x).")] = "ronda",
    influx_user: Annotated[str | None, typer.Option(help="User name (1.x).")] = None,
    influx_password_env: Annotated[str | None, typer.Option(help="Variable with the password (1.x).")] = None,
    influx_token_env: Annotated[str | None, typer.Option(help="Variable with the token (2.x, 3).")] = None,
    api_url: Annotated[
        str | None, typer.Option(help="Ronda as Grafana reaches it; unset: that data source is left alone.")
    ] = None,
    api_token_env: Annotated[
        str | None, typer.Option(help="Variable with a viewer's token of Ronda.")
    ] = None,
) -> None:
    """Put folder, data sources, dashboards and home page into Grafana. Running it again changes nothing.

    Exit code: 0 done, 1 Grafana refused or can't be reached, 2 a secret is missing.
    """
    token = _secret(token_env)
    influx = (
        Influx(
            influx_url,
            influx_database,
            influx_user,
            influx_password_env and _secret(influx_password_env),
            influx_token_env and _secret(influx_token_env),
        )
        if influx_url
        else None
    )
    api = Api(api_url, api_token_env and _secret(api_token_env)) if api_url else None
    try:
        for line in publish(url, token, influx, api):
            typer.echo(line)
    except PublishError as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        raise typer.Exit(TROUBLE) from error


def _secret(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        typer.secho(f"the environment variable {name} is not set", err=True, fg=typer.colors.RED)
        raise typer.Exit(BAD_INPUT)
    return value
