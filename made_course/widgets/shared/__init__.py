"""Code that several widgets use, in Python and in the page.

- ``base``: the base class of all widgets: state, module, closing
- ``component.mjs``: a widget whose page is a component of Preact (``preact.mjs``, third-party)
- ``rerun``: a cell that runs again closes the widgets of its last run
- ``uniforms``: random numbers that Python and the page draw alike
- ``without_kernel``: a widget on a page without Python
"""
