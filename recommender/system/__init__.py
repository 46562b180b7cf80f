"""What the operating system gives: files replaced whole, threads, processes, the digest of our own code.

Knows nothing of articles. Must not import any other package of recommender but the nouns and errors.
"""
