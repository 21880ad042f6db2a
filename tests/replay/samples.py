"""Small made-up devices, one file a profile: what an agent says, and what must come out of it.

A sample lists its interfaces and its private rows; the standard rows around them (system group, ifTable,
ifXTable) are made here, alike for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.snmp.agent import Mib, load_snmprec

FOLDER = Path(__file__).parent / "samples"


@dataclass(frozen=True)
class Sample:
    path: Path
    data: dict[str, Any]

    @property
    def profile(self) -> str:
        return str(self.data["profile"])

    @property
    def expect(self) -> dict[str, Any]:
        return dict(self.data["expect"])

    def mib(self) -> Mib:
        return Mib(load_snmprec([*self._standard_rows(), *str(self.data.get("rows", "")).splitlines()]))

    def _standard_rows(self) -> list[str]:
        rows = [
            f"1.3.6.1.2.1.1.1.0|4|{self.data['sys_descr']}",
            f"1.3.6.1.2.1.1.2.0|6|{self.data['sys_object_id']}",
            "1.3.6.1.2.1.1.3.0|67|8640000",
            f"1.3.6.1.2.1.1.5.0|4|{self.path.stem}",
            "1.3.6.1.2.1.1.6.0|4|Tanah Grogot",
        ]
        for index, name in dict(self.data.get("interfaces", {})).items():
            table, extended = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
            rows += [
                f"{table}.2.{index}|4|{name}",
                f"{table}.3.{index}|2|6",
                f"{table}.7.{index}|2|1",
                f"{table}.8.{index}|2|1",
                f"{table}.9.{index}|67|1200",
                f"{table}.14.{index}|65|0",
                f"{table}.20.{index}|65|0",
                f"{extended}.1.{index}|4|{name}",
                f"{extended}.6.{index}|70|{int(index) * 1000}",
                f"{extended}.10.{index}|70|{int(index) * 2000}",
                f"{extended}.15.{index}|66|1000",
                f"{extended}.18.{index}|4|to the hub",
            ]
        return rows


def load_samples() -> list[Sample]:
    return [
        Sample(path, yaml.safe_load(path.read_text(encoding="utf-8")))
        for path in sorted(FOLDER.glob("*.yaml"))
    ]
