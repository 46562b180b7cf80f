"""Weighted rows to nearest articles, scores, same questions, and the links that are shown.

Arrays in, arrays out: no disk. Must not import site, model or anything above.
"""
