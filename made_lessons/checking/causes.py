"""Find the likely cause of a wrong answer: a known mistake, or a relation to the right result."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from numbers import Real

from torch import Tensor

from .calls import run
from .comparison import is_same
from .probes import CUT_OFF, ROUNDED, find_unused_arguments, probe
from .relations import VAGUE_RELATIONS, find_relation
from .stubs import count_stubs, names_used
from .substitutions import find_other_arguments
from .views import View

RIGHT_SO_FAR = (
    "your answer was right for everything that was tried before, but it is wrong here. Did you "
    "write a number or a size from an example into your code? Otherwise, what is different here?"
)


def find_likely_cause(
    view: View,
    answer: object,
    reference: Callable[..., object],
    failed: int,
    known_mistakes: Mapping[str, object],
    earlier: Sequence[View] = (),
) -> str:
    """Return the likely cause of a wrong answer, or "" if no cause is known.

    A known mistake is the cause if it has the same values as the answer in all cases, and is right
    in all earlier views. Except for ``failed``, a case is skipped if the answer raises an error or
    returns a string or None.

    Args:
        view: view in which the answer is wrong.
        answer: the wrong answer.
        reference: right answer.
        failed: index of the first case in which the answer is wrong.
        known_mistakes: wrong answers, each with its cause as the key.
        earlier: views in which the answer is right.
    """
    got, right = (
        [view.value_or_error(one, case) for case in view.cases] for one in (answer, reference)
    )
    telling = [k for k in range(len(got)) if k == failed or not isinstance(got[k], str | None)]

    @cache
    def value_of_mistake(cause: str, k: int) -> object:
        return view.value_or_error(known_mistakes[cause], view.cases[k])

    for cause, wrong in known_mistakes.items():
        is_it = all(is_same(got[k], value_of_mistake(cause, k)) for k in telling)
        if is_it and all(_is_right_in_view(one, wrong, reference) for one in earlier):
            return cause
    is_value = isinstance(got[failed], Tensor | Real | list | tuple)
    if view.see is not run or not is_value or any(count_stubs(part)[0] for part in got):
        return ""
    for cause in known_mistakes:
        if all(_has_same_errors(got[k], value_of_mistake(cause, k), right[k]) for k in telling):
            return _mark_as_guess(cause)
    names = [*inspect.signature(reference).parameters]
    calls = [dict(zip(names, view.cases[k], strict=True)) for k in telling]
    got, right = [got[k] for k in telling], [right[k] for k in telling]
    return _find_general_cause(view, answer, reference, got, right, calls, telling.index(failed))


def _is_right_in_view(view: View, answer: object, reference: object) -> bool:
    return all(
        is_same(*(view.value_or_error(one, case) for one in (answer, reference)))
        for case in view.cases
    )


def _find_general_cause(
    view: View,
    answer: object,
    reference: Callable[..., object],
    got: Sequence[object],
    right: Sequence[object],
    calls: Sequence[Mapping[str, object]],
    failed: int,
) -> str:
    """Find a cause by calling the answer again, or by relating its results to the right ones."""
    quiet, sound = (
        lambda *arguments, one=one: view.value_or_error(one, arguments)
        for one in (answer, reference)
    )
    found = probe(quiet, sound, calls, failed)
    if found in (CUT_OFF, ROUNDED):
        instead = sorted(names_used(reference) & {"softplus", "logsigmoid"})
        if not instead:  # in other exercises, a function's name gives the solution away
            return found.format(also="")
        return f"{found.format(also=', like 1 minus a sigmoid')}, with {' or '.join(instead)}"
    relation = find_relation(got, right, calls)
    found = (
        found
        or ("" if relation in VAGUE_RELATIONS else _mark_as_guess(relation))
        or find_unused_arguments(quiet, sound, calls)
        or _mark_as_guess(find_other_arguments(got, right, calls, reference))
        or relation
    )
    return found or (RIGHT_SO_FAR if failed else "")


def _mark_as_guess(words: str) -> str:
    return words and f"perhaps {words} (this fits all of your wrong results)"


def _has_same_errors(got: object, mistake: object, right: object) -> bool:
    """Return True if each entry of a result is either right or equal to the mistake's entry."""
    if is_same(got, mistake) or is_same(got, right):
        return True
    lists = (right, got, mistake)
    if not all(isinstance(part, list | tuple) and len(part) == len(right) for part in lists):
        return False
    return all(map(_has_same_errors, got, mistake, right))
