"""What a maintainer runs, from the root of the repository: ``python -m tools.pages.refresh``, ...

A package of this name whatever else is installed, and no part of the wheel.
"""
