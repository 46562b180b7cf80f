"""The lists of a model for other programs.

Must not import editing, evaluation or cli.
"""
