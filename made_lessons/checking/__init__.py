"""How an answer is judged, and what is said of it.

It imports from ``made_course``, and knows no notebook: ``catalogue`` looks for them. An exercise
imports what it needs from here.

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

from .calls import is_unchanged, run
from .classes import changed, instance_of, kept_as
from .comparing import ABSOLUTE, is_same, require_same
from .edited_source import but, edited
from .exercise import (
    Exercise,
    KnownMistake,
    Misformed,
    Wrong,
    defined,
    exercise,
    known_mistakes,
    require_none,
)
from .in_words import written, written_call
from .relations import find_relation
from .variants import drawn, drawn_degrees, further_cases, one_of, shuffled
from .views import CUT_OFF, View, add_view, dtypes, gradients
