"""A site to a model: what changed is read, counted, weighed, ranked and published.

Must not import editing, export, evaluation, service or cli.
"""
