import pytest

from made_lessons.checking.source_code import edit_source
from made_lessons.checking.variants import shuffle


@pytest.mark.parametrize(("text", "count"), [("keys[0]", 0), ("position", 6)])
def test_a_text_that_does_not_occur_once_is_refused(text, count):
    with pytest.raises(ValueError, match=f"'.*' must occur once in shuffle, but it occurs {count}"):
        edit_source(shuffle, text, "")
