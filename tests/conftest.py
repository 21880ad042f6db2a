"""Property tests draw the same examples in every run, so that a failure is the change's and not the dice's.

RONDA_LONG=1 draws new ones each time: for hunting, by hand or at night.
"""

import os

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True)
settings.register_profile("hunting", derandomize=False)
settings.load_profile("hunting" if os.environ.get("RONDA_LONG") else "repeatable")
