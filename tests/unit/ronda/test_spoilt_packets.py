"""Packets on which the SNMP decoder panics: an error in the answer, and no memory spent on a backtrace."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading

LONG_LENGTH_THAT_ENDS = b"\x30\x82"


def test_a_panic_makes_no_backtrace() -> None:
    """Made, it would stay: tens of megabytes of debug information in the memory of a server."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
        agent.bind(("127.0.0.1", 0))

        def spoil() -> None:
            while True:
                try:
                    _, asker = agent.recvfrom(2000)
                    agent.sendto(LONG_LENGTH_THAT_ENDS, asker)
                except OSError:
                    return

        threading.Thread(target=spoil, daemon=True).start()
        argv = [sys.executable, "-m", "ronda", "poll", "127.0.0.1", "--port", str(agent.getsockname()[1])]
        done = subprocess.run(
            [*argv, "--community", "public", "--json"],
            env={**os.environ, "RUST_BACKTRACE": "1"},
            capture_output=True,
            timeout=120,
            check=False,
        )
    said = done.stderr.decode()
    assert "panicked" in said, said  # else this packet proves nothing any more
    assert "backtrace:" not in said
    assert b"unreadable answer" in done.stdout, done.stdout
