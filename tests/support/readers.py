"""What readers of front matter see that sites really use: PyYAML with and without libyaml, three in JavaScript."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parents[1] / "js"
Seen = Mapping[str, Any]


def install() -> None:
    """Install the packages that package-lock.json pins, where they are not there yet."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed, so nothing in JavaScript can run: apt-get install nodejs npm")
    done = FOLDER / "node_modules" / ".package-lock.json"
    with open(FOLDER / "package-lock.json", "rb") as lock:  # two files of tests may want them at the same time
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists() or done.stat().st_mtime < (FOLDER / "package-lock.json").stat().st_mtime:
            _fetch()
            done.touch()


def _fetch() -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed, so the JavaScript packages cannot be fetched: apt-get install npm")
    words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(FOLDER)]
    try:
        made = subprocess.run(words, capture_output=True, text=True, check=False, timeout=180)
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not fetch the JavaScript packages within three minutes")
    if made.returncode:
        pytest.skip(f"npm cannot fetch the JavaScript packages: {made.stderr.strip()[-300:]}")


class Readers:
    """All readers; one long-lived node answers for those in JavaScript."""

    def __init__(self) -> None:
        self.node = subprocess.Popen(
            ["node", str(FOLDER / "read.js")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )

    def close(self) -> None:
        self.node.communicate()

    def __call__(self, text: str, front: str) -> dict[str, Seen | None]:
        """Give by reader the values of a file's front matter; None where the reader refuses it."""
        assert self.node.stdin is not None
        assert self.node.stdout is not None
        self.node.stdin.write(json.dumps({"text": text, "front": front}) + "\n")
        self.node.stdin.flush()
        loaders = {"PyYAML with libyaml": yaml.CSafeLoader, "PyYAML without": yaml.SafeLoader}
        seen = {name: _python(front, loader) for name, loader in loaders.items()}  # while node reads
        answer = json.loads(self.node.stdout.readline())
        seen |= {name: found and (found["values"] or {}) for name, found in answer.items()}
        return {name: values if isinstance(values, dict) else None for name, values in seen.items()}


def _python(front: str, loader: Any) -> Any:
    # A constructor of PyYAML may fail with any error: KeyError, ValueError, OverflowError, AttributeError …
    try:
        return _plain(yaml.load(front, Loader=loader) or {})
    except Exception:
        return None


_PLAIN: dict[type, Callable[[Any], Any]] = {
    dict: lambda value: {str(key): _plain(one) for key, one in value.items()},
    list: lambda value: [_plain(one) for one in value],
    float: repr,
}


def _plain(value: Any) -> Any:
    make = _PLAIN.get(type(value))
    return make(value) if make else value
