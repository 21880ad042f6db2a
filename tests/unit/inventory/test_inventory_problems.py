# ruff: noqa: E501  (the cases are a table: one mistake a line)
"""Each mistake: its place, its words, its way out; and one mistake gives one message."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from topology.inventory import Level, Problem, read_inventory, read_inventory_file

GOOD = """\
version: 1
network: {name: Paser, timezone: Asia/Makassar, language: id}
vantage: core
hubs: [dkisp]
defaults: {snmp: public-lab}
credentials:
  - {id: public-lab, kind: snmp_v2c, community_env: COMMUNITY}
  - {id: noc-ssh, kind: ssh, user: noc, key_file: /k}
providers:
  - {id: icon, name: Icon+}
risk_groups:
  - {id: duct-kuaro, kind: duct}
offices:
  - {id: dkisp, kind: dinas}
  - {id: kuaro, kind: kecamatan, provider: icon}
  - {id: belengkong, connection: planned, target_date: 2027-03-31}
devices:
  - {id: core, office: dkisp, address: 10.0.0.1, role: core}
  - {id: kuaro-r1, office: kuaro, address: 10.0.0.2, snmp: public-lab}
  - {id: kuaro-r2, office: kuaro, address: 10.0.0.3}
links:
  - {id: trunk, a: {device: core, port: sfp1}, b: {device: kuaro-r1, port: sfp1}, medium: fiber, risk_groups: [duct-kuaro]}
  - {id: tail, a: {device: kuaro-r1, port: ether1}, b: {device: kuaro-r2, port: ether1}, capacity_bps: 1000}
applications:
  - {id: eb, hosted_at: core, used_by: [kuaro]}
