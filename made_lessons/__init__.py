"""Exercises and figures of single notebooks, and the grading of a class.

``checking`` judges one answer, and ``grading`` judges the submissions of a class. Each notebook has
its own folder, which does not import from another notebook's. All folders import from
``made_course`` and ``checking``. The notebooks import ``check``, ``hint``, ``solution``,
``progress`` and ``yours`` from here.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
