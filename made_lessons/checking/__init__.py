"""Judge an answer to an exercise, and explain to the learner what is wrong.

Exercises import from this folder. The folder itself imports only from ``made_course``.

- ``check``: the functions check, hint, solution, yours and progress
- ``exercise``: what an exercise consists of
- ``catalogue``: all exercises, by name
- ``examine``: comparison of an answer with the reference, view by view
- ``views``: properties of an answer that are compared, such as results and gradients
- ``calls``: calls of an answer on copies of the arguments
- ``comparison``: comparison of two values by type, shape, dtype and value
- ``stubs``: parts of an answer that are still ``...``
- ``classes``: answers that are classes
- ``source_code``: the source of references, and known mistakes made by editing it
- ``causes``: likely cause of a wrong answer
- ``relations``: relations of a wrong result to the right one
- ``substitutions``: arguments for which a wrong answer would be right
- ``probes``: causes that are found by calling a wrong answer again
- ``torch_errors``: explanations of errors
- ``trained_models``: tests for leaks and the NLL of models, for open exercises
- ``variants``: the same exercise with other numbers, for graded work
- ``time_limits``: a time limit for answers
- ``value_text``: values and calls as text
- ``card``: report of a check
- ``progress``: exercises that this user has solved
"""

from .calls import is_unchanged, run
from .classes import make_instance, make_subclass
from .comparison import ABSOLUTE, is_same, require_form, require_same
from .exercise import Exercise, MalformedAnswer, WrongAnswer
from .relations import find_relation
from .source_code import edit, edit_source
from .value_text import as_text, call_as_text
from .variants import choose, draw_uniform, further_cases, random_degrees, shuffle
from .views import View, dtype_views, gradient_views
