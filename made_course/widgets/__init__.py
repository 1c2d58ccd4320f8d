"""Widgets, one folder each: a class, the JavaScript module that draws it, and its style.

Imports from every other folder.
"""

from importlib.metadata import version

# not imported, because an old release may fail with an error that does not name its version
_installed = version("ipywidgets")
if int(_installed.partition(".")[0]) < 8:
    raise ImportError(
        f"the widgets of this course need ipywidgets 8.1.2 or newer, got {_installed}: "
        "run `python -m pip install 'ipywidgets>=8.1.2,<9'`, and start JupyterLab again"
    )
