"""Grade a folder of submissions: which exercises are right, and which mistakes were made.

The command is ``python -P -m made_lessons grade FOLDER``, and docs/grading.md explains it to
instructors. This folder imports from ``checking`` and ``made_course``.

- ``command``: the commands ``grade`` and ``hand-out``
- ``handing_out``: notebooks for a class, with a variant key per learner
- ``folder``: the learner of each submission, and the class list
- ``judge``: the verdicts on one submission, found without running its code
- ``sandbox``: a sandbox for an untrusted program, and its limits
- ``run_cells``: the program in the sandbox, which runs a submission
- ``remote``: calls between judge and submission, which return only plain values
- ``reports``: the tables of results
"""
