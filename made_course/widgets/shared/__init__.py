"""Code that several widgets use, in Python and in the page.

- ``base``: the base class of all widgets
- ``component.mjs``: a widget whose page is a component of Preact (``preact.mjs``, third-party)
- ``rerun``: close the widgets of a cell's last run when the cell runs again
- ``uniforms``: random numbers that are the same in Python and in the page
- ``without_kernel``: show a widget on a page without Python
"""
