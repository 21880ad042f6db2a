"""`ronda status`: which applications can't be used, by how many, and for what reason."""

from __future__ import annotations

import httpx
import pytest

from ronda.commands.status_applications import ApplicationLine, applications_of, words_of
from topology.application_reach import Unusable
from topology.inventory import read_inventory
from topology.model import Inventory

INVENTORY = """\
version: 1
network: {{name: Uji, language: {language}}}
vantage: r1
hubs: [dkisp]
offices: [{{id: dkisp, name: DKISP, connection: active}}]
devices: [{{id: r1, office: dkisp}}]
links: []
"""


def network(language: str) -> Inventory:
    found, problems = read_inventory(INVENTORY.format(language=language), "inventory.yaml")
    assert found is not None, problems
    return found


def row(id_: str, unusable: dict[str, str]) -> dict[str, object]:
    lost = [{"office": office, "why": why} for office, why in unusable.items()]
    return {"id": id_, "name": id_.title(), "up": not unusable, "unusable": lost}


def server(pages: list[list[dict[str, object]]], status: int = 200) -> httpx.Client:
    def answer(request: httpx.Request) -> httpx.Response:
        here = int(request.url.params.get("cursor", "0"))
        more = str(here + 1) if here + 1 < len(pages) else None
        return httpx.Response(status, json={"items": pages[here], "next_cursor": more})

    return httpx.Client(base_url="http://ronda.example", transport=httpx.MockTransport(answer))


def test_every_page_is_read() -> None:
    with server([[row("surat", {"a": "host_cut"})], [row("gaji", {})]]) as http:
        found = applications_of(http)
    assert found is not None
    assert [(a.id, a.up, dict(a.unusable)) for a in found] == [
        ("surat", False, {"a": Unusable.HOST_CUT}),
        ("gaji", True, {}),
    ]


def test_who_may_not_see_them_is_told_nothing() -> None:
    with server([[]], status=403) as http:
        assert applications_of(http) is None


def test_a_reason_that_is_not_known_is_no_ronda() -> None:
    with server([[row("surat", {"a": "eaten"})]]) as http, pytest.raises(ValueError, match="eaten"):
        applications_of(http)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "id",
            "Surat [surat] tidak bisa dipakai 3 SKPD: "
            "kantornya sendiri putus (1), servernya tidak terjangkau (2)",
        ),
        (
            "en",
            "Surat [surat] can't be used by 3 offices: "
            "the office itself is cut off (1), its server can't be reached (2)",
        ),
    ],
)
def test_the_reasons_are_counted_and_what_works_is_not_named(language: str, said: str) -> None:
    lost = {"a": Unusable.HOST_CUT, "b": Unusable.OFFICE_CUT, "c": Unusable.HOST_CUT}
    lines = words_of(
        [ApplicationLine("gaji", "Gaji", True, {}), ApplicationLine("surat", "Surat", False, lost)],
        network(language),
    )
    assert lines == [said]
