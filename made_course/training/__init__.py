"""``fit`` and ``evaluate``, and what they ask: the rate, checkpoints, random numbers, processes.

Imports from ``data``, ``model`` and ``common``.
"""
