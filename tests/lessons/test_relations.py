"""Each change of a right result gets its own words, if it is made in two calls."""

import math

import pytest
import torch

from made_lessons.checking.relations import find_relation

ORDER = torch.tensor([3, 1, 4, 2])
MATRICES = [torch.rand(3, 4, generator=torch.Generator().manual_seed(k)) + 0.3 for k in (0, 1)]
OF_MATRICES = [
    (lambda r: -r, "the sign is wrong"),
    (torch.exp, "exp of the right result"),
    (torch.log, "the logarithm of the right result"),
    (lambda r: r / math.log(2), "these are bits"),
    (lambda r: r * math.log(10), "ln 10 = 2.303 times the right result"),
    (lambda r: r / math.log(10), "this comes from logarithms to base 10"),
    (lambda r: r * math.log10(2), "a logarithm to base 10, but base 2 is expected"),
    (lambda r: 1 / r, "1 divided by the right result"),
    (torch.floor, "rounded down"),
    (lambda r: r.round(decimals=1), "this is rounded"),
    (lambda r: r + 1, "one too large"),
    (lambda r: r - 1, "one too small"),
    (lambda r: 1 - r, "1 minus the right one"),
    (lambda r: r + 0.37, "wrong by the same amount"),
    (lambda r: 1.7 * r, "wrong by the same factor"),
    (lambda r: 4 * r, "order.shape[0] times too large"),
    (lambda r: r / 4, "divided by order.shape[0]"),
    (lambda r: r.T, "transposed"),
    (lambda r: -r.T, "swapped. Also, the sign is wrong"),
    (lambda r: torch.stack([r - 1, 0 * r + 1]), "must still be summed over dimension 0"),
    (lambda r: torch.stack([r - 1, r + 1], 2), "must still be averaged over dimension 2"),
    (lambda r: r.cumsum(1), "running sums along dimension 1"),
    (lambda r: r.flip(0), "reversed along dimension 0"),
    (lambda r: r.roll(1, 1), "shifted by one position along dimension 1"),
    (lambda r: r.roll(-1, 0), "shifted by one position along dimension 0"),
    (lambda r: r[:, ORDER - 1], "the columns are right, but permuted by `order`"),
    (lambda r: r[0], "only the first of the rows"),
    (lambda r: r[:, -1], "only the last of the columns"),
    (lambda r: r.sum(1), "the sum over dimension 1"),
    (lambda r: r.mean(0), "the mean over dimension 0"),
    (torch.sum, "the sum over all numbers"),
    (torch.mean, "the mean over all numbers"),
    (lambda r: r[None], "an extra dimension of size 1"),
    (torch.flatten, "a tensor with 2 dimensions"),
    (lambda r: r[1:], "the first entry is missing"),
    (lambda r: r[:-1], "the last entry is missing"),
    (lambda r: r[[0, 0, 1, 2]], "one entry too many. Without the first"),
    (lambda r: r[[0, 1, 2, 2]], "one entry too many. Without the last"),
]
OF_STACKS = lambda r: r.flip(2), "reversed along dimension 2"
OF_VECTORS = [
    (lambda r: r.flip(0), "the order is reversed"),
    (lambda r: r[ORDER - 1], "the entries are right, but permuted by `order`"),
    (lambda r: r[0], "only the first of the entries"),
    (lambda r: r.sum(), "the sum over all entries"),
    (lambda r: r.view(2, 2), "a tensor with 1 dimension"),
]
OF_MASKS = [
    (lambda r: ~r, "the opposite of the right one"),
    (lambda r: r | (torch.arange(4) == 0), "must be True is True, but so are some others"),
    (lambda r: r & (torch.arange(4) == 0), "must be False is False, but so are some others"),
    (lambda r: r.float(), "their dtype is torch.float32"),
]
OF_LISTS = [
    (lambda r: r[::-1], "the list is in reverse order"),
    (lambda r: [r[1], r[0], r[2]], "in the wrong order"),
    (lambda r: r[:1], "only the first entry is there"),
    (lambda r: r[::2], "only the first and the last entry"),
    (lambda r: torch.cat(r), "you joined them into one tensor"),
    (lambda r: [-part for part in r], "the sign is wrong"),
]
TRIED = [
    *[(MATRICES, *row) for row in OF_MATRICES],
    *[([matrix[0] for matrix in MATRICES], *row) for row in OF_VECTORS],
    ([matrix.view(2, 3, 2) for matrix in MATRICES], *OF_STACKS),
    ([(matrix > 0.8).float() for matrix in MATRICES], torch.Tensor.bool, "dtype is torch.bool"),
    *[([matrix > 0.8 for matrix in MATRICES], *row) for row in OF_MASKS],
    *[([[*matrix] for matrix in MATRICES], *row) for row in OF_LISTS],
]


@pytest.mark.parametrize(("right", "change", "words"), TRIED, ids=[row[2] for row in TRIED])
def test_a_change_gets_its_words(right, change, words):
    assert words in find_relation([*map(change, right)], right, [{"order": ORDER}] * 2)


def test_a_relation_holds_in_all_wrong_calls():
    first, second = MATRICES
    assert "the sign is wrong" in find_relation([first, -second], MATRICES, [{}] * 2)
    assert find_relation([-first, second + 1], MATRICES, [{}] * 2) == ""
    assert find_relation(MATRICES, MATRICES, [{}] * 2) == ""
