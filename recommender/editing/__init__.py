"""What a fill would change, and the writing of it: plans, diffs, guards, undo.

Must not import build, export, evaluation, service or cli.
"""
