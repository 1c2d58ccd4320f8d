"""Orderings as text: what is written can be read, and a reader may type it in many ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_course.words import check_names, read_ordering, variable_names, write_ordering

NAMES = st.text(st.characters(codec="utf-8", exclude_characters=","), min_size=1).filter(
    lambda word: word.strip() and word.isprintable()
)


def typed(name):
    """A name without subscripts and with single spaces, as it is compared."""
    return " ".join(name.translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")).split())


@given(st.lists(NAMES, min_size=1, max_size=6, unique_by=typed), st.randoms())
def test_what_is_written_can_be_read(names, random):
    ordering = random.sample(range(len(names)), len(names))
    assert check_names(names, len(names)) == names
    text = write_ordering(ordering, names)
    assert read_ordering(text.replace(", ", " ,  "), names) == ordering


def test_an_ordering_may_be_typed_in_many_ways():
    for text in ("x2 x3 x1", "x₂,x₃,x₁", " x2,,x₃\tx1, ", "x2 , x3 x1"):
        assert read_ordering(text, variable_names(3)) == [1, 2, 0]
    names = ["rain", "wet grass", "x1"]
    assert read_ordering("x2, rain, x3", names) == [1, 0, 2]  # by number where no name says else
    with pytest.raises(ValueError, match="missing x₂, x₃.*, x₁₂ and 772 more$"):
        read_ordering("x1", variable_names(784))
