"""Pages of a site that are no articles: told by the form of their address, or by a list."""

from __future__ import annotations

from pathlib import Path

import pytest

from recommender.errors import SettingsError
from recommender.settings import UrlSettings
from recommender.site.other_pages import form_of

URLS = ["/learn/a", "/learn/b.html", "/blog/2026/c/"]


@pytest.mark.parametrize(
    ("url", "elsewhere"),
    [
        ("/learn/gone", False),
        ("/learn/gone/deep", False),
        ("/learn/gone.html", False),
        ("/blog/gone/", False),
        ("/learn/paper.pdf", True),
        ("/learn/paper.PDF?x#page=3", True),
        ("/learn/release-1.2", False),
        ("/learn/gone.htm", True),
        ("/about", True),
        ("/learn", True),
        ("/learn/", True),
        ("/shop/gone", True),
        ("/sh%6Fp/gone", True),
        ("/le%61rn/gone", False),
        ("/", True),
        ("https://example.org/shop/x", True),
        ("https://example.org/learn/x", False),
    ],
)
def test_the_form_of_an_address_tells(url: str, elsewhere: bool) -> None:
    assert form_of(URLS, UrlSettings()).is_elsewhere(url) is elsewhere


def test_a_site_whose_articles_stand_at_the_top_has_dead_links_there() -> None:
    form = form_of(["/a", "/b"], UrlSettings())
    assert [form.is_elsewhere(url) for url in ("/gone", "/gone/", "gone", "/x/gone", "/")] == [*[False] * 3, True, True]


def test_a_setting_shows_other_pages() -> None:
    form = form_of(URLS, UrlSettings(elsewhere=("/learn/tools/*", "/learn/café")))
    found = [form.is_elsewhere(url) for url in ("/learn/tools/x", "/learn/caf%C3%A9", "/learn/tool", "/Learn/Tools/x")]
    assert found == [True, True, False, True]


SITEMAP = """<?xml version="1.0"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
  <url><loc> https://example.org/learn/tool/ </loc></url>
  <url><loc><![CDATA[https://example.org/learn/a&b]]></loc></url>
  <url><loc>https://example.org/learn/x&amp;y</loc></url>
</urlset>
"""


@pytest.mark.parametrize("index", [False, True])
def test_a_sitemap_decides_of_pages_both_ways_and_of_other_files_not_at_all(tmp_path: Path, index: bool) -> None:
    file = tmp_path / "sitemap.xml"
    file.write_text(SITEMAP)
    if index:
        file = tmp_path / "index.xml"
        parts = "".join(
            f"<sitemap><loc>https://example.org/{name}.xml</loc></sitemap>" for name in ("sitemap", "index")
        )
        file.write_text(f"<sitemapindex>{parts}</sitemapindex>")
    form = form_of(URLS, UrlSettings(sitemap=file))
    urls = ["/learn/tool", "/learn/tool.html", "/learn/a&b", "/learn/x&y", "/learn/gone", "/shop/gone", "/shop/a.pdf"]
    assert [form.is_elsewhere(url) for url in urls] == [True, True, True, True, False, False, True]


def test_the_built_folder_decides_both_ways(tmp_path: Path) -> None:
    names = ("index.html", "shop/index.html", "learn/tool.html", "files/a.pdf", "learn/café/index.html", "50%.txt")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    form = form_of(URLS, UrlSettings(built=tmp_path))
    there = ["/", "/shop", "/learn/tool", "/files/a.pdf", "/learn/caf%C3%A9/", "/50%25.txt"]
    assert [form.is_elsewhere(url) for url in there] == [True] * 6
    assert [form.is_elsewhere(url) for url in ("/files", "/files/b.pdf", "/about", "/learn/gone")] == [False] * 4


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (UrlSettings(sitemap=Path("/nowhere/sitemap.xml")), "/nowhere/sitemap.xml: url.sitemap cannot be read"),
        (UrlSettings(built=Path("/nowhere")), "/nowhere: url.built is no folder"),
    ],
)
def test_a_list_that_is_not_there_is_wrong_use(settings: UrlSettings, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        form_of(URLS, settings)


@pytest.mark.parametrize("data", [b"", b"<html>404</html>", b"\x1f\x8b\x08\x00"])
def test_a_sitemap_that_is_none_is_wrong_use(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "sitemap.xml").write_bytes(data)
    with pytest.raises(SettingsError, match=r"sitemap\.xml: url\.sitemap .*; name an XML sitemap"):
        form_of(URLS, UrlSettings(sitemap=tmp_path / "sitemap.xml"))
