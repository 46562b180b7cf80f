"""A site by its last build: the same as read whole, where it is read whole; only files that name a page are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from small_sites import article, link, write_files

from recommender.build import read_cache
from recommender.build.known_reads import read_known
from recommender.build.site_build import build_site
from recommender.settings import Settings
from recommender.site.corpus import corpus_of, read_corpus
from recommender.site.pages_before import names_of


def test_what_names_a_page_is_read_whole_and_the_rest_as_it_was_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_cache, "RACY", 0)  # the files are younger than two seconds
    root = write_files(
        tmp_path / "content",
        {
            "old-page.md": article("old-page"),
            "by-url.md": article("by-url", link(1, "old-page")),
            "by-id.md": article("by-id", link(1, "old-page", url="/gone", identity="777")),
            "in-text.md": article("in-text", body="See [it](/OLD%2dPAGE/#part)."),
            "others.md": article("others", link(1, "by-url")),
            "broken.md": "---\ntitle: [\n---\n",
        },
    )
    model = tmp_path / "model"
    build_site(root, Settings(), model)
    whole = read_corpus(root, Settings())
    (page,) = [one for one in whole.articles if one.url == "/old-page"]
    names = names_of([replace(page, id="777")], Settings())
    site, read = read_known(root, Settings(), model, [], lambda now: names)
    assert read == {"old-page.md", "by-url.md", "by-id.md", "in-text.md"}
    known = corpus_of(site)
    assert known.problems == whole.problems
    assert known.digest == whole.digest
    pairs = list(zip(known.articles, whole.articles, strict=True))
    assert [own for own, _ in pairs if own.path in read] == [full for own, full in pairs if own.path in read]
    assert all((own.url, own.path, own.mentions) == (full.url, full.path, full.mentions) for own, full in pairs)
    assert read_known(root, Settings(), model, ["others.md"], lambda now: ())[1] == {"others.md"}
    everything = {path.name for path in root.iterdir()}
    assert read_known(root, Settings(), tmp_path / "none", [], lambda now: ())[1] == everything
