"""Trained models and measured runs that ship with the course, each file with a checksum.

The folder imports from ``training``, ``model`` and ``common``.

- ``weights``: trained models
- ``measured``: runs that notebooks 5, 7, 10 and 11 show
- ``assets``: read a file in ``files/`` after checking its SHA-256
"""
