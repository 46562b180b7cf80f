"""Are the links any good: judgments, measures, baselines, intervals, tuning.

Must not import service, editing or cli.
"""
