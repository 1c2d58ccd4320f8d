"""What several widgets use, in Python and in the page.

- ``base``: what every widget is: its state, its module, and what closes with it
- ``rerun``: a cell that runs again closes the widgets of its last run
- ``player``: what the players share: where a model's variables stand
- ``sampler``: the model that ``sampler.mjs`` runs in the page
- ``without_kernel``: a widget on a page without Python
"""
