"""Grade a folder of submissions: which exercises are right, and which mistakes were made.

``python -P -m made_lessons grade FOLDER``; docs/grading.md is for instructors. Imports from
``checking`` and ``made_course``.

- ``command``: the commands; several submissions are graded at a time
- ``handing_out``: notebooks for a class, with a variant key per learner
- ``folder``: the learner of each submission, and the class list
- ``judge``: the judge of one submission, which runs none of its code
- ``sandbox``: run a program that nobody has read
- ``inside``: the program in the sandbox, which runs a submission
- ``submission``: the checks of a submitted notebook, and the cells that they need
- ``own``: the course's own answers: recognise them, take them away
- ``line``: calls between judge and submission, of which only plain values come back
- ``verdicts``: the results for an exercise and a submission
- ``reports``: tables, and a text per learner
"""
