"""Grades a folder of submissions: which exercises are right, and which mistakes were made.

``python -P -m made_lessons grade FOLDER``; docs/grading.md is for instructors. Imports from
``checking`` and ``made_course``.

- ``command``: the commands; several submissions are graded at a time
- ``handing_out``: notebooks for a class, with a variant key per learner
- ``folder``: who submitted what, and an instructor's lists
- ``judge``: the judge of one submission, which runs nothing that comes back
- ``sandbox``: a place for code that nobody has read
- ``inside``: the program in the sandbox, which runs a submission
- ``submission``: a notebook as it was submitted: its checks, and the cells that they need
- ``own``: the course's own answers: recognised if submitted, otherwise out of reach
- ``line``: calls between judge and submission; only plain values come back
- ``examined``: the verdict of a check
- ``verdicts``: the results for an exercise and a submission
- ``marking``: points, by an instructor's lists and decisions
- ``reports``: tables, and a text per learner
"""
