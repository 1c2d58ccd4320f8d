import pytest
import torch

from made_lessons.checking.edited_source import edit_source
from made_lessons.checking.variants import shuffle
from made_lessons.notebook_04.masked_layer import MaskedLinear
from made_lessons.notebook_06.what_a_step_computes import to_compute


def test_a_class_is_edited_with_all_its_methods():
    doubled = edit_source(MaskedLinear, "self.weight *", "2 * self.weight *")(2, 1, False)
    right = MaskedLinear(2, 1, False)
    right.load_state_dict(doubled.state_dict())
    x = torch.rand(3, 2)
    assert torch.equal(doubled(x), 2 * right(x))


def test_its_own_name_is_that_of_the_right_answer():
    early = edit_source(to_compute, "return [", "return to_compute(degrees, t - 1) + [")
    degrees = [torch.tensor([2, 1, 3]), torch.tensor([1, 2])]
    assert len(early(degrees, 2)) == 2 * len(to_compute(degrees, 2))


@pytest.mark.parametrize(("text", "count"), [("keys[0]", 0), ("position", 6)])
def test_a_text_that_does_not_occur_once_is_refused(text, count):
    with pytest.raises(ValueError, match=f"'.*' must occur once in shuffle, but it occurs {count}"):
        edit_source(shuffle, text, "")
