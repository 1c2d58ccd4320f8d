import pytest
import torch

from made_course import MADE
from tests.lessons.checking import right, wrong


def test_leaky():
    def in_another_ordering(x):  # x₃, x₁, x₂, with numbers from a table
        table = torch.tensor([[0.3, -2.0], [1.5, 0.25]])
        x1, _, x3 = x.long().T
        return torch.stack([2.0 * x3 - 1, table[x1, x3], torch.full((len(x),), 0.7)], dim=1)

    said = right("2.2", in_another_ordering)
    assert said == "Leaks: output x₂ sees x₁, output x₂ sees x₃. Still, Σp = 1."
    assert "output x₂ sees x₁" in right("2.2", MADE(3, (8,), ordering=[0, 1, 2], degrees="even"))


def test_leaky_without_any_ordering():
    """Let output x₁ see x₁: its logit is too high if x₂ = 1, and too low if x₂ = 0."""

    def balanced(x):
        x1, x2, _ = x.unbind(1)
        return torch.stack([(2 * x2 - 1) * x1, 0 * x1, 0 * x1], dim=1)

    assert "output x₁ sees x₁" in right("2.2", balanced)


def test_wrong_leaky_networks_get_a_cause():
    wrong("2.2", lambda x: x.flip(0), "each row of the result")
    wrong("2.2", lambda x: x + torch.rand_like(x), "without random numbers")
    wrong("2.2", lambda x: x.log(), "must be finite")


@pytest.mark.parametrize("honest", [{1}, {1, 2}])
def test_an_answer_that_is_honest_only_in_some_calls_shows_no_leak_there(honest):
    calls = []

    def answer(x):
        calls.append(len(x))
        x1, x2, x3 = x.unbind(1)
        if len(calls) in honest:
            return torch.stack([2 * x2, 0 * x2, 1 - x2], dim=1)
        return torch.stack([3 * x1, 3 * x1, 3 * x3], dim=1)

    wrong("2.2", answer)
