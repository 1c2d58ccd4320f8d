"""Models beside MADE, older and younger.

Imports from ``model`` and ``common``.

- ``older``: FVSBN and NADE
- ``younger``: masked convolution, attention, a Transformer
- ``ordered_model``: what those that are no MADE share with it
"""
