"""Models beside MADE: older ones (FVSBN, NADE), younger ones (masked convolution, attention).

Imports from ``model`` and ``common``.
"""
