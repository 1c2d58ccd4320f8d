"""Models beside MADE that write p(x) as the same product of conditionals.

Imports from ``model`` and ``common``.

- ``fvsbn``: one logistic regression per variable
- ``nade``: a hidden layer that grows step by step
- ``pixelcnn``: masked convolutions
- ``transformer``: causal attention
- ``ordered_model``: what those that are not a MADE share with it
"""
