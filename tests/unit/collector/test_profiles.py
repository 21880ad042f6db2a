"""Profiles: who gets which, how they add up, and every mistake named."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.plan import groups_of
from collector.profile import ProfileError, Profiles, load_profiles

GENERIC = "name: generic\ntitle: Any\nread: [system, interfaces, lldp]\n"


def write(folder: Path, **files: str) -> Path:
    (folder / "generic.yaml").write_text(GENERIC)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("sys_object_id", "sys_descr", "name"),
    [
        ("1.3.6.1.4.1.14988.1", "RouterOS RB5009", "mikrotik-routeros"),
        ("1.3.6.1.4.1.2011.2.23.291", "S5720 Huawei Versatile Routing Platform", "huawei-vrp"),
        ("1.3.6.1.4.1.2011.2.999", "Huawei Integrated Access Software", "huawei-smartax"),
        ("1.3.6.1.4.1.9.1.1208", "Cisco IOS Software, C2960X", "cisco-ios"),
        ("1.3.6.1.4.1.9.1.1208", None, "cisco-ios"),
        ("1.3.6.1.4.1.9.1.1639", "Cisco IOS XR Software (Cisco ASR9K Series)", "cisco-iosxr"),
        ("1.3.6.1.4.1.9.12.3.1.3.1812", "Cisco NX-OS(tm) nxos.9.3.10", "cisco-nxos"),
        ("1.3.6.1.4.1.9.6.1.1004.24.5", "CBS350", "cisco-sb"),
        ("1.3.6.1.4.1.8072.3.2.10", "Linux r1", "net-snmp"),
        (None, "Linux r1", "net-snmp"),
        ("1.3.6.1.4.1.99999", "RouterOS lookalike", "mikrotik-routeros"),
        ("1.3.6.1.4.1.149880.1", "unheard of", "generic"),
        (None, None, "generic"),
        ("", "", "generic"),
    ],
)
def test_who_gets_which(sys_object_id: str | None, sys_descr: str | None, name: str) -> None:
    assert load_profiles().choose(sys_object_id, sys_descr).name == name


def test_extending_adds_up_and_replaces_tables_of_the_same_name(tmp_path: Path) -> None:
    write(
        tmp_path,
        base="""
name: base
title: Base
extends: [generic]
avoid: [1.3.6.1.4.1.1.9]
max_repetitions: 20
optics:
  - {name: t, rx: {oid: 1.3.6.1.4.1.1.1}}
  - {name: u, rx: {oid: 1.3.6.1.4.1.1.2}}
""",
        child="""
name: child
title: Child
extends: [base]
read: [cdp]
leave_out: [lldp]
avoid: [1.3.6.1.4.1.1.8]
optics:
  - {name: t, rx: {oid: 1.3.6.1.4.1.1.7, unit: uw}}
""",
    )
    child = load_profiles(tmp_path)["child"]
    assert child.read == ("system", "interfaces", "cdp")
    assert child.avoid == ("1.3.6.1.4.1.1.9", "1.3.6.1.4.1.1.8")
    assert child.max_repetitions == 20
    assert [(t.name, t.rx.oid if t.rx else None) for t in child.optics] == [
        ("t", "1.3.6.1.4.1.1.7"),
        ("u", "1.3.6.1.4.1.1.2"),
    ]


def test_what_is_avoided_is_never_asked(tmp_path: Path) -> None:
    write(
        tmp_path,
        shy="name: shy\ntitle: Shy\nextends: [generic]\navoid: [1.3.6.1.2.1.31, 1.3.6.1.2.1.2.2.1.9]\n",
    )
    asked = {c.oid for g in groups_of(load_profiles(tmp_path)["shy"], 300) for c in g.columns}
    assert "1.3.6.1.2.1.2.2.1.8" in asked
    assert not any(oid.startswith("1.3.6.1.2.1.31.") for oid in asked)
    assert "1.3.6.1.2.1.2.2.1.9" not in asked


def test_every_mistake_is_named_with_its_file(tmp_path: Path) -> None:
    write(
        tmp_path,
        a="name: a\ntitle: A\noptics: [{name: t, rx: {oid: .1.3.6.1}}]\n",
        b="name: b\ntitle: B\nmatch: {sys_descr: ['(']}\n",
        c="name: c\ntitle: C\ncolour: red\n",
        d="name: other\ntitle: D\n",
        e="- not a mapping\n",
        f="name: f\ntitle: F\nextends: [nobody]\n",
        g="name: [unclosed\n",
        h="name: h\ntitle: H\noptics: [{name: t, index: [if_index, kind], rx: {oid: 1.3.6.1}}]\n",
        i="name: i\ntitle: I\noptics: [{name: t, rx: {oid: 1.3.6.1, quirk: magic}}]\n",
        j="name: j\ntitle: J\nextends: [k]\n",
        k="name: k\ntitle: K\nextends: [j]\n",
        m="name: m\ntitle: M\noptics: [{name: t}]\n",
    )
    with pytest.raises(ProfileError) as caught:
        load_profiles(tmp_path)
    text = str(caught.value)
    for name in "abcdefghijkm":
        assert f"{name}.yaml: " in text, name


def test_a_folder_without_generic_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileError):
        load_profiles(tmp_path)


def test_what_notifications_mean() -> None:
    words = load_profiles().trap_words()
    assert words["1.3.6.1.4.1.318.0.5"] == "ups_on_battery"
    assert words["1.3.6.1.4.1.9.9.91.2.0.1"] == "sensor_threshold"


def test_onu_tables_are_asked_seldom() -> None:
    profiles: Profiles = load_profiles()
    for name in ("huawei-smartax", "zte-zxa10", "vsol", "bdcom", "fiberhome", "cdata"):
        assert any(table.min_interval_s >= 3600 for table in profiles[name].optics), name
