import itertools

import torch

from made_course import MADE
from tests.lessons.checking import right, wrong


def test_total():
    def one_by_one(log_prob, input_dim):
        total = 0
        for values in itertools.product([0.0, 1.0], repeat=input_dim):
            total += log_prob(torch.tensor([values])).exp()
        return total

    def from_digits(log_prob, input_dim):
        x = (torch.arange(2**input_dim)[:, None] >> torch.arange(input_dim)) & 1
        return log_prob(x.float()).logsumexp(0).exp()

    right("2.1", one_by_one)
    right("2.1", from_digits)
    wrong("2.1", lambda log_prob, input_dim: 1.0, "near_copy", "other values of")
    wrong("2.1", lambda log_prob, input_dim: log_prob(torch.eye(input_dim)), "must be a number")


def test_leaky():
    def in_another_ordering(x):  # x₃, x₁, x₂, with numbers from a table
        table = torch.tensor([[0.3, -2.0], [1.5, 0.25]])
        x1, _, x3 = x.long().T
        return torch.stack([2.0 * x3 - 1, table[x1, x3], torch.full((len(x),), 0.7)], dim=1)

    said = right("2.2", in_another_ordering)
    assert said == "Leaks: output x₂ sees x₁, output x₂ sees x₃; and yet Σp = 1."
    assert "output x₂ sees x₁" in right("2.2", MADE(3, (8,), ordering=[0, 1, 2], degrees="even"))


def test_leaky_without_any_ordering():
    """Output x₁ sees x₁: too much where x₂ = 1, and as much too little where x₂ = 0."""

    def balanced(x):
        x1, x2, _ = x.unbind(1)
        return torch.stack([(2 * x2 - 1) * x1, 0 * x1, 0 * x1], dim=1)

    assert "output x₁ sees x₁" in right("2.2", balanced)


def test_leaky_tells_what_is_wrong():
    found = wrong("2.2", lambda x: 2 * x, "output x₂ sees x₂")
    assert found.came == "2.632628"
    wrong("2.2", lambda x: torch.zeros(len(x)), "another shape")
    wrong("2.2", lambda x: torch.zeros(8, 3), "each row of the result")
    wrong("2.2", lambda x: x.flip(0), "each row of the result")
    wrong("2.2", lambda x: x + torch.rand_like(x), "without random numbers")
    wrong("2.2", lambda x: x.log(), "must be finite")
    wrong("2.2", lambda x: x.long(), "another dtype")
    wrong("2.2", lambda x: 1e-9 * x, "more than rounding")


def test_fvsbn():
    def by_distribution(weight, bias, ordering, x):
        place = torch.argsort(ordering)
        weight = torch.where(place[None, :] < place[:, None], weight, 0.0)
        return torch.distributions.Bernoulli(logits=bias + x @ weight.T).log_prob(x).sum(-1)

    def variable_by_variable(weight, bias, ordering, x):
        total = torch.zeros(len(x))
        for t, i in enumerate(ordering.tolist()):
            before = ordering[:t]
            p = torch.sigmoid(bias[i] + x[:, before] @ weight[i, before])
            total = total + torch.log(torch.where(x[:, i] == 1, p, 1 - p))
        return total

    right("2.3", by_distribution)
    right("2.3", variable_by_variable)
    wrong("2.3", lambda weight, bias, ordering, x: x, "other values of `weight`, `bias`")
