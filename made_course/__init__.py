"""MADE, from the chain rule to sampled digits: the package that the notebooks import.

Models, data, training and widgets can be imported from here, and figures from
``made_course.figures``. The code of single notebooks is in ``made_lessons``. Each file is loaded
when one of its names is first used, so that ``import made_course`` is fast and a model does not
wait for matplotlib. ``__init__.pyi`` lists the names.

The folders, in the order of their imports, are ``common``, ``model``, ``tables``, then ``data``,
``relatives`` and ``leaks`` side by side, ``training``, ``shipped``, ``figures`` and ``widgets``.
Each imports only from folders before it; import-linter checks this (``pyproject.toml``).
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
