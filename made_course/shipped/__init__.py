"""What was trained and measured for the course and comes with it, each file with its checksum.

Imports from ``training``, ``model`` and ``common``.

- ``weights``: trained models
- ``measured``: runs that notebooks 5, 7, 10 and 11 show
- ``assets``: reads ``files/``, with checksums
"""
