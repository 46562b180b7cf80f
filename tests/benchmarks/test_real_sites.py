"""The table of real sites: what each ranker may give, its measure by another library, its rule by hand."""

from __future__ import annotations

import pytest
import pytrec_eval
import real_sites
from small_sites import write_files

from recommender.build.pipeline import fit_model
from recommender.evaluation.rankers import compared_lists

WORDS = "fox wolf whale seal hawk crow"


def linked_site() -> dict[str, str]:
    """Make a site of 24 pages in two languages; each links to the next page of its kind and to the first one."""
    files = {}
    for language in ("en", "de"):
        for number in range(12):
            word = WORDS.split()[number % 6]
            related = [f"{language}-{(number + 6) % 12}", f"{language}-0"][: 2 if number else 1]
            files[f"pages/{language}/{language}-{number}.md"] = (
                f"---\nlang: {language}\ntitle: The {word} {number}\ndate: 2025-01-{number + 1:02}\n"
                f"related: [{', '.join(related)}]\n---\n\nThe {word} hunts and rests, {word} number {number}.\n"
            )
    return files


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> real_sites.Asked:
    top = tmp_path_factory.mktemp("real")
    write_files(top / "linked", linked_site())
    write_files(top / "without-lists", {"a.md": "# A\n\nText.\n", "b.md": "# B\n\nText.\n"})
    ((name, found),) = real_sites.sites_with_lists(top)
    assert name == "linked"
    return found


def language_of(url: str) -> str:
    return url.strip("/").split("/")[-1][:2]


def test_the_links_are_those_of_the_files_and_the_candidates_those_of_the_language(asked: real_sites.Asked) -> None:
    urls = [article.url for article in asked.corpus.articles]
    assert len(asked.truth.links) == len(asked.permitted) == 24
    for row, families in asked.permitted.items():
        assert {language_of(urls[family]) for family in families} == {language_of(urls[row])}
        assert len(families) == 11 and row not in families
        number, language = int(urls[row].strip("/").split("-")[-1]), language_of(urls[row])
        linked = {urls[target].strip("/").split("/")[-1] for target in asked.truth.links[row]}
        assert linked == {f"{language}-{(number + 6) % 12}", f"{language}-0"} - {f"{language}-{number}"}


def test_our_measure_is_that_of_trec_eval(asked: real_sites.Asked) -> None:
    urls = [article.url for article in asked.corpus.articles]
    lists = compared_lists(fit_model(asked.corpus, asked.settings, ""), real_sites.SHOWN)
    relevant = {urls[row]: {urls[target]: 1 for target in asked.truth.links[row]} for row in asked.permitted}
    run = {url: {other: -float(rank) for rank, other in enumerate(lists[url])} for url in relevant}
    theirs = pytrec_eval.RelevanceEvaluator(relevant, {"ndcg_cut.5"}).evaluate(run)
    wanted = sum(theirs[url]["ndcg_cut_5"] if url in theirs else 0.0 for url in relevant) / len(relevant)
    reports = real_sites.reports_of(asked)
    assert reports[real_sites.OURS].means()[real_sites.MEASURE] == pytest.approx(wanted, abs=1e-9)
    assert wanted > 0.3
    assert list(reports) == list(real_sites.RANKERS)
    low, high = real_sites.lead(reports[real_sites.OURS], reports["random"])
    difference = wanted - reports["random"].means()[real_sites.MEASURE]
    assert low <= difference <= high and low < high


def test_each_baseline_follows_its_rule(asked: real_sites.Asked) -> None:
    urls = [article.url for article in asked.corpus.articles]
    row = next(row for row, url in enumerate(urls) if url.strip("/").endswith("en-3"))

    def names(lists: real_sites.Lists) -> list[str]:
        return [urls[family].strip("/").split("/")[-1] for family in lists[row]]

    assert names(real_sites._newest(asked)) == ["en-11", "en-10", "en-9", "en-8", "en-7"]
    # All but the first page are linked once, en-9 by the page that asks alone.
    assert names(real_sites._most_linked(asked))[0] == "en-0"
    assert "en-9" not in names(real_sites._most_linked(asked))
    # Both are of a seal and a "3" stands in neither word list: the same words but for the numbers.
    assert names(real_sites.tfidf(asked))[0] == "en-9"
    drawn = [names(real_sites._drawn(asked, seed, folder=True)) for seed in range(5)]
    assert len(set(map(tuple, drawn))) > 1 and all(len(set(one)) == real_sites.SHOWN for one in drawn)
