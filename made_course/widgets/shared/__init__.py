"""What several widgets use.

- ``in_page``: what every widget is: its state, its module, and what closes with it
- ``rerun``: a cell that runs again closes the widgets of its last run
- ``player``: what the players share: a model that the page runs
- ``without_kernel``: a widget on a page without Python
"""
