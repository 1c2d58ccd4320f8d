"""What is learned from: digits, toys whose distribution is known, a novel, a table of one's own.

Imports from ``model``, whose heads a table chooses, and ``common``.
"""
