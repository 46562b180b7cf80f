"""Who takes part: the rules that hide pages, or keep them from lists, and what they say of a page.

Reads no disk. Must not import site, text or anything above.
"""
