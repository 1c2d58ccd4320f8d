"""What is read in a notebook that was handed in: the last check, its cells and its variant."""

import nbformat
import pytest

from made_course.exercises.hand_in import HAND_OVER, Unreadable, read


@pytest.fixture
def handed_in(tmp_path):
    def read_cells(*cells):
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        nbformat.write(made, tmp_path / "one.ipynb")
        return read(tmp_path / "one.ipynb")

    return read_cells


def handed_over(hand_in, name):
    """What the cells hand over first, as the grader takes it."""
    found = []
    names = {HAND_OVER: found.append}
    for cell in hand_in.needed(name):
        exec(cell, names)
    return found


@pytest.mark.parametrize(
    "cells",
    [
        ['check("1.1", 1)', 'check("1.1", 2)'],
        ['check("1.1", 1)\ncheck("1.1", 2)'],
        ['first = 1\ncheck("1.1", first)', 'second = first + 1\ncheck("1.1", second)'],
        ['check("1.1", 1, variant="ann")\nif True:\n    check("1.1", 2)'],
        ['if True:\n    check("1.1", 1, variant="ann")\ncheck("1.1", 2)'],
        ['check("1.1", 2)', 'check("1.2", 3)'],
        ['check("1.1", 1)\nnothing = check("1.1", 2)'],
    ],
)
def test_the_last_check_counts(handed_in, cells):
    hand_in = handed_in(*cells)
    assert handed_over(hand_in, "1.1") == [2]
    assert hand_in.variant("1.1") is None


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("", None),
        (", variant=None", None),
        (', variant="ann"', "ann"),
        (", variant=17", "17"),
    ],
)
def test_a_variant_is_read_in_the_last_check(handed_in, said, word):
    hand_in = handed_in('check("1.1", 1, variant="ben")', f'check("1.1", 2{said})')
    assert hand_in.variant("1.1") == word


@pytest.mark.parametrize("said", ["variant=me", "variant=str('ann')", "**{'variant': 'ann'}"])
def test_a_variant_that_only_a_run_would_tell_is_refused(handed_in, said):
    hand_in = handed_in(f'me = "ann"\ncheck("1.1", 1, {said})')
    with pytest.raises(Unreadable, match="in quotes"):
        hand_in.variant("1.1")
