"""The pages built as a site."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pages import DOCS, PAGES, README
from small_sites import ROOT


@pytest.mark.skipif(not importlib.util.find_spec("mkdocs"), reason="mkdocs is not installed: pip install '.[docs]'")
def test_the_site_is_built_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    arguments = ["-m", "mkdocs", "build", "--strict", "--config-file", ROOT / "mkdocs.yml", "--site-dir", tmp_path]
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for page in PAGES:
        if page != README:
            built = (tmp_path / page.relative_to(DOCS)).with_suffix(".html").read_text(encoding="utf-8")
            assert not re.findall(r"<(?:script|img|link)[^>]* (?:src|href)=\"?https?:[^>]*>", built)
    assert not (tmp_path / "generate.py").exists()
