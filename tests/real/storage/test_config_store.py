"""Configurations in a real git repository."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.configs import ConfigStore, ConfigStoreError
from topology.model import DeviceId

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
]
T0 = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
R1 = DeviceId("kuaro-d1")


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


@pytest.fixture
def store(tmp_path: Path) -> ConfigStore:
    store = ConfigStore(tmp_path / "configurations")
    store.start()
    return store


def test_every_change_is_a_commit(store: ConfigStore) -> None:
    first = store.save(R1, "hostname a\n", T0, summary="first copy")
    assert first is not None
    assert (first.first, first.lines_added, first.lines_removed) == (True, 1, 0)
    assert store.save(R1, "hostname a\n", at(1)) is None
    second = store.save(R1, "hostname b\nvlan 1\n", at(2), summary="hostname b", who="budi", planned=True)
    assert second is not None
    assert (second.lines_added, second.lines_removed) == (2, 1)
    assert store.changes(R1) == [second, first]
    assert store.changes(R1, since=at(1)) == [second]
    assert store.changes(R1, until=at(1)) == [first]
    assert store.text(R1) == "hostname b\nvlan 1\n"
    assert store.text(R1, first.commit) == "hostname a\n"
    assert store.devices() == {R1: second}


def test_differences(store: ConfigStore) -> None:
    first = store.save(R1, "a\nb\n", T0)
    store.save(DeviceId("other"), "x\n", at(1))
    second = store.save(R1, "a\nc\n", at(2))
    store.save(DeviceId("other"), "y\n", at(3))
    assert first is not None
    assert second is not None
    wanted = "--- kuaro-d1\n+++ kuaro-d1\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
    assert store.diff(R1) == wanted
    assert store.diff(R1, first.commit, second.commit) == wanted
    assert store.diff(R1, second.commit, first.commit) == wanted.replace("-b\n+c", "-c\n+b")
    assert store.diff(R1, second.commit) == ""
    assert store.diff(R1, None, first.commit) == "--- kuaro-d1\n+++ kuaro-d1\n@@ -0,0 +1,2 @@\n+a\n+b\n"
    assert store.diff(DeviceId("nobody")) is None


@pytest.mark.parametrize(
    "commit", ["HEAD", "main", "--all", "-p", "main~1", "$(id)", "0" * 40, "zz", "", "a" * 40]
)
def test_only_an_id_of_a_commit_is_taken(store: ConfigStore, commit: str) -> None:
    store.save(R1, "a\n", T0)
    store.save(R1, "b\n", at(1))
    assert store.text(R1, commit) is None
    assert store.diff(R1, commit) is None


@pytest.mark.parametrize(
    "name",
    [
        *("../../etc/passwd", "..", ".", ".git", "-rf", "a/b", "a\\b", "spasi di sini", "ünïcödé", "*"),
        *(":(glob)*", "con", "x" * 200, "é" * 200, "a\tb", "a%2Fb", "--output=x"),
    ],
)  # fmt: skip
def test_odd_names_stay_apart_and_inside(store: ConfigStore, name: str) -> None:
    store.save(R1, "mine\n", T0)
    store.save(DeviceId("a"), "a's\n", T0)
    change = store.save(DeviceId(name), "odd\n", at(1))
    assert change is not None
    assert store.text(DeviceId(name)) == "odd\n"
    assert store.text(R1) == "mine\n"
    assert set(store.devices()) == {R1, DeviceId("a"), DeviceId(name)}
    assert [c.device for c in store.changes(DeviceId(name))] == [name]
    assert sorted(p.name for p in store.directory.parent.iterdir()) == ["configurations"]
    copy = store.directory.parent / "copy"
    subprocess.run(["git", "clone", "-q", store.directory, copy], check=True)
    assert len(list(copy.glob("*.cfg"))) + len(list(copy.glob(".*.cfg"))) == 3


def test_words_of_devices_forge_nothing(store: ConfigStore) -> None:
    change = store.save(R1, "a\n", T0, summary="x\n\nDevice: other\nWho: admin", who="eve\nPlanned: yes")
    assert change is not None
    assert not change.planned
    (found,) = store.changes(R1)
    assert (found.device, found.planned) == (R1, False)
    assert found.who == "eve Planned: yes"


def test_no_hook_and_no_setting_of_the_user_takes_part(
    store: ConfigStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, trace = tmp_path / "home", tmp_path / "was-run"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[commit]\n gpgSign = true\n[user]\n name = Somebody\n[core]\n pager = false\n"
    )
    for name in ("post-commit", "reference-transaction", "pre-commit", "update", "post-update"):
        hook = store.directory / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {trace}\n")
        hook.chmod(0o755)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", f"touch {trace}")
    store.save(R1, "a\n", T0)
    store.save(R1, "b\n", at(1))
    assert store.diff(R1) is not None
    assert not trace.exists()
    monkeypatch.delenv("GIT_DIR")
    told = subprocess.run(
        ["git", f"--git-dir={store.directory}", "log", "-1", "--format=%an %ae %aI", "main"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout.strip() == "Ronda ronda@localhost 2026-11-21T07:00:00+00:00"


def test_locks_that_a_killed_process_left_are_in_nobodys_way(store: ConfigStore) -> None:
    store.save(R1, "a\n", T0)
    for left in ("refs/heads/main.lock", "HEAD.lock", "packed-refs.lock", "index.lock", "config.lock"):
        (store.directory / left).write_text("")
    assert store.save(R1, "b\n", at(1)) is not None
    assert store.text(R1) == "b\n"


def test_killed_at_any_moment_it_goes_on_with_what_was_whole(tmp_path: Path) -> None:
    directory = tmp_path / "configurations"
    program = textwrap.dedent("""
        import sys
        from datetime import UTC, datetime, timedelta
        from pathlib import Path
        from storage.configs import ConfigStore
        store = ConfigStore(Path(sys.argv[1]))
        store.start()
        for n in range(10_000):
            store.save("r1", f"line {n}\\n" * 50, datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=n))
            print(n, flush=True)
    """)
    for wait_s in (0.15, 0.4, 0.7):
        worker = subprocess.Popen(
            [sys.executable, "-c", program, str(directory)], stdout=subprocess.PIPE, text=True,
            cwd=Path(__file__).parents[3], start_new_session=True,
        )  # fmt: skip
        assert worker.stdout is not None
        worker.stdout.readline()
        time.sleep(wait_s)
        os.killpg(worker.pid, signal.SIGKILL)
        last = [*worker.stdout.read().split()]
        worker.wait()
        store = ConfigStore(directory)
        store.start()
        text = store.text(DeviceId("r1"))
        assert text is not None
        lines = set(text.splitlines())
        assert len(lines) == 1
        if last:
            assert int(lines.pop().split()[1]) >= int(last[-1])
        assert store.save(DeviceId("r1"), f"after {wait_s}\n", datetime(2027, 1, 1, tzinfo=UTC)) is not None
    subprocess.run(["git", f"--git-dir={directory}", "fsck", "--strict", "--no-dangling"], check=True)


def test_many_at_once(store: ConfigStore) -> None:
    names = [DeviceId(f"r{n}") for n in range(12)]
    with ThreadPoolExecutor(6) as pool:
        saved = list(pool.map(lambda n: another(store).save(n, f"{n}\n", T0), names))
    assert all(saved)
    assert set(store.devices()) == set(names)


def another(store: ConfigStore) -> ConfigStore:
    """As another process sees it."""
    other = ConfigStore(store.directory)
    other.start()
    return other


def test_without_git_the_reason_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigStoreError, match="not installed"):
        ConfigStore(tmp_path / "c", git="no-such-git").start()


def test_a_repository_that_was_damaged_says_so(store: ConfigStore) -> None:
    store.save(R1, "a\n", T0)
    shutil.rmtree(store.directory / "objects")
    with pytest.raises(ConfigStoreError, match="git"):
        store.save(R1, "b\n", at(1))


def test_packing_keeps_everything(store: ConfigStore) -> None:
    for n in range(5):
        store.save(R1, f"{n}\n", at(n))
    store.tidy()
    assert [c.at for c in store.changes(R1)] == [at(n) for n in (4, 3, 2, 1, 0)]
