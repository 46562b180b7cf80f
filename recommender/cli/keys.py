"""Keys of the terminal, each as it is pressed."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def keys_at_once() -> Iterator[bool]:
    """Have each key arrive without the return key, and say whether there is a terminal to draw on.

    Held all the time: click's getchar changes the mode for each key, and what is typed between two is lost.
    """
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    terminal = sys.stdin.isatty()
    try:
        import termios
        import tty
    except ImportError:  # Windows: each key needs the return key
        yield terminal
        return
    if not terminal:
        yield False
        return
    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    tty.setcbreak(number)
    try:
        yield True
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def next_key() -> str:
    """Read one key that is no white space; the end of the input quits, in a terminal Ctrl-D."""
    while True:
        key = sys.stdin.read(1)
        if not key.isspace():
            return "q" if key in ("", "\x04") else key
