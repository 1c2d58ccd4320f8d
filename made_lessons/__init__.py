"""What belongs to single notebooks: their exercises and figures, and the grading of a class.

``checking`` judges an answer, ``grading`` those of a class; each notebook has a folder, which knows
no other notebook's. All import from ``made_course``, and from ``checking``. The notebooks import
``check``, ``hint``, ``solution``, ``progress`` and ``yours`` from here.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
