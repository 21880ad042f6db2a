"""Where settings come from: a YAML file, and the environment over it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

from ronda.section import SettingsError
from ronda.settings_words import Where
from topology.inventory_problems import nearest
from topology.yaml_positions import DocumentError, read_document

ENV_PREFIX = "RONDA_"


def read_file(path: Path) -> dict[str, Any]:
    """Raises SettingsError, one line a problem."""
    try:
        text = path.read_text(encoding="utf-8")
        twice = read_document(text).duplicate_keys
        data = yaml.safe_load(text)
    except OSError as error:
        raise SettingsError(f"{path}: can't be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not UTF-8 text: byte 0x{error.object[error.start]:02x}") from error
    except DocumentError as error:
        more = f" ({error.suggestion})" if error.suggestion else ""
        raise SettingsError(
            f"{path}:{error.position.line}:{error.position.column}: {error.message}{more}"
        ) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f":{mark.line + 1}:{mark.column + 1}"
        raise SettingsError(f"{path}{where}: not valid YAML: {getattr(error, 'problem', error)}") from error
    if twice:
        raise SettingsError(
            "\n".join(
                f"{path}:{one.position.line}:{one.position.column}: {one.key} is written twice; "
                f"the first is in line {one.first.line}"
                for one in twice
            )
        )
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise SettingsError(f"{path}: expected a mapping of settings, found {type(data).__name__}")
    return data


def overlay(data: dict[str, Any], environ: Mapping[str, str], sections: Collection[str]) -> dict[Where, str]:
    """RONDA_API__PORT=9000 sets api.port. Only names of settings count: other RONDA_ variables are secrets
    that the inventory or the settings refer to. Which setting came from which variable. Raises
    SettingsError."""
    variables: dict[Where, str] = {}
    for name, value in environ.items():
        keys = _keys(name)
        if keys[0] not in sections:
            continue
        target = data
        for key in keys[:-1]:
            inner = target.setdefault(key, {})
            if not isinstance(inner, dict):
                raise SettingsError(f"environment {name}: {key} is not a section")
            target = inner
        try:
            target[keys[-1]] = yaml.safe_load(value) if value[:1] in ("[", "{") else value
        except yaml.YAMLError as error:
            words = " ".join(str(error).split())
            raise SettingsError(f"environment {name}: {words}") from error
        variables[keys] = name
    return variables


def misspelt(environ: Mapping[str, str], sections: Collection[str]) -> list[tuple[str, str]]:
    """(variable, what it was likely meant to be): those of the form RONDA_SECTION__KEY whose section there is
    not. A secret may have such a name, so it is no more than a doubt."""
    found = []
    for name in sorted(environ):
        keys = _keys(name)
        if len(keys) < 2 or keys[0] in sections:
            continue
        near = nearest(keys[0], sections)
        if near is not None:
            found.append((name, ENV_PREFIX + "__".join([near, *keys[1:]]).upper()))
    return found


def set_by(environ: Mapping[str, str], sections: Collection[str]) -> bool:
    """Whether the environment sets anything, or seems meant to."""
    return any(_keys(name)[0] in sections for name in environ) or bool(misspelt(environ, sections))


def _keys(name: str) -> tuple[str, ...]:
    """("",) for what is none of ours."""
    return tuple(name[len(ENV_PREFIX) :].lower().split("__")) if name.startswith(ENV_PREFIX) else ("",)
