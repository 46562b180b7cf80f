"""Texts to words, words to counts, counts to weighted rows (TF-IDF).

Knows an article's texts, not its links or its site. Must not import site, ranking or anything above.
"""
