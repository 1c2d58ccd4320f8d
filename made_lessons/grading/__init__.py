"""Grades a folder of hand-ins: which exercises are right, and which mistakes were made.

``python -P -m made_lessons grade FOLDER``; docs/grading.md is for instructors. Imports from
``checking`` and ``made_course``.

- ``command``: the commands: all hand-ins of a folder, several at a time
- ``handing_out``: notebooks for a class, each with a word of its learner's own
- ``marking``: what becomes of verdicts by a teacher's lists, deadline and look
- ``folder``: who handed in what, and what a teacher's lists say
- ``judge``: the judge of one hand-in, a process of its own, which runs nothing that comes back
- ``sandbox``: a place for code that nobody has read, and the end of all that runs there
- ``inside``: what runs in the sandbox: a hand-in is read, run, and asked by the judge
- ``own``: the course's own answers: recognised where handed in, else out of reach
- ``hand_in``: a notebook as it was handed in: its answers, the cells they need, what is odd
- ``line``: calls between judge and sandbox, of which plain values come back
- ``examined``: the verdict of a check
- ``verdicts``: what is found about an exercise and a hand-in
- ``reports``: what an instructor and a learner read
"""
