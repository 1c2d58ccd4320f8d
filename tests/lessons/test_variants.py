"""Variants: an exercise with other numbers, which depend only on the variant key."""

import copy
from itertools import permutations

import pytest

from made_lessons import check
from made_lessons.checking.catalogue import NOTEBOOKS, exercise_named, exercises_in
from made_lessons.checking.comparison import is_same
from made_lessons.checking.examine import examine
from made_lessons.checking.exercise import WrongAnswer
from made_lessons.checking.progress import solved_names
from tests.lessons.checking import wrong

VARIED = [e for n in NOTEBOOKS for e in exercises_in(n) if e.vary is not None]
VALUES = [e for e in VARIED if e.is_value]
FUNCTIONS = [e for e in VARIED if not e.is_value]
WORDS = ["maria", "ben", "s-17", "", "Ж", *(f"learner {k}" for k in range(7))]
of_each = pytest.mark.parametrize("exercise", VARIED, ids=lambda e: e.name)
of_values = pytest.mark.parametrize("exercise", VALUES, ids=lambda e: e.name)
of_functions = pytest.mark.parametrize("exercise", FUNCTIONS, ids=lambda e: e.name)


@of_each
def test_the_reference_is_right_in_every_variant(exercise):
    for word in WORDS if exercise.is_value else WORDS[:2]:
        variant = exercise.vary(exercise, word)
        examine(variant, variant.reference() if variant.is_value else variant.reference)


@of_values
def test_every_mistake_of_every_variant_is_named(exercise):
    for word in WORDS:
        variant = exercise.vary(exercise, word)
        for cause, mistake in variant.known_mistakes.items():
            assert wrong(variant, mistake).cause == cause, word


@of_functions
def test_a_variant_of_a_function_adds_cases(exercise):
    for word in WORDS:
        variant = exercise.vary(exercise, word)
        assert variant.cases[: len(exercise.cases)] == exercise.cases
        assert len(variant.cases) > len(exercise.cases)
        assert (variant.views, variant.known_mistakes) == (exercise.views, exercise.known_mistakes)


@of_values
def test_the_answer_to_another_variant_is_seldom_right(exercise):
    variants = [exercise.vary(exercise, word) for word in WORDS]
    for variant in variants:
        wrong(variant, exercise.reference())
    found = [is_right(one, other.reference()) for one, other in permutations(variants, 2)]
    assert sum(found) < 0.15 * len(found)


def is_right(exercise, answer):
    try:
        examine(exercise, answer)
    except WrongAnswer:
        return False
    return True


@of_functions
def test_added_cases_have_other_results_than_those_of_the_notebook(exercise):
    def results(cases):
        return [exercise.reference(*copy.deepcopy(case)) for case in cases]

    known = results(exercise.cases)
    for word in WORDS[:4]:
        added = results(exercise.vary(exercise, word).cases[len(known) :])
        assert not all(any(is_same(one, other) for other in known) for one in added)


@of_each
def test_a_variant_with_another_question_shows_it(exercise, capsys):
    check(exercise.name, ..., variant="maria")
    assert ("Your variant: " in capsys.readouterr().out) == exercise.is_value


def test_a_variant_is_not_remembered(capsys):
    check("3.1", exercise_named("3.1", "maria").reference(), variant="maria")
    assert "✓ 3.1" in capsys.readouterr().out
    assert solved_names() == []


def test_a_key_has_no_effect_without_variants(capsys):
    for exercise in (e for n in NOTEBOOKS for e in exercises_in(n) if e.vary is None):
        assert exercise_named(exercise.name, "maria") is exercise
    check("4.4", exercise_named("4.4").reference(), variant="maria")
    assert "✓ 4.4" in capsys.readouterr().out
    assert solved_names() == ["4.4"]
