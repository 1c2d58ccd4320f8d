"""Tests for leaks (flips, slopes and Σp), and a network's outputs at every step of a row.

The folder imports from ``model`` and ``common``.

- ``dependence``: find the outputs that change when an input is flipped, on the model itself
- ``connections``: find the connections on a path from a forbidden input
- ``total``: Σp over all inputs
- ``trajectory``: a network's outputs at every step of generating a row
- ``__main__``: the command that checks any model for leaks
"""
