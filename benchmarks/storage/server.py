"""Debian's influxd on a free loopback port, in a directory that goes away."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def influxd() -> Iterator[str | None]:
    """Its URL; ``None`` when it is not installed."""
    if shutil.which("influxd") is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="ronda-bench-") as directory:
        port = free_port()
        config = Path(directory) / "influxdb.conf"
        config.write_text(
            f'reporting-disabled = true\nbind-address = "127.0.0.1:{free_port()}"\n'
            f'[meta]\ndir = "{directory}/meta"\n'
            f'[data]\ndir = "{directory}/data"\nwal-dir = "{directory}/wal"\nquery-log-enabled = false\n'
            f'[http]\nbind-address = "127.0.0.1:{port}"\nlog-enabled = false\n'
            '[monitor]\nstore-enabled = false\n[logging]\nlevel = "error"\n'
        )
        process = subprocess.Popen(
            ["influxd", "run", "-config", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        url = f"http://127.0.0.1:{port}"
        try:
            until = time.monotonic() + 30
            while time.monotonic() < until:
                with contextlib.suppress(httpx.HTTPError):
                    if httpx.get(f"{url}/ping", timeout=2).status_code == 204:
                        break
                time.sleep(0.05)
            yield url
        finally:
            process.kill()
            process.wait(30)
