"""MADE, from the chain rule to sampled digits: the package beside the notebooks.

Models, data, training and widgets can be imported from here; figures are in
``made_course.figures``, and what belongs to single notebooks is in ``made_lessons``. A file is
loaded when one of its names is first asked for, so that ``import made_course`` costs next to
nothing, and a model does not wait for what draws figures. ``__init__.pyi`` is the list of names.

From the ground up the folders are ``common``, ``model``, ``tables``, then ``data``, ``relatives``
and ``leaks`` side by side, ``training``, ``shipped``, ``figures`` and ``widgets``; each imports
only from those below it, and import-linter sees to that (``pyproject.toml``).
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
