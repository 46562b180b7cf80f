"""This checkout as git has it, elsewhere: what is built from it leaves nothing here."""

from __future__ import annotations

import subprocess
from pathlib import Path

from small_sites import ROOT


def copy_tracked(folder: Path) -> Path:
    """Copy the files that git tracks, as they are now, into a folder."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, tracked.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
            (folder / name).chmod((ROOT / name).stat().st_mode)
    return folder
