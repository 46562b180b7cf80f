"""The text of one file: YAML nodes, front matter, and the blocks of links in it; text in, text out.

Reads no disk and knows no site. Must not import site, text or anything above.
"""
