"""Running programs in namespaces."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from lab.sockets import LabError

NETNS_DIR = "/run/netns"
"""Of the lab's own, private /run."""


def run(argv: Sequence[str], *, text: str | None = None, timeout_s: float = 60.0) -> str:
    """Standard output. Raises LabError with what the program said."""
    try:
        done = subprocess.run(
            argv, input=text, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise LabError(f"{' '.join(argv)}: not done after {timeout_s:g} s") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[-1500:]
        raise LabError(f"{' '.join(argv)}: status {done.returncode}: {said}")
    return done.stdout


def in_net(namespace: str, argv: Sequence[str]) -> list[str]:
    """The command line that runs `argv` in a network namespace of the lab."""
    return ["nsenter", f"--net={NETNS_DIR}/{namespace}", "--", *argv]


def ip_batch(namespace: str, lines: Sequence[str]) -> None:
    if lines:
        run(["ip", "-n", namespace, "-batch", "-"], text="\n".join(lines) + "\n")
