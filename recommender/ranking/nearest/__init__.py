"""The nearest articles of every article, exactly or nearly so, in compiled loops.

Must not import anything of recommender but arrays and system.
"""
