"""Widgets, a folder each: the class, the module of JavaScript that draws it, its style.

Imports from every other folder.
"""

from importlib.metadata import version

# Read, not imported: an old release may fail in its own lines, and say nothing of its age.
_installed = version("ipywidgets")
if int(_installed.partition(".")[0]) < 8:
    raise ImportError(
        f"the widgets of this course need ipywidgets 8.1.2 or newer, and here is {_installed}: "
        "run `python -m pip install 'ipywidgets>=8.1.2,<9'`, and start JupyterLab again"
    )
