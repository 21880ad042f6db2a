"""Vendor knowledge as data: `profiles/*.yaml` read, and the choice of one for a device.

A profile is chosen by sysObjectID (longest prefix), then by sysDescr, else it is `generic`. It says which
standard parts to read, which private tables hold optics and sensors, in what units, and what to leave
alone. docs/profiles.md teaches how to write one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import yaml
from pydantic import ValidationError

from collector.profile_schema import Profile

GENERIC = "generic"
AUTO = "auto"


class ProfileError(ValueError):
    """Profiles that can't be used; the message lists every mistake with its file."""


@dataclass(frozen=True)
class Profiles:
    """All profiles, with `extends` already folded in."""

    by_name: Mapping[str, Profile]

    def __getitem__(self, name: str) -> Profile:
        return self.by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self.by_name

    def names(self) -> list[str]:
        return sorted(self.by_name)

    def choose(self, sys_object_id: str | None, sys_descr: str | None) -> Profile:
        """The profile for a device that says so of itself.

        The longest matching sysObjectID prefix decides; where several profiles have the same one (all of
        Cisco's systems do), sysDescr does, else `when_in_doubt`, else the one that the others extend.
        """
        best: list[Profile] = []
        best_length = 0
        for profile in self.by_name.values():
            for prefix in profile.match.sys_object_id:
                if sys_object_id and len(prefix) >= best_length and _under(sys_object_id, prefix):
                    best = [profile] if len(prefix) > best_length else [*best, profile]
                    best_length = len(prefix)
        described = [profile for profile in best or self._in_order() if profile.match.describes(sys_descr)]
        if described:
            return described[0]
        extended = {name for profile in best for name in profile.extends}
        base = [p for p in best if p.match.when_in_doubt] or [p for p in best if p.name in extended]
        return (base or best or [self.by_name[GENERIC]])[0]

    def trap_words(self) -> dict[str, str]:
        """What vendors' notifications mean, by OID, of all profiles: for `TrapListener(words=...)`."""
        return {oid: word for profile in self._in_order() for oid, word in profile.traps.items()}

    def _in_order(self) -> list[Profile]:
        return [self.by_name[name] for name in self.names()]


def _under(oid: str, prefix: str) -> bool:
    return oid == prefix or oid.startswith(prefix + ".")


def load_profiles(directory: Traversable | None = None) -> Profiles:
    """Reads every *.yaml there (the packaged ones by default). Raises ProfileError with all mistakes."""
    source = directory if directory is not None else resources.files("collector") / "profiles"
    raw: dict[str, dict[str, Any]] = {}
    mistakes: list[str] = []
    for file in sorted(source.iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".yaml"):
            continue
        try:
            document = yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader
        except yaml.YAMLError as error:
            mistakes.append(f"{file.name}: {error}")
            continue
        if not isinstance(document, dict):
            mistakes.append(f"{file.name}: not a mapping")
            continue
        if document.get("name") != file.name.removesuffix(".yaml"):
            mistakes.append(f"{file.name}: its name must be {file.name.removesuffix('.yaml')!r}")
            continue
        raw[str(document["name"])] = document
    single: dict[str, Profile] = {}
    for name, document in raw.items():
        try:
            single[name] = Profile.model_validate(document)
        except ValidationError as error:
            mistakes.extend(
                f"{name}.yaml: {'.'.join(map(str, e['loc'])) or 'profile'}: {e['msg']}"
                for e in error.errors()
            )
    if GENERIC not in single and not mistakes:
        mistakes.append(f"no {GENERIC}.yaml")
    folded: dict[str, Profile] = {}
    for name in single:
        try:
            folded[name] = _fold(name, single, ())
        except ProfileError as error:
            mistakes.append(str(error))
    if mistakes:
        raise ProfileError("\n".join(mistakes))
    return Profiles(folded)


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _fold(name: str, profiles: Mapping[str, Profile], seen: tuple[str, ...]) -> Profile:
    """A profile with what it extends in front. Matching is its own; everything else adds up."""
    own = profiles[name]
    if name in seen:
        raise ProfileError(f"{name}.yaml: extends itself by way of {' > '.join((*seen, name))}")
    for parent in own.extends:
        if parent not in profiles:
            raise ProfileError(f"{name}.yaml: extends {parent!r}, which does not exist")
    parents = [_fold(parent, profiles, (*seen, name)) for parent in own.extends]
    inherited = [part for profile in parents for part in profile.read if part not in set(profile.read_alone)]
    read = [part for part in (*inherited, *own.read, *own.read_alone) if part not in own.leave_out]
    repetitions = [p.max_repetitions for p in (own, *reversed(parents)) if p.max_repetitions is not None]
    return own.model_copy(
        update={
            "read": tuple(dict.fromkeys(read)),
            "avoid": tuple(dict.fromkeys(oid for p in (*parents, own) for oid in p.avoid)),
            "max_repetitions": repetitions[0] if repetitions else None,
            "optics": _joined(p.optics for p in (*parents, own)),
            "entity_optics": _joined(p.entity_optics for p in (*parents, own)),
            "sensors": tuple(sensor for p in (*parents, own) for sensor in p.sensors),
            "traps": {oid: text for p in (*parents, own) for oid, text in p.traps.items()},
            "lldp_beside": next((p.lldp_beside for p in (own, *reversed(parents)) if p.lldp_beside), None),
            "ssh": next((p.ssh for p in (own, *reversed(parents)) if p.ssh is not None), None),
        }
    )


def _joined(groups: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Tables of all, a later one taking the place of an earlier one of the same name."""
    tables: dict[str, Any] = {}
    for group in groups:
        for table in group:
            tables[table.name] = table
    return tuple(tables.values())
