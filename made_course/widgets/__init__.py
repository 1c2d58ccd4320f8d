"""Widgets, each with a class, a JavaScript module that draws it, and a style sheet."""

from importlib.metadata import version

# the version is read from metadata, because importing an old release may fail unhelpfully
_installed = version("ipywidgets")
if int(_installed.partition(".")[0]) < 8:
    raise ImportError(
        f"the widgets of this course need ipywidgets 8.1.2 or newer, got {_installed}: "
        "run `python -m pip install 'ipywidgets>=8.1.2,<9'`, and start JupyterLab again"
    )
