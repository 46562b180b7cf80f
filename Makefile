# make demo   see it work on the sample site        make test   every check: lint, types, tests
# make bench  measure its speed against its peers   make quality  score its links against its peers' (corpora needed)
# make scale  make sites of up to 1,000,000 articles, build them, print how each stage grows (hours)
# make docs   write the generated reference, build the pages as a site in build/docs
# make check  lint, types, and the tests that are not slow: under two minutes on two cores
# make clean  remove what the others made           make nightly  the tests with 50,000 generated edits, 200 kills and
#                                                     every call that writes struck by every error
PYTHON ?= python3
BIN := .venv/bin
SITE := cd data && ../$(BIN)/recommender
ARTICLE := /learn/astronomy/questions/explain-keplers-three-laws-of-planetary-motion

# Some containers set it, and every process that the tests start would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo lint check test nightly bench scale quality docs docs-reference clean

demo: .venv/demo
	@printf '\n== audit: what is wrong with the curated links ==\n'
	@$(SITE) audit || test $$? -eq 1
	@printf '\n== build: vectors, rankings and chosen links, saved as a model ==\n'
	@$(SITE) build
	@printf '\n== related: what one article should link to, and why ==\n'
	@$(SITE) related $(ARTICLE) --explain
	@printf '\n== evaluate: the rankings against the sound curated links ==\n'
	@$(SITE) evaluate
	@printf '\n== fill: the diff that would repair and fill the links ==\n'
	@$(SITE) fill

lint: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# One file a process: tests of a file share what they built.
check: lint
	$(BIN)/pytest -n logical --dist loadfile -m "not slow"

# One file a process, in their order: the real sites first, which take longest.
test: lint
	$(BIN)/pytest -n logical --dist loadfile --no-loadscope-reorder --durations=25

nightly: .venv/test
	RECOMMENDER_NIGHTLY=1 $(BIN)/pytest

bench: .venv/bench
	$(BIN)/python benchmarks/bench.py
	$(BIN)/python benchmarks/service.py
	$(BIN)/python benchmarks/deployed.py

scale: .venv/bench
	$(BIN)/python benchmarks/scale.py $(if $(RECOMMENDER_CORPORA),$(RECOMMENDER_CORPORA)/quicktakes/content/learn) --plot docs/images/scale.png

quality: .venv/bench
	$(BIN)/python benchmarks/quality.py

docs: docs-reference .venv/docs
	$(BIN)/mkdocs build --strict

docs-reference: .venv/demo
	$(BIN)/python docs/generate.py

# An environment is made once and made again when what it holds has changed.
.venv/demo: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

.venv/test: .venv/demo
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@touch $@

.venv/bench: .venv/demo
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	@touch $@

.venv/docs: .venv/demo
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[docs]'
	@touch $@

clean:
	rm -rf .venv tests/js/node_modules build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis models/sample
