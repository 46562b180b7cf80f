"""What the tests have a cluster's workers do; they find it on their path."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence


def process_of(chunk: Sequence[int]) -> list[int]:
    """Give the process that did each item, after a while."""
    time.sleep(0.1)
    return [os.getpid() for _ in chunk]


def halves(chunk: Sequence[int]) -> list[float]:
    return [1 / number for number in chunk]


def end(chunk: Sequence[int]) -> list[int]:
    """End the worker, as the system does where memory runs out."""
    os._exit(9)