"""


def problems_of(text: str) -> tuple[Problem, ...]:
    inventory, problems = read_inventory(text, "inv.yaml")
    assert (inventory is None) == any(p.level is Level.ERROR for p in problems)
    return problems


def test_the_base_of_these_tests_is_good() -> None:
    assert problems_of(GOOD) == ()


@dataclass(frozen=True)
class Case:
    """`old` becomes `new` in GOOD; exactly one problem is expected, at the text `at` of the changed file."""

    old: str
    new: str
    code: str
    at: str
    says: str
    hint: str = ""
    level: Level = Level.ERROR


CASES = {
    "unknown office, near one": Case("office: kuaro, address: 10.0.0.2", "office: kuarro, address: 10.0.0.2", "unknown-id", "kuarro", "unknown office 'kuarro'", "did you mean 'kuaro'?"),
    "unknown provider, none near": Case("provider: icon", "provider: zzz", "unknown-id", "zzz", "unknown provider 'zzz'", "declare it under providers"),
    "unknown risk group in a list": Case("[duct-kuaro]", "[duct-kuaroo]", "unknown-id", "duct-kuaroo", "unknown risk group", "did you mean 'duct-kuaro'?"),
    "unknown vantage": Case("vantage: core", "vantage: cor", "unknown-id", "cor\n", "unknown device 'cor'", "did you mean 'core'?"),
    "unknown hub": Case("hubs: [dkisp]", "hubs: [dksp]", "unknown-id", "dksp", "unknown office 'dksp'", "did you mean 'dkisp'?"),
    "unknown device at a link's end": Case("b: {device: kuaro-r2", "b: {device: kuaro-r9", "unknown-id", "kuaro-r9", "unknown device 'kuaro-r9'", "did you mean"),
    "unknown credential": Case("snmp: public-lab}\n  - {id: kuaro-r2", "snmp: public}\n  - {id: kuaro-r2", "unknown-id", "public}", "unknown credential", "did you mean 'public-lab'?"),
    "unknown office of an application": Case("used_by: [kuaro]", "used_by: [kwaro]", "unknown-id", "kwaro", "unknown office", "did you mean 'kuaro'?"),
    "unknown host of an application": Case("hosted_at: core", "hosted_at: kore", "unknown-id", "kore", "unknown device", "did you mean 'core'?"),
    "duplicate id": Case("{id: belengkong, ", "{id: kuaro, ", "duplicate-id", "kuaro, connection", "declared twice; the first is in line 15"),
    "link to itself": Case("b: {device: kuaro-r1, port: sfp1}", "b: {device: core, port: sfp2}", "self-link", "{id: trunk", "joins 'core' to itself"),
    "device without office": Case("{id: kuaro-r2, office: kuaro, ", "{id: kuaro-r2, ", "device-without-office", "{id: kuaro-r2", "has no office"),
    "active office without device": Case("connection: planned, ", "", "office-without-device", "belengkong", "no device", "connection: planned", Level.WARNING),
    "port used by two links": Case("port: ether1}, b:", "port: sfp1}, b:", "port-reused", "sfp1}, b: {device: kuaro-r2", "already used by the link in line 22"),
    "island": Case("b: {device: kuaro-r2", "b: {device: kuaro-r3", "island", "kuaro-r2, office", "no chain of links", "", Level.WARNING),
    "bad address": Case("10.0.0.2", "10.0.0.256", "bad-address", "10.0.0.256", "not an IPv4 address"),
    "an address with a prefix": Case("10.0.0.2", "10.0.0.2/24", "bad-address", "10.0.0.2/24", "bad address", "without a prefix length"),
    "bad port of an address": Case("10.0.0.2", '"10.0.0.2:99999"', "bad-address", '"10.0.0.2:99999"', "not a port"),
    "same address twice": Case("10.0.0.3", '"10.0.0.2:161"', "duplicate-address", '"10.0.0.2:161"', "device in line 19", "", Level.WARNING),
    "bad date": Case("2027-03-31", "31/03/2027", "bad-date", "31/03/2027", "not a date", "2027-03-31"),
    "a date that doesn't exist": Case("2027-03-31", "2027-02-30", "bad-date", "2027-02-30", "day is out of range"),
    "bad number": Case("capacity_bps: 1000", "capacity_bps: 1G", "bad-number", "1G", "not a whole number", "no unit"),
    "number out of range": Case("kind: kecamatan", "kind: kecamatan, priority: 5", "out-of-range", "5, provider", "priority has to be at most 4, not 5"),
    "latitude and longitude swapped": Case("{id: dkisp, ", "{id: dkisp, location: {latitude_deg: 116.1, longitude_deg: -1.9}, ", "out-of-range", "116.1", "at most 90", "swapped"),
    "infinite number": Case("capacity_bps: 1000", "length_m: .inf", "bad-number", ".inf", "not a number"),
    "unknown key, near one": Case("hosted_at: core", "hosted_at: core, name: x, urll: 'http://x'", "unknown-key", "urll", "unknown key 'urll'", "did you mean 'url'?"),
    "required key mistyped": Case("office: kuaro, address: 10.0.0.3", "ofice: kuaro, address: 10.0.0.3", "unknown-key", "ofice", "unknown key 'ofice'", "did you mean 'office'?"),
    "section mistyped": Case("devices:\n", "device:\n", "unknown-key", "device:\n", "unknown key 'device'", "did you mean 'devices'?"),
    "unknown key, none near": Case("kind: dinas", "kind: dinas, xyzzy: 1", "unknown-key", "xyzzy", "unknown key 'xyzzy'", "one of: id, name, kind"),
    "unknown enum value": Case("medium: fiber", "medium: fibre", "unknown-value", "fibre", "unknown medium 'fibre'", "did you mean 'fiber'?"),
    "unknown role": Case("role: core", "role: Router", "unknown-value", "Router", "unknown role", "one of: core, distribution"),
    "unknown stage": Case("connection: planned", "connection: Plan", "unknown-value", "Plan,", "unknown connection", "did you mean 'planned'?"),
    "unknown timezone": Case("Asia/Makassar", "Asia/Makasar", "unknown-timezone", "Asia/Makasar", "unknown timezone", "did you mean 'Asia/Makassar'?"),
    "unknown version": Case("version: 1", "version: 2", "unknown-version", "2\n", "version '2'", "version: 1"),
    "secret typed in": Case("community_env: COMMUNITY", "community: s3cret", "secret", "community: s3cret", "does not belong in this file", "community_env"),
    "secret typed in as a variable's name": Case("community_env: COMMUNITY", 'community_env: "s3cr3t!"', "secret", '"s3cr3t!"', "not the name of an environment variable"),
    "secret typed in at a device": Case("role: core}", "role: core, password: hunter2}", "secret", "password: hunter2", "does not belong", "password_env"),
    "credential lacks its community": Case(", community_env: COMMUNITY", "", "credential-incomplete", "{id: public-lab", "needs community_env or community_file"),
    "ssh lacks a key": Case(", key_file: /k", "", "credential-incomplete", "{id: noc-ssh", "needs key_file"),
    "v3 auth without key": Case("kind: ssh, user: noc, key_file: /k", "kind: snmp_v3, user: noc, auth: SHA256", "credential-incomplete", "SHA256", "auth needs auth_key_env"),
    "v3 priv without auth": Case("kind: ssh, user: noc, key_file: /k", "kind: snmp_v3, user: noc, priv: AES128, priv_key_env: P", "credential-incomplete", "AES128", "priv without auth"),
    "env and file for one secret": Case("community_env: COMMUNITY", "community_env: C, community_file: /c", "credential-conflict", "/c", "not both"),
    "ssh credential for snmp": Case("snmp: public-lab}\n  - {id: kuaro-r2", "snmp: noc-ssh}\n  - {id: kuaro-r2", "credential-kind", "noc-ssh}", "not for snmp"),
    "a field of another kind": Case("key_file: /k", "key_file: /k, context: x", "credential-field", "x}", "means nothing", "", Level.WARNING),
    "yaml key twice": Case("kind: dinas", "kind: dinas, kind: badan", "duplicate-key", "kind: badan", "written twice; the first is in line 14"),
    "light limits upside down": Case("medium: fiber", "rx_min_dbm: -3, rx_max_dbm: -23", "out-of-range", "-3,", "not below"),
    "monitored end without port": Case("{device: kuaro-r2, port: ether1}", "{device: kuaro-r2}", "port-left-out", "{device: kuaro-r2}", "names no port", "", Level.WARNING),
    "an end as text": Case("a: {device: core, port: sfp1}", "a: core", "wrong-shape", "core, b", "a has to be a mapping, not text"),
    "row as text": Case("  - {id: belengkong, connection: planned, target_date: 2027-03-31}", "  - belengkong", "wrong-shape", "belengkong", "mapping, not text"),
    "section as mapping": Case("  - {id: icon, name: Icon+}", "  icon: {name: Icon+}", "wrong-shape", "icon: {name", "has to be a list, not a mapping", "- {id:"),
    "missing id": Case("{id: belengkong, ", "{", "missing", "{connection: planned", "id is missing"),
    "missing section": Case(GOOD[GOOD.index("links:") : GOOD.index("applications:")], "", "missing", "version", "links is missing"),
    "empty id": Case("{id: belengkong, ", '{id: "", ', "bad-id", '"", ', "empty"),
    "bad url": Case("hosted_at: core", "hosted_at: core, url: e-budgeting/health", "bad-url", "e-budgeting/health", "not a web address", "http://"),
    "hub without device": Case("hubs: [dkisp]", "hubs: [dkisp, belengkong]", "hub-without-device", "belengkong, conn", "no office can reach it"),
    "address of a cloud": Case("{id: kuaro-r2, office: kuaro, ", "{id: kuaro-r2, role: cloud, ", "cloud-address", "10.0.0.3", "never polled", "", Level.WARNING),
    "tag": Case("kind: dinas", "kind: !foo dinas", "syntax", "!foo", "tag !foo"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_one_mistake_gives_one_message_at_its_place(name: str) -> None:
    case = CASES[name]
    assert GOOD.count(case.old) >= 1
    text = GOOD.replace(case.old, case.new, 1)
    if name == "island":
        text = GOOD[: GOOD.index("  - {id: tail")] + GOOD[GOOD.index("applications:") :]
    problems = problems_of(text)
    assert len(problems) == 1, [str(p) for p in problems]
    (problem,) = problems
    assert (problem.code, problem.level) == (case.code, case.level)
    assert case.says in problem.message
    assert case.hint in (problem.suggestion or "")
    line = text.splitlines(keepends=True)[problem.line - 1]
    assert line[problem.column - 1 :].startswith(case.at), (
        f"{problem} points at {line[problem.column - 1 :]!r}"
    )
    assert str(problem).startswith(f"inv.yaml:{problem.line}:{problem.column}: {problem.level}: ")


def test_no_message_repeats_a_secret() -> None:
    secrets = ("s3cret", "s3cr3t!", "hunter2")
    for case in CASES.values():
        if case.code == "secret":
            text = "\n".join(str(p) for p in problems_of(GOOD.replace(case.old, case.new, 1)))
            assert not any(s in text for s in secrets)


def test_ten_planted_mistakes_are_ten_messages_in_one_run() -> None:
    text = GOOD
    planted = [
        "unknown timezone", "unknown vantage", "secret typed in", "unknown provider, none near", "bad date",
        "bad address", "required key mistyped", "unknown risk group in a list", "unknown enum value",
        "bad number",
    ]  # fmt: skip
    for name in planted:
        assert CASES[name].old in text
        text = text.replace(CASES[name].old, CASES[name].new, 1)
    problems = problems_of(text)
    assert sorted(p.code for p in problems) == sorted(CASES[n].code for n in planted)
    assert [p.line for p in problems] == sorted(p.line for p in problems)


def test_two_mistakes_in_one_row_are_both_told() -> None:
    text = GOOD.replace(
        "{id: kuaro-r2, office: kuaro, address: 10.0.0.3}",
        "{id: kuaro-r2, office: kuarro, address: 10.0.0.999}",
    )
    assert [p.code for p in problems_of(text)] == ["unknown-id", "bad-address"]


def test_what_is_under_a_mistyped_key_is_checked_too() -> None:
    text = GOOD.replace("devices:\n", "device:\n").replace(
        "office: kuaro, address: 10.0.0.2", "office: kuarro, address: 10.0.0.2"
    )
    problems = problems_of(text)
    assert [p.code for p in problems] == ["unknown-key", "unknown-id"]
    assert problems[1].line == 19


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("", 0, 0, "empty"),
        ("# only a comment\n", 0, 0, "empty"),
        ("- a\n- b\n", 1, 1, "not a list"),
        ("just words", 1, 1, "not a single text"),
        ("a: b: c", 1, 5, "mapping values are not allowed"),
        ("a: 'x\n", 1, 4, "unexpected end"),
        ("a: {b: [1, 2}\n", 1, 13, "not valid YAML"),
        ("network:\n\tname: x\n", 2, 1, "cannot start any token"),
        ("a: 1\n---\nb: 1\n", 2, 1, "another document"),
        ("a: *nowhere\n", 1, 4, "undefined alias"),
        ("a: 1\nb: \x07\n", 2, 4, "control character"),
        ("a: &x [*x]\n", 1, 4, "contains itself"),
        ("a: " + "[" * 500 + "]" * 500, 1, 52, "nested more than 50 deep"),
        ("a: " + "[" * 100_000, 1, 52, "nested more than 50 deep"),
        ("? [a]\n: b\n", 1, 3, "plain word"),
    ],
)
def test_text_that_is_no_inventory_gives_one_message(text: str, line: int, column: int, says: str) -> None:
    inventory, problems = read_inventory(text, "inv.yaml")
    assert inventory is None
    (problem,) = problems
    assert problem.code in {"syntax", "unreadable"}
    assert says in problem.message
    if says:
        assert (problem.line, problem.column) == (line, column)


def test_an_alias_bomb_stops_early() -> None:
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    started = time.process_time()
    (problem,) = read_inventory("\n".join(lines), "bomb.yaml")[1]
    assert "aliases" in problem.message
    assert time.process_time() - started < 20
    merges = ["a0: &a0 {k: v}"] + [
        f"a{i}: &a{i} {{<<: [{','.join([f'*a{i - 1}'] * 10)}]}}" for i in range(1, 30)
    ]
    assert {p.code for p in read_inventory("\n".join(merges), "bomb.yaml")[1]} == {"unknown-key", "missing"}


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (problem,) = read_inventory_file(tmp_path / "none.yaml")[1]
    assert problem.code == "unreadable"
    assert "No such file" in problem.message
    (tmp_path / "latin.yaml").write_bytes("version: 1\nname: caf\xe9\n".encode("latin-1"))
    (problem,) = read_inventory_file(tmp_path / "latin.yaml")[1]
    assert (problem.code, problem.line, problem.column) == ("unreadable", 2, 10)
    (problem,) = read_inventory_file(tmp_path)[1]
    assert problem.code == "unreadable"
