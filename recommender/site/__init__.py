"""A folder of files as articles, and their curated links with verdicts.

Reads the disk, writes nothing but recommender.yml. Must not import ranking or anything above.
"""
