"""Tests for leaks: which outputs depend on which inputs, Σp, and a row step by step.

Imports from ``model`` and ``common``.

- ``dependence``: which outputs change when an input is flipped
- ``connections``: which connections lie on a forbidden path
- ``total``: Σp over all inputs
- ``trajectory``: a network's outputs at every step
- ``__main__``: the command that checks any model for leaks
"""
