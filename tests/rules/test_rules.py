"""Rules on who takes part: which texts are rules, which pages they hold for, and what is said of them."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_sites import article, link, write_files

from recommender.errors import SettingsError
from recommender.rules.reader import Page
from recommender.rules.rule import HIDDEN, hidden_rule, target_rule
from recommender.settings import FILE_NAME, Settings, load_settings
from recommender.site.corpus import Corpus, read_corpus
from recommender.site.reader import Reading
from recommender.system.clock import today
from recommender.visibility import GONE, TO_COME, VISIBLE

NOON = 1_795_867_200  # 2026-11-28T12:00:00Z


@pytest.fixture(autouse=True)
def _on_a_known_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(NOON))


def settings_of(folder: Path, text: str) -> Settings:
    (folder / FILE_NAME).write_text(text)
    return load_settings(folder / FILE_NAME)


def state_of(values: Mapping[str, object], path: str = "a.md", settings: Settings | None = None) -> tuple[int, str]:
    page = Page(values, path, "/a", "A page", "Things")  # type: ignore[arg-type]
    found = (settings or Settings()).rules.read(page)[0]
    state = found.state(today())
    return state, found.reason(state)


def read(folder: Path, files: Mapping[str, str], settings: str = "") -> Corpus:
    return read_corpus(write_files(folder / "site", files), settings_of(folder, settings))


def test_the_defaults_are_these() -> None:
    assert Settings().hidden == HIDDEN
    assert HIDDEN == (
        "no_index", "noindex", "seo.noindex", "robots|seo.robots|meta.robots: noindex", "draft", "unlisted", "hidden",
        "private", "visibility: private", "headless", "search.exclude", "eleventyExcludeFromCollections",
        "_build.list|build.list: never", "_build.render|build.render: never", "published: false", "publish: false",
        "status|state: draft", "permalink: false", "date: future",
        "publishDate|publish_date|pubDate|pubDatetime|publishedAt|published_at|published: future",
        "expiryDate|expiry_date|expires|unpublishdate|unpublish_date: past", "path: _drafts/**",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "state", "reason"),
    [
        ({}, VISIBLE, ""),
        # For good: what readers are not meant to find, and what is over.
        ({"no_index": "true"}, GONE, "no_index: true"),
        ({"noindex": "Yes"}, GONE, "noindex: Yes"),
        ({"published": "false"}, GONE, "published: false"),
        ({"published": "No"}, GONE, "published: No"),
        ({"publish": "off"}, GONE, "publish: off"),
        ({"expiryDate": "2026-11-27"}, GONE, "expiryDate: 2026-11-27 is past"),
        ({"expires": "2001-01-01T00:00:00Z"}, GONE, "expires: 2001-01-01 is past"),
        ({"unpublishdate": "2026-11-27"}, GONE, "unpublishdate: 2026-11-27 is past"),
        ({"unpublish_date": "2026-11-27"}, GONE, "unpublish_date: 2026-11-27 is past"),
        ({"unpublishDate": "2026-10"}, GONE, "unpublishdate: 2026-10-31 is past"),
        # Not yet, or not in lists.
        ({"draft": "true"}, TO_COME, "draft: true"),
        ({"draft": "ON"}, TO_COME, "draft: ON"),
        ({"Draft": "1"}, TO_COME, "draft: 1"),
        ({"unlisted": "true"}, TO_COME, "unlisted: true"),
        ({"status": "draft"}, TO_COME, "status: draft"),
        ({"status": "Draft"}, TO_COME, "status: Draft"),
        ({"state": "draft"}, TO_COME, "state: draft"),
        ({"permalink": "false"}, TO_COME, "permalink: false"),
        ({"private": "true"}, TO_COME, "private: true"),
        ({"visibility": "Private"}, TO_COME, "visibility: Private"),
        ({"hidden": "true"}, TO_COME, "hidden: true"),
        ({"headless": "true"}, TO_COME, "headless: true"),
        ({"robots": "noindex"}, TO_COME, "robots: noindex"),
        ({"robots": "NoIndex, nofollow"}, TO_COME, "robots: NoIndex, nofollow"),
        ({"robots": ("nofollow", "noindex")}, TO_COME, "robots: noindex"),
        ({"meta": {"robots": "noindex"}}, TO_COME, "meta.robots: noindex"),
        ({"seo": {"noindex": "true"}}, TO_COME, "seo.noindex: true"),
        ({"search": {"exclude": "true"}}, TO_COME, "search.exclude: true"),
        ({"eleventyExcludeFromCollections": "true"}, TO_COME, "eleventyExcludeFromCollections: true"),
        ({"_build": {"list": "never", "render": "always"}}, TO_COME, "_build.list: never"),
        ({"build": {"render": "never"}}, TO_COME, "build.render: never"),
        ({"date": "2026-11-29"}, TO_COME, "date: 2026-11-29 is to come"),
        ({"publishDate": "2099"}, TO_COME, "publishDate: 2099-01-01 is to come"),
        ({"pubDate": "2026-11-29"}, TO_COME, "pubDate: 2026-11-29 is to come"),
        ({"published_at": "2099-01-01"}, TO_COME, "published_at: 2099-01-01 is to come"),
        ({"published": "2099-01-01"}, TO_COME, "published: 2099-01-01 is to come"),
        ({"publishdate": "2026-12"}, TO_COME, "publishDate: 2026-12-01 is to come"),
        ({"date": "2026-11-28 23:30:00 -0500"}, TO_COME, "date: 2026-11-29 is to come"),
        # A page dated today is published, and one that expires today is still there.
        ({"date": "2026-11-28"}, VISIBLE, ""),
        ({"date": "2026-11-28T23:59:59Z"}, VISIBLE, ""),
        ({"date": "2026-11-29 01:00 +0200"}, VISIBLE, ""),
        ({"expires": "2026-11-28"}, VISIBLE, ""),
        # Of a month or a year the reading counts that hides the page for less long.
        ({"date": "2026"}, VISIBLE, ""),
        ({"date": "2026-11"}, VISIBLE, ""),
        ({"expires": "2026"}, VISIBLE, ""),
        # Other values of the same keys.
        ({"draft": "false"}, VISIBLE, ""),
        ({"draft": "maybe"}, VISIBLE, ""),
        ({"draft": {"of": "true"}}, VISIBLE, ""),
        ({"draft": None}, VISIBLE, ""),
        ({"published": "true"}, VISIBLE, ""),
        ({"published": "2021-05-01T10:00:00Z"}, VISIBLE, ""),
        ({"status": "published"}, VISIBLE, ""),
        ({"hidden": "no", "private": "0", "robots": "index, follow", "visibility": "public"}, VISIBLE, ""),
        ({"hidden": "in the hills", "search": {"boost": "2"}, "build": {"list": "always"}}, VISIBLE, ""),
        ({"pubDate": "2026-11-28", "published_at": "2020-01-01", "unpublish_date": "2026-11-28"}, VISIBLE, ""),
        ({"permalink": "/false/"}, VISIBLE, ""),
        ({"date": "tomorrow"}, VISIBLE, ""),
        # A key as it is written comes before one in other capitals.
        ({"Draft": "true", "draft": "false"}, VISIBLE, ""),
        # What is over stays so, whatever else is said; the first reason is told.
        ({"draft": "true", "no_index": "true"}, GONE, "no_index: true"),
        ({"draft": "true", "expires": "2020-01-01"}, GONE, "expires: 2020-01-01 is past"),
        ({"date": "2099-01-01", "draft": "true"}, TO_COME, "draft: true"),
        ({"date": "2098-01-01", "publishDate": "2099-01-01"}, TO_COME, "publishDate: 2099-01-01 is to come"),
        ({"expires": "2019-01-01", "expiryDate": "2020-01-01"}, GONE, "expires: 2019-01-01 is past"),
        ({"no_index": "true", "noindex": "true"}, GONE, "no_index: true"),
    ],
)
def test_the_default_rules(values: Mapping[str, object], state: int, reason: str) -> None:
    assert state_of(values) == (state, reason)


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        ("_drafts/x.md", True), ("blog/_drafts/x.md", True), ("a/b/_drafts/c/d.md", True), ("_drafts.md", False),
        ("my_drafts/x.md", False), ("_drafts2/x.md", False), ("blog/x_drafts/y.md", False), ("x.md", False),
    ],
)  # fmt: skip
def test_a_folder_of_drafts_at_any_depth(path: str, hidden: bool) -> None:
    assert state_of({}, path) == ((TO_COME, "path: _drafts/**") if hidden else (VISIBLE, ""))


@pytest.mark.parametrize(
    ("text", "values", "path", "state"),
    [
        ("hidden: [stage]", {"stage": "true"}, "a.md", TO_COME),
        ("hidden: [stage]", {"draft": "true"}, "a.md", VISIBLE),
        ("hidden: stage", {"stage": "true"}, "a.md", TO_COME),
        ("hidden: []", {"draft": "true", "no_index": "true"}, "_drafts/a.md", VISIBLE),
        ("hidden:\n- build.render: never", {"build": {"render": "never"}}, "a.md", TO_COME),
        ("hidden:\n- build.render: never", {"Build": {"Render": "Never"}}, "a.md", TO_COME),
        ("hidden:\n- build.render: never", {"build.render": "never"}, "a.md", TO_COME),
        ("hidden:\n- build.render: never", {"build": "never"}, "a.md", VISIBLE),
        ("hidden: ['state|status: internal']", {"status": "internal"}, "a.md", TO_COME),
        ("hidden: ['tags: secret']", {"tags": ("news", "Secret")}, "a.md", TO_COME),
        ("hidden: ['tags: secret']", {"tags": ("news", "secrets")}, "a.md", VISIBLE),
        ("hidden: ['over: past']", {"over": "2020-01-01"}, "a.md", GONE),
        ("hidden: ['date created: future']", {"date created": "2099-01-01"}, "a.md", TO_COME),
        ("hidden: ['visible: false']", {"visible": "no"}, "a.md", TO_COME),
        ("hidden: ['published: false']", {"published": "false"}, "a.md", GONE),
        ("hidden: ['path: *.draft.md']", {}, "deep/x.draft.md", TO_COME),
        ("hidden: ['path: notes/**/x.md']", {}, "notes/x.md", TO_COME),
        ("hidden: ['path: notes/**/x.md']", {}, "a/notes/b/c/x.md", TO_COME),
        ("hidden: ['path: notes/[a-c]?.md']", {}, "notes/b1.md", TO_COME),
        ("hidden: ['path: notes/[a-c]?.md']", {}, "notes/d1.md", VISIBLE),
        # The keys of the article's own nouns.
        ("keys: {hidden: secret}", {"secret": "true"}, "a.md", GONE),
        ("keys: {hidden: secret}", {"no_index": "true"}, "a.md", VISIBLE),
        ("keys: {hidden: secret}", {"draft": "true"}, "a.md", TO_COME),
        ("keys: {hidden: draft}", {"draft": "true"}, "a.md", GONE),
        ("keys: {date: pubDate}", {"pubDate": "2099-01-01"}, "a.md", TO_COME),
        ("keys: {date: pubDate}", {"date": "2099-01-01"}, "a.md", VISIBLE),
        ("keys: {date: meta.day}", {"meta": {"day": "2099-01-01"}}, "a.md", TO_COME),
    ],
)
def test_rules_of_ones_own(tmp_path: Path, text: str, values: Mapping[str, object], path: str, state: int) -> None:
    assert state_of(values, path, settings_of(tmp_path, text))[0] == state


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hidden: [draft, '']", "hidden: no rule: ''; a rule is a key, `key: value`, `key: future`,"),
        ("hidden: ['status:']", "hidden: no rule: 'status:'; a rule is a key"),
        ("hidden: ['path:']", "hidden: no rule: 'path:'; a rule is a key"),
        ("hidden: [': draft']", "hidden: no rule: ': draft'; a rule is a key"),
        ("hidden: ['expires||over: past']", "hidden: no rule: 'expires||over: past'; a rule is a key"),
        ("hidden: [draft true]", "hidden: no rule: 'draft true'; a key and its value stand on both sides of a colon"),
        ("hidden: [status=draft]", "hidden: no rule: 'status=draft'; a key and its value stand on both sides"),
        ("hidden: ['date: futur']", "hidden: no rule: 'date: futur'; a date is compared with `future` or `past`"),
        ("hidden: [expirydate]", "hidden: no rule: 'expirydate'; a date is compared with `future` or `past`"),
        ("hidden: [[draft]]", "hidden: no rule: '{a list}'"),
        ("hidden: [{a: b, c: d}]", "hidden: no rule: '{a: b, c: d}'"),
        ("hidden: ['{a: b}']", "hidden: no rule: '{a: b}'"),
        ("hidden: [~]", "hidden: no rule: '{}'"),
        ("hidden: [{a: [b]}]", "hidden: no rule: 'a: '"),
        ('hidden: ["a\\nb"]', "hidden: no rule: 'a\\nb'"),
        ("never_suggest: ['']", "never_suggest: no rule: ''; a rule is a pattern of urls (/legal/*), {subject: News}"),
        ("never_suggest: [about us]", "never_suggest: no rule: 'about us'; a rule is a pattern of urls"),
        ("never_suggest: [{category: News}]", "never_suggest: no rule: '{category: News}'; a rule is a pattern"),
        ("never_suggest: [{key: layout}]", "never_suggest: no rule: '{key: layout}'"),
        ("never_suggest: [{key: layout, is: x, of: y}]", "never_suggest: no rule: '{key: layout, of: y, is: x}'"),
        ("never_suggest: [{subject: ~}]", "never_suggest: no rule: '{subject: }'"),
        ("never_suggest: [[/about]]", "never_suggest: no rule: '{a list}'"),
        ("never_suggest: [{subject: ''}]", "never_suggest: no rule: '{subject: }'"),
        ("no_list: [{subject: A, title: B}]", "no_list: no rule: '{subject: A, title: B}'"),
        ("hidden: [draft]\nkeys: {hidden: secret}", "hidden and keys.hidden say the same; move 'secret' into hidden"),
    ],
)
def test_what_is_no_rule_is_named_with_the_remedy(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_of(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / FILE_NAME}: {message}")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


PAGE = Page({}, "learn/a.md", "/learn/a", "About the moon", "News")


@pytest.mark.parametrize(
    ("rule", "changes", "holds"),
    [
        ("/learn/a", {}, True),
        ("/learn/a/", {}, True),
        ("/learn/a", {"url": "/learn/a/"}, True),
        ("/learn/a", {"url": "https://example.org/learn/a/"}, True),
        ("https://example.org/learn/*", {}, True),
        ("learn/a", {}, True),
        ("/learn/a", {"url": "learn/a"}, True),
        ("/learn/*", {"url": "/learn/b/c/d"}, True),
        ("/learn/*", {"url": "/learn"}, False),
        ("/learn/*", {"url": "/learning/a"}, False),
        ("/learn/?", {}, True),
        ("/learn/[b-z]", {}, False),
        ("*/a", {}, True),
        ("/LEARN/a", {}, False),
        ("/a", {}, False),
        ("/", {"url": "/"}, True),
        ("/", {}, False),
        ("/über", {"url": "/%C3%BCber"}, True),
        ("/%C3%BCber", {"url": "/u\u0308ber"}, True),
        ("/p?id=1", {"url": "/p?id=1"}, True),
        ("{subject: News}", {}, True),
        ("{subject: news}", {}, True),
        ("{subject: New}", {}, False),
        ("{subject: N*}", {}, False),
        ("{title: About*}", {}, True),
        ("{title: about the MOON}", {}, True),
        ("{title: moon}", {}, False),
        ("{key: layout, is: landing}", {"values": {"layout": "landing"}}, True),
        ("{key: layout, is: landing}", {"values": {"Layout": "Landing"}}, True),
        ("{key: layout, is: landing}", {"values": {"layout": "landings"}}, False),
        ("{key: seo.skip, is: true}", {"values": {"seo": {"skip": "yes"}}}, True),
        ("{key: tags, is: meta}", {"values": {"tags": ("a", "meta")}}, True),
    ],
)
@pytest.mark.parametrize("setting", ["never_suggest", "no_list"])
def test_rules_on_targets_and_lists(setting: str, rule: str, changes: dict[str, object], holds: bool) -> None:
    settings = Settings(**{setting: (rule,)})
    found = settings.rules.read(PAGE._replace(**changes))[0]  # type: ignore[arg-type]
    assert (found.never, found.no_list) == (
        ((rule,) if holds else (), ()) if setting == "never_suggest" else ((), (rule,) if holds else ())
    )


@pytest.mark.parametrize(
    ("written", "rules"),
    [
        ("/about", ("/about",)),
        ("['/about', {subject: News}]", ("/about", "{subject: News}")),
        ("\n- title: The *\n- {is: landing, key: layout}", ("{title: The *}", "{key: layout, is: landing}")),
        ("[]", ()),
        ("", ()),
    ],
)
def test_the_forms_in_yaml(tmp_path: Path, written: str, rules: tuple[str, ...]) -> None:
    assert settings_of(tmp_path, f"never_suggest: {written}").never_suggest == rules
    assert settings_of(tmp_path, f"no_list: {written}").no_list == rules


@pytest.mark.parametrize(
    ("values", "path", "url", "never"),
    [
        ({}, "404.md", "/x", ("404 page",)),
        ({}, "de/404.html.md", "/x", ("404 page",)),
        ({}, "x.md", "/404", ("404 page",)),
        ({}, "x.md", "/de/404/", ("404 page",)),
        ({}, "x.md", "/404.html", ("404 page",)),
        ({}, "x.md", "https://example.org/404.html", ("404 page",)),
        ({}, "404/x.md", "/404/x", ()),
        ({}, "x.md", "/error-404", ()),
        ({}, "4040.md", "/4040", ()),
        ({"sitemap": "false"}, "x.md", "/x", ("sitemap: false",)),
        ({"Sitemap": "No"}, "x.md", "/x", ("sitemap: false",)),
        ({"sitemap": "true"}, "x.md", "/x", ()),
        ({"sitemap": {"ignore": "true"}}, "x.md", "/x", ("sitemap.ignore: true",)),
        ({"sitemap": {"exclude": "yes"}}, "x.md", "/x", ("sitemap.exclude: true",)),
        ({"sitemap": {"disable": "true"}}, "x.md", "/x", ("sitemap.disable: true",)),
        ({"sitemap": {"ignore": "false", "priority": "0.5"}}, "x.md", "/x", ()),
        ({"sitemap_exclude": "true"}, "x.md", "/x", ("sitemap_exclude: true",)),
        ({"layout": "404"}, "x.md", "/x", ("layout: 404",)),
        ({"layout": "Redirect"}, "x.md", "/x", ("layout: redirect",)),
        ({"redirect_to": "/y"}, "x.md", "/x", ("redirect_to",)),
        ({"redirect_to": ("/y", "/z")}, "x.md", "/x", ("redirect_to",)),
        ({"redirect": "false", "redirect_to": "", "redirect_from": "/z", "layout": "post"}, "x.md", "/x", ()),
        ({"sitemap": "false"}, "404.md", "/x", ("404 page", "sitemap: false", "/*")),
    ],
)
def test_error_pages_pages_out_of_the_sitemap_and_pages_that_lead_on(
    values: Mapping[str, object], path: str, url: str, never: tuple[str, ...]
) -> None:
    settings = Settings(never_suggest=("/*",)) if "/*" in never else Settings()
    found = settings.rules.read(Page(values, path, url, "X", ""))[0]  # type: ignore[arg-type]
    assert (found.never, found.no_list) == (never, ())


@pytest.mark.parametrize(
    ("files", "never"),
    [
        ({"x/404.md": article("x/404"), "x/400.md": article("x/400")}, True),
        ({"x/404.md": article("x/404"), "x/405.md": article("x/405")}, False),
        ({"x/404.md": article("x/404"), "y/405.md": article("y/405")}, True),
        # By the urls, whatever the files are called, and by the files, whatever the urls are.
        ({"a.md": article("404", url="/status/404/"), "b.md": article("b", url="/status/403/")}, False),
        ({"a.md": article("404", url="/status/404.html"), "b.md": article("b", url="/status/403.html")}, False),
        ({"404.de.md": article("x"), "403.de.md": article("y")}, False),
        ({"404.de.md": article("x"), "403.md": article("y")}, True),
    ],
)
def test_a_number_in_a_series_is_no_error_page(tmp_path: Path, files: Mapping[str, str], never: bool) -> None:
    excluded = [one.visibility.never for one in read(tmp_path, files).articles]
    assert sorted(excluded) == sorted([("404 page",) if never else (), ()])


DATED = {
    "bad.md": article("bad", date="soon"),
    "list.md": article("list", date="[2099-01-01, never]"),
    "two.md": article("two", date="2026-02-30", extra="Expires: when it rains\n"),
    "fine.md": article("fine", date="2020-01-01", extra="updated: some day\npublishDate:\npublished: yes\n"),
}


def test_what_is_no_date_hides_nothing_and_is_a_note(tmp_path: Path) -> None:
    found = read(tmp_path, DATED)
    noted = sorted((p.code, p.severity, p.path, p.line, p.value) for p in found.problems)
    assert noted == [
        ("bad-date", "note", "bad.md", 7, "date: soon"),
        ("bad-date", "note", "list.md", 7, "date: never"),
        ("bad-date", "note", "two.md", 7, "date: 2026-02-30"),
        ("bad-date", "note", "two.md", 8, "expires: when it rains"),
    ]
    assert {one.url: one.hidden for one in found.articles} == {
        "/bad": "", "/fine": "", "/list": "date: 2099-01-01 is to come", "/two": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "notes"),
    [
        ("", []),
        ("hidden: ['path: _drafts/**', draft, 'path: wip/**']", ["hidden: path: wip/**"]),
        ("hidden: ['path: *.md']", []),
        ("hidden: ['path: plain.md']", []),
        ("never_suggest: [/a, /abuot, '/b*']", ["never_suggest: /abuot"]),
        ("never_suggest: [{subject: Nothing}, {subject: Things}]", ["never_suggest: {subject: Nothing}"]),
        ("no_list: [{title: About a}, {key: layout, is: landing}]", ["no_list: {key: layout, is: landing}"]),
        # A rule counts as used where another one holds, too.
        ("never_suggest: ['/*', /a]", []),
    ],
)  # fmt: skip
def test_a_rule_that_no_article_fits_is_a_note(tmp_path: Path, settings: str, notes: Sequence[str]) -> None:
    found = read(tmp_path, {"a.md": article("a"), "b.md": article("b"), "plain.md": "No front matter."}, settings)
    unused = [(p.path, p.severity, p.value) for p in found.problems if p.code == "unused-rule"]
    assert unused == [(FILE_NAME, "note", value) for value in notes]


def test_a_rule_on_a_related_block_holds_in_a_build_too(tmp_path: Path) -> None:
    # A build does not parse the blocks that end a front matter, as nothing of them is ranked.
    settings = settings_of(tmp_path, "hidden: ['Related_article1.subject: Secret']\n")
    root = write_files(tmp_path / "site", {"a.md": article("a", link(1, "b", subject="Secret"))})
    for count in (False, True):
        found = Reading(str(root), settings, count=count).read("a.md").article
        assert found is not None
        assert found.visibility.to_come == "Related_article1.subject: Secret"


def test_the_rules_travel_to_other_processes() -> None:
    rules = Settings(never_suggest=("/a",)).rules
    page = PAGE._replace(values={"draft": "true"}, url="/a")
    assert pickle.loads(pickle.dumps(rules)).read(page) == rules.read(page)


@given(st.text(max_size=30))
def test_any_text_is_a_rule_or_is_refused_in_words(text: str) -> None:
    for parse in (hidden_rule, target_rule):
        try:
            rule = parse(text)
        except ValueError as error:
            assert str(error).isprintable()
        else:
            assert rule.text == text
            assert text.isprintable()
