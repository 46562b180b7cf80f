"""A ranked site as one immutable object: saved, opened, asked.

Must not import build, editing, export, evaluation, service or cli.
"""
