"""Models other than MADE that factorise p(x) into the same conditionals.

The folder imports from ``model`` and ``common``.

- ``fvsbn``: one logistic regression per variable
- ``nade``: a hidden layer that is updated at each step
- ``pixelcnn``: masked convolutions
- ``transformer``: causal attention
- ``ordered_model``: the base class of all except ``fvsbn``, which is a MADE
"""
