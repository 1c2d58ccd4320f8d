"""Judge an answer to an exercise, and explain to the learner what is wrong with it.

An exercise imports what it needs from this folder. The folder imports from ``made_course`` only.

- ``check``: check, hint, solution, yours and progress
- ``exercise``: definition of an exercise
- ``catalogue``: all exercises, by name
- ``examine``: comparison of an answer with the reference, view by view
- ``views``: properties of an answer that are compared, such as results and gradients
- ``calls``: calls of an answer on copies of the arguments
- ``comparing``: comparison of two values by type, shape, dtype and value
- ``unfinished``: parts of an answer that are still ``...``
- ``classes``: answers that are classes
- ``edited_source``: known mistakes made by editing the reference
- ``causes``: likely cause of a wrong answer
- ``relations``: relations of a wrong result to the right one
- ``substitutions``: arguments for which a wrong answer would be right
- ``probes``: further calls of a wrong answer
- ``torch_errors``: explanations of errors
- ``trained_models``: honesty and NLL of the models of open exercises
- ``variants``: the same exercise with other numbers, for graded work
- ``time_limits``: a time limit for answers
- ``in_words``: values and calls as text
- ``card``: report of a check
- ``progress``: exercises that this user has solved
"""

from .calls import is_unchanged, run
from .classes import changed, instance_of, stored_as
from .comparing import ABSOLUTE, is_same, require_same
from .edited_source import but, edited
from .exercise import (
    Exercise,
    KnownMistake,
    Misformed,
    Wrong,
    defined_exercise,
    exercise,
    known_mistakes,
)
from .in_words import as_text, call_as_text
from .relations import find_relation
from .variants import further_cases, one_of, random_degrees, shuffled, uniform
from .views import CUT_OFF, View, add_view, dtypes, gradients
