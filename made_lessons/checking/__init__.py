"""How an answer is judged, and what is said of it.

Imports from ``made_course``, and knows no notebook: ``catalogue`` looks for them.

- ``check``: check, hint, solution, yours, progress
- ``exercise``: what an exercise is
- ``catalogue``: which there are
- ``examine``: judges an answer, and leaves nothing behind that it changed
- ``calls``: calls it, on copies
- ``comparing``: type, shape, dtype, value
- ``unfinished``: what is still ``...``
- ``views``: what is looked at in an answer; gradients and dtypes among it
- ``classes``: answers that are classes
- ``edited_source``: a wrong answer as a change of the right one
- ``causes``: why it is wrong: the known mistake that does the same, and how much of it has to agree
- ``relations``: what was done to the result
- ``substitutions``: for which other arguments it would be right
- ``probes``: what a few more calls tell
- ``torch_errors``: what an error means
- ``trained_models``: open exercises: an honest model, its cost on rows that are kept
- ``variants``: other numbers for graded work
- ``time_limits``: an end for what computes too long
- ``in_words``: values and calls as a report shows them
- ``card``: how the report looks
- ``solved_so_far``: what was solved, in files
"""
