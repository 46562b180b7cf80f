"""Who takes part: the rules that hide pages, or keep them from lists, and what they say of a page.

Of the disk it knows only its own copy of large rules. Must not import site, text or anything above.
"""
