"""What a network depends on and what it claims: who moves whom, sums over all inputs, each step.

Imports from ``model`` and ``common``.
"""
