"""Programs for maintainers, run from the root of the repository: ``python -m tools.pages.refresh``.

This file makes the folder a package, so that Python does not import an installed package of the
same name. It is not part of the wheel.
"""
