"""Prove that two checkouts of the package give the same results: for commits that only move code.

    python tests/support/same_results.py BEFORE AFTER [SITE]

BEFORE and AFTER are checkouts; SITE is a folder of articles (default: the sample articles of AFTER). Each checkout runs
the same commands on copies of the site; compared are exit codes, printed texts and JSON, the arrays of the model, its
manifest (all but edition, version and date), what a fill writes, static files, and answers of the service. The stored
models of all formats are opened too. Prints what differs, and exits with 1 where anything does.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SETTINGS = "content: content\nmodel: model\n"
COMMANDS = {
    "audit": ["audit"],
    "audit --json": ["audit", "--json"],
    "build": ["build", "--json"],
    "evaluate": ["evaluate", "--json"],
    "disagreements": ["disagreements", "--json"],
    "export": ["export", "--limit", "20", "--output", "-"],
    "fill": ["fill"],
    "fill --mode empty": ["fill", "--mode", "empty", "--json"],
    "fill --mode regenerate": ["fill", "--mode", "regenerate"],
    "static files": ["export", "--format", "json-files", "out"],
    "fill --check": ["fill", "--check"],
    "wrong use": ["fill", "--check", "--write"],
    "unknown": ["related", "/no/such/page", "--json"],
    "write": ["fill", "--write", "--allow-no-vcs", "--json"],
    "audit after": ["audit", "--json"],
    "undo": ["undo", "--write", "--json"],
}
ASK = """
import json, sys
from recommender.service import create_app
from recommender.settings import find_settings
from pathlib import Path
client = create_app(Path("model"), find_settings(Path.cwd())).test_client()
for url in json.loads(sys.stdin.read()):
    for more in ("", "&limit=20", "&explain=true", "&min_score=0.2"):
        print(client.get(f"/v1/related?url={url}{more}").text)
    print(client.get(f"/v1/articles?query={url.rsplit('/', 1)[-1]}").text)
print(client.get("/v1/related?url=/no/such/page").json["detail"])
print(client.post("/v1/related", json={"title": "Why do stars shine?", "answer": "They fuse hydrogen."}).text)
"""


def main(before: Path, after: Path, site: Path) -> int:
    """Compare two checkouts, and give the exit code."""
    old, new = (results(checkout, site) for checkout in (before, after))
    different = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    for name in different:
        print(f"{name}: {short(old.get(name))} is now {short(new.get(name))}")
    print(f"{len(new) - len(different)} results are equal, {len(different)} differ")
    return 1 if different else 0


def results(checkout: Path, site: Path) -> dict[str, str]:
    """Run everything with one checkout, and give what came of it by name."""
    found: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as top:
        home = Path(top) / "home"
        (home / "content").parent.mkdir()
        shutil.copytree(site, home / "content")
        (home / "recommender.yml").write_text(SETTINGS, encoding="utf-8")
        for name, words in COMMANDS.items():
            done = run(checkout, home, ["-m", "recommender", *words])
            found[name] = f"{done.returncode} {plain(done.stdout)} {plain(done.stderr)}"
            found |= {f"{name}: {path}": digest for path, digest in written(home).items()}
        urls = [json.loads(line)["url"] for line in listed(checkout, home)][::12]
        found["answers"] = plain(run(checkout, home, ["-c", ASK], json.dumps(urls)).stdout)
    for model in sorted((checkout / "tests" / "models").iterdir()):
        code = f"from pathlib import Path\nfrom recommender.{home_of(checkout)} import load_model\n"
        done = run(
            checkout,
            checkout,
            ["-c", f"{code}print(load_model(Path({str(model.relative_to(checkout))!r})).catalogue.urls.all())"],
        )
        found[f"stored {model.name}"] = plain(done.stdout or done.stderr.strip().rpartition("\n")[2].partition(": ")[2])
    return found


def home_of(checkout: Path) -> str:
    """Give the module that opens models: it has moved once."""
    return "model.store" if (checkout / "recommender" / "model").is_dir() else "store"


def listed(checkout: Path, home: Path) -> list[str]:
    """Give the lines of an export."""
    return run(checkout, home, ["-m", "recommender", *COMMANDS["export"]]).stdout.splitlines()


def run(checkout: Path, folder: Path, words: list[str], given: str = "") -> subprocess.CompletedProcess[str]:
    """Run Python in a folder with the package of a checkout."""
    surroundings = {
        **os.environ,
        "PYTHONPATH": str(checkout),
        "XDG_STATE_HOME": str(folder / "state"),
        "SOURCE_DATE_EPOCH": "1764288000",
    }
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=surroundings, input=given, capture_output=True, text=True, check=False
    )


def written(home: Path) -> dict[str, str]:
    """Give a digest of every file, of a manifest without what every build and every code has of its own."""
    found = {}
    for path in sorted(path for path in home.rglob("*") if path.is_file()):
        data = path.read_bytes()
        name = str(path.relative_to(home))
        if path.name == "manifest.json":
            values = json.loads(data)
            values = {key: value for key, value in values.items() if key not in ("created_with", "version", "built_at")}
            data = json.dumps(values).encode()
        elif path.name in ("index.npz", "_index.json") or name.startswith("state") or path.suffix == ".lock":
            continue  # of one code and one moment
        found[re.sub(r"model/[0-9a-f]{32}/", "model/", name)] = hashlib.sha256(data).hexdigest()
    return found


def plain(text: str) -> str:
    """Take out of a text what differs from run to run: folders, versions, dates."""
    text = re.sub(r"/\S*?/home(?=[/\s:;,]|$)", "HOME", text)
    text = re.sub(r"\b[0-9a-f]{32}\b", "VERSION", text)
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "DATE", text)


def short(text: str | None) -> str:
    """Cut a long result."""
    return "missing" if text is None else text if len(text) < 200 else f"{text[:200]}…"


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    checkouts = [Path(word).resolve() for word in sys.argv[1:3]]
    sys.exit(main(*checkouts, Path(sys.argv[3]).resolve() if sys.argv[3:] else checkouts[1] / "data" / "articles"))
