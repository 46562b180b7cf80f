"""Plain arrays: sparse rows, packed texts, and how loops over them are compiled.

Knows nothing of words or articles. Must not import anything above system.
"""
