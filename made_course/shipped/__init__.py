"""What was trained and measured for the course and comes with it, each file with its checksum.

Imports from ``training``, ``model`` and ``common``.

- ``weights``: trained models
- ``nearest``: the training images nearest to samples
- ``measured``: runs that notebooks 5, 7 and 10 show
- ``assets``: reads ``files/``, with checksums
"""
