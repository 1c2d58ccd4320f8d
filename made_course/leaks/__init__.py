"""What a network depends on and claims: who moves whom, Σp, each step, what an ordering costs.

Imports from ``model`` and ``common``.
"""
