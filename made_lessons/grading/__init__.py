"""Grades a folder of hand-ins: which exercises are right, and which mistakes were made.

``python -P -m made_lessons grade FOLDER`` (``command.py``) reads what was handed in
(``folder.py``), judges each notebook in a process of its own (``judge.py``), and writes tables
(``reports.py``). A hand-in is read and run in a sandbox (``sandbox.py``, ``inside.py``,
``hand_in.py``), of which plain values come back (``line.py``). docs/grading.md is for instructors.
"""
