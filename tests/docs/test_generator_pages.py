"""Each generator's section, on a small site of its layout: its settings fill it, its template shows what they wrote."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from generator_sites import SITES, pages, toml
from pages import DOCS, blocks, text_of
from small_sites import sources, write_files

from recommender.article import Article
from recommender.cli.main import main
from recommender.settings import Settings, load_settings
from recommender.site.corpus import read_corpus

PAGE = DOCS / "how-to" / "sites-by-generator.md"
SECTIONS = {section.splitlines()[0]: section for section in text_of(PAGE).split("\n## ")[1:]}
# Sites that have no lists of links yet.
FILES: dict[str, Mapping[str, str]] = {
    "Hugo": SITES["hugo, permalinks, slugs and bundles"].files,
    "Jekyll": {**pages("_guides/"), "_layouts/default.html": "", "_config.yml": "collections: {guides: {}}\n"},
    "Zola": {**toml("content/"), "config.toml": 'base_url = "https://e.org"\n', "templates/index.html": ""},
    "Eleventy": {**pages("src/"), ".eleventy.js": ""},
    "Hexo": SITES["hexo"].files,
    "Docusaurus": SITES["docusaurus"].files,
    "MkDocs": SITES["mkdocs"].files,
    "VitePress": {**pages("docs/"), "docs/.vitepress/config.ts": ""},
    "Astro and Starlight": SITES["starlight"].files,
    "Obsidian and Quartz": {**pages("content/notes/"), "quartz.config.ts": ""},
    "CloudCannon": SITES["cloudcannon"].files,
    "Plain": SITES["plain, keys with capitals and a flag of the list's name"].files,
}
# What a template reads, where no engine runs it: of a list of mappings the fields that its settings name, too.
READS = {
    "Hugo": ("site.Data.related", ".url", ".title"),
    "Hexo": ("site.data.related", "link.url", "link.title"),
    "Docusaurus": ("frontMatter.related",),
    "VitePress": ("frontmatter.related",),
    "Astro and Starlight": ("data.related",),
    "Obsidian and Quartz": ("frontmatter?.related",),
    "Plain": ("post.related",),
}


def shown_links(section: str) -> str:
    """Give the lines on links of the settings that a section shows."""
    (settings,) = blocks(section, "yaml")
    return settings[settings.index("links:") :]


def read_site(top: Path) -> tuple[Settings, dict[str, Article]]:
    settings = load_settings(top / "recommender.yml")
    assert settings.content is not None
    return settings, {article.url: article for article in read_corpus(settings.content, settings).articles}


def test_every_section_has_a_site_here() -> None:
    assert set(FILES) == set(SECTIONS)


@pytest.mark.parametrize("name", FILES)
def test_what_a_section_says_is_written_shown_and_taken_back(name: str, top: Path) -> None:
    section = SECTIONS[name]
    write_files(top, FILES[name])
    assert main(["init"]) == 0
    file = top / "recommender.yml"
    made = load_settings(file).links
    text = re.sub(r"(?m)^links:\n(?:[- ].*\n)+", "", file.read_text(encoding="utf-8"))
    file.write_text(text + shown_links(section), encoding="utf-8")
    assert made == load_settings(file).links or not made[0].write, "init writes the data file that the page names"
    assert main(["build"]) == 0
    before = sources(top)
    assert main(["fill", "--write", "--allow-no-vcs"]) == 0
    assert main(["fill", "--check"]) == 0
    settings, articles = read_site(top)
    changed = {path for path, data in sources(top).items() if before.get(path) != data}
    if settings.data_file:
        assert changed == {settings.data_file.relative_to(top).as_posix()}
    assert sum(len(article.links) for article in articles.values()) >= 2 * len(articles)
    if name == "MkDocs":
        check_mkdocs(top, section, articles)
    elif name in READS:
        fields = settings.links[0].fields.values() if not settings.data_file else ()
        assert [word for word in (*READS[name], *fields) if word not in template_of(section)] == []
    else:
        check_jinja(top, section, settings, articles)
    assert main(["undo", "--write"]) == 0
    assert {path: data for path, data in sources(top).items() if path in before} == before
    assert not settings.data_file or not settings.data_file.exists()


def template_of(section: str) -> str:
    """Give the block that is no settings."""
    (found,) = (text for language, text in re.findall(r"(?s)\n```(\S+)\n(.*?)\n```", section) if language != "yaml")
    return str(found)


def check_jinja(top: Path, section: str, settings: Settings, articles: Mapping[str, Article]) -> None:
    """Render the template of each page, and find all links of the page in it, in order."""
    held = _load(settings.data_file) if settings.data_file else {}
    same: Callable[[str], str] = str
    engine = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
    engine.filters |= {"relative_url": same, "url": same, "get": lambda held, key, default: held.get(key, default)}
    engine.globals |= {
        "site": {"data": {"related": held}},
        "related": held,
        "load_data": lambda path: _load(top / path),
        "get_url": lambda path: path,
    }
    template = engine.from_string(template_of(section))
    for url, article in articles.items():
        shown = template.render(page={"url": url, "path": url, "related": [link.url for link in article.links]})
        assert re.findall(r'href="([^"]*)"', shown) == [link.url for link in article.links]
        if settings.data_file:
            assert [link.title for link in article.links] == re.findall(r">([^<]+)</a>", shown)


def _load(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)


def check_mkdocs(top: Path, section: str, articles: Mapping[str, Article]) -> None:
    """Let MkDocs build the site with the hook, and find all links of each page, which lead to pages."""
    built = top.parent / "built"
    write_files(top.parent, {"site/hooks.py": template_of(section)})
    config = top / "mkdocs.yml"
    before = config.read_bytes()
    config.write_bytes(before + b"hooks: [hooks.py]\n")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(built)]
    subprocess.run(command, check=True, cwd=top, capture_output=True)
    for url, article in articles.items():
        page = built / url.strip("/") / "index.html"
        shown = dict(re.findall(r'<li><a href="(\.\./[^"]*)">([^<]+)</a></li>', page.read_text(encoding="utf-8")))
        links = {f"../{link.url.strip('/')}": link.title for link in article.links}
        assert {href.rstrip("/"): title for href, title in shown.items() if href.rstrip("/") in links} == links
        assert all((page.parent / href).is_dir() for href in links)
    config.write_bytes(before)
    (top / "hooks.py").unlink()
