import torch

from tests.lessons.checking import right


def test_counting():
    def doubling(input_dim):
        sizes = [1]
        while len(sizes) < input_dim:
            sizes.append(2 * sizes[-1])
        return sizes

    right("1.1", doubling)
    right("1.1", lambda input_dim: tuple(1 << i for i in range(input_dim)))


def test_degrees():
    right("1.3", lambda ordering: torch.argsort(ordering) + 1)
    right("1.3", lambda o: torch.tensor([o.tolist().index(i) + 1 for i in range(len(o))]))
