"""How much is tried: a little in ``make test``, all of it in ``make nightly``."""

from __future__ import annotations

import os

NIGHTLY = bool(os.environ.get("RECOMMENDER_NIGHTLY"))
# Generated cases of each property; RECOMMENDER_EXAMPLES sets any other number.
EXAMPLES = int(os.environ.get("RECOMMENDER_EXAMPLES", "50000" if NIGHTLY else "2000"))
