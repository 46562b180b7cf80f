"""The steps of deploy/Dockerfile without docker: in a clean Debian root, mounted read-only, as its user.

The root is one that debootstrap made with the packages that the image installs. What install-service.sh makes comes
from outside, as it comes from another stage there.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from checkout import copy_tracked
from small_sites import ROOT

HINT = (
    "RECOMMENDER_CLEAN_ROOT names no clean Debian root; make one, as root: "
    "debootstrap --variant=minbase --include=python3 bookworm FOLDER"
)
# What debootstrap keeps and the image does not have: indexes and packages of apt.
_NOT_IN_THE_IMAGE = ("var/cache/apt", "var/lib/apt/lists")


@dataclass(frozen=True)
class Image:
    """The last stage of the Dockerfile: its variables, user, folder, entry point and health check."""

    root: Path
    service: Path
    variables: dict[str, str]
    user: str
    folder: str
    entry: list[str]
    check: list[str]

    def command(self, arguments: list[str], site: Path, **variables: str) -> list[str]:
        """Give the command that runs arguments in the image, with a site mounted as its folder, all read-only."""
        top = self.root
        steps = [
            f"mount --bind {top} {top}",
            f"mount --bind {self.service} {top}/opt/recommender",
            f"mount --bind {site} {top}{self.folder}",
            *(f"mount -o remount,ro,bind {top}{path}" for path in ("", "/opt/recommender", self.folder)),
            f"mount -t tmpfs tmpfs {top}/tmp",
            f"mount -t proc proc {top}/proc",
        ]
        given = [f"{name}={value}" for name, value in {**self.variables, **variables}.items()]
        inside = ["env", "-i", f"--chdir={self.folder}", "PATH=/usr/bin:/bin", *given, *arguments]
        last = shlex.join(["chroot", f"--userspec={self.user}", str(top), *inside])
        return ["unshare", "--mount", "sh", "-ec", "\n".join([*steps, f"exec {last}"])]

    def megabytes(self) -> float:
        """Give what the image's files take."""
        kept = [f"--exclude={top}" for top in (str(self.root / part) for part in _NOT_IN_THE_IMAGE)]
        sizes = subprocess.run(
            ["du", "-sk", *kept, str(self.root), str(self.service)], capture_output=True, text=True, check=True
        ).stdout
        return sum(int(line.split()[0]) for line in sizes.splitlines()) / 1024


def build(root: Path, folder: Path) -> Image:
    """Install the service into a folder, and read what the Dockerfile says of its last stage."""
    with tempfile.TemporaryDirectory() as source:
        script = copy_tracked(Path(source)) / "deploy" / "install-service.sh"
        subprocess.run([str(script), str(folder)], check=True)
    folder.chmod(0o755)
    python = f"usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    assert (root / python).exists(), f"{root} has no {python}: what is compiled for this Python does not load there"
    text = re.sub(r"\\\n\s*", "", (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8"))
    last = text[text.rindex("\nFROM ") :]
    found = dict(re.findall(r"^(ENV|USER|WORKDIR|ENTRYPOINT|HEALTHCHECK) (.*)$", last, re.MULTILINE))
    for mount in ("opt/recommender", found["WORKDIR"].lstrip("/")):
        (root / mount).mkdir(parents=True, exist_ok=True)
    variables = dict(pair.split("=", 1) for pair in shlex.split(found["ENV"]))
    check = json.loads(found["HEALTHCHECK"].partition("CMD ")[2])
    return Image(root, folder, variables, found["USER"], found["WORKDIR"], json.loads(found["ENTRYPOINT"]), check)
