"""Lets ``python -m recommender`` do what the console script does."""

from recommender.cli.main import run

run()
