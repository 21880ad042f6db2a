"""`python -m ronda` is `ronda`."""

from ronda.cli import main

main()
