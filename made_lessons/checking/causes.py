"""Find the likely cause of a wrong answer: a known mistake, or a relation to the right result."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from numbers import Real

from torch import Tensor

from .calls import run
from .comparison import is_nan, is_same, name_non_finite
from .probes import CUT_OFF, ROUNDED, find_unused_arguments, probe
from .relations import VAGUE_RELATIONS, find_relation
from .stubs import count_stubs, names_used
from .substitutions import find_other_arguments
from .views import View

RIGHT_SO_FAR = (
    "your answer was right for everything that was tried before, but it is wrong here. What is "
    "different here? A size, for example, or the number of entries?"
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
    in all earlier views. If a value is NaN or infinite, and the right one is not, general causes
    are not tried, except for large numbers.

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

    @cache
    def values_of_mistake(cause: str) -> list[object]:
        return [view.value_or_error(known_mistakes[cause], case) for case in view.cases]

    for cause, wrong in known_mistakes.items():
        is_it = all(map(is_same, got, values_of_mistake(cause)))
        if is_it and all(_is_right_in_view(one, wrong, reference) for one in earlier):
            says_little = not earlier and all(map(is_nan, got))  # other mistakes also give NaN
            return _mark_as_guess(cause) if says_little else cause
    is_value = isinstance(got[failed], Tensor | Real | list | tuple)
    if view.see is not run or not is_value or any(count_stubs(part)[0] for part in got):
        return ""
    for cause in known_mistakes:
        if _has_same_errors(got, values_of_mistake(cause), right):
            return _mark_as_guess(cause)
    telling = [k for k in range(len(got)) if not isinstance(got[k], str | None)]
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
    if name_non_finite(got[failed], right[failed]):
        return ""
    is_same_kind = _is_same_kind(got[failed], right[failed])
    can_relate = is_same_kind or not isinstance(right[failed], Real)
    relation = find_relation(got, right, calls) if can_relate else ""
    found = (
        found
        or ("" if relation in VAGUE_RELATIONS else _mark_as_guess(relation))
        or (find_unused_arguments(quiet, sound, calls) if is_same_kind else "")
        or _mark_as_guess(find_other_arguments(got, right, calls, reference))
        or relation
    )
    return found or (RIGHT_SO_FAR if failed else "")


def _is_same_kind(got: object, right: object) -> bool:
    """Return True for two lists, or for two tensors, or for a tensor or number and a number."""
    if isinstance(right, list | tuple):
        return isinstance(got, list | tuple)
    return isinstance(got, Tensor if isinstance(right, Tensor) else Tensor | Real)


def _mark_as_guess(words: str) -> str:
    return words and f"perhaps {words} (this fits all of your wrong results)"


def _has_same_errors(
    got: Sequence[object], mistake: Sequence[object], right: Sequence[object]
) -> bool:
    """Return True if each entry is, in all calls, either right or equal to the mistake's entry.

    Args:
        got: result of the answer for each call.
        mistake: result of a known mistake for each call.
        right: right result for each call.
    """
    if all(map(is_same, got, mistake)) or all(map(is_same, got, right)):
        return True
    results = [*got, *mistake, *right]
    are_lists = all(isinstance(result, list | tuple) for result in results)
    if not are_lists or len({*map(len, results)}) != 1:
        return False
    entries = (zip(*calls, strict=True) for calls in (got, mistake, right))
    return all(map(_has_same_errors, *entries))
