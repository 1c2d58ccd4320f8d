"""Errors that PyTorch, NumPy and Python raise for mistakes, and how the check explains them."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn, ones

from made_lessons.checking.torch_errors import explain_error

CROSS_ENTROPY, WHOLE = "F.cross_entropy expects", "an index must be a whole number"
SHAPES, STACKS = "the shapes of these tensors do not fit together. From", "a product of stacks"
PRODUCT, SINGLE = "in a matrix product, the left matrix", "a single number is needed"
IN_PLACE = "a tensor was changed in place"


class NotBegun(nn.Module):
    def __init__(self, **parts):
        for name, part in parts.items():
            setattr(self, name, part)


def changed_too_early():
    y = ones(3, requires_grad=True).exp()
    y += 1
    y.sum().backward()


def unpacked():
    first, second = [1, 2, 3]
    return first, second


SAID = [
    (lambda: ones(2, 2).bool() @ ones(2, 2).bool(), "PyTorch cannot multiply matrices of bools"),
    (lambda: ones(2, 3) @ ones(2, 3), "@ is the matrix product, and both"),
    (lambda: ones(2, 3) @ ones(2, 4), PRODUCT),
    (lambda: ones(2, 3) @ ones(2), PRODUCT),
    (lambda: ones(2) @ ones(3), PRODUCT),
    (lambda: ones(2, 3, 4) @ ones(2, 3, 4), STACKS),
    (lambda: NotBegun(layer=nn.Linear(1, 1)), "your __init__ must first call"),
    (lambda: [*NotBegun().parameters()], "your __init__ must first call"),
    (lambda: NotBegun()(1), "your __init__ must first call"),
    (lambda: ones(4) - ones(3), "the shapes of these tensors do not fit together entry by entry"),
    (lambda: ones(2, 4) - ones(2, 3), SHAPES),
    (lambda: ones(2).expand(4, 3), SHAPES),
    (lambda: ones(3).add_(ones(2, 3)), SHAPES),
    (lambda: ones(3).index_put_((torch.tensor([0, 1]),), ones(3)), SHAPES),
    (lambda: F.cross_entropy(ones(2, 3, 4), ones(2, 3).long()), CROSS_ENTROPY),
    (lambda: F.cross_entropy(ones(2, 3, 4), ones(2, 4)), CROSS_ENTROPY),
    (lambda: torch.randint(3, 3, (2,)), "torch.randint(low, high, …) draws from low to high − 1"),
    (unpacked, "the list can be longer or shorter"),
    (lambda: len(None), "a value is None"),
    (lambda: ones(3) + None, "a value is None"),
    (lambda: ones(3)[1.0], WHOLE),
    (lambda: ones(3)[ones(3)], WHOLE),
    (lambda: [1, 2][float(1)], WHOLE),
    (lambda: [1, 2][ones(1)], WHOLE),
    (lambda: ones(3).gather(0, ones(3)), WHOLE),
    (lambda: nn.Parameter(ones(3)).add_(1), IN_PLACE),
    (changed_too_early, IN_PLACE),
    (lambda: ones(3).long().add_(0.5), IN_PLACE),
    (lambda: ones(2, 3) @ ones(3, 2).long(), "two tensors have different dtypes"),
    (lambda: ones(1, 2, 3) @ ones(1, 3, 2).double(), "two tensors have different dtypes"),
    (lambda: ones(3)[3], "an index is too large"),
    (lambda: [1][3], "an index is too large"),
    (lambda: bool(ones(2)), SINGLE),
    (lambda: math.exp(ones(2)), SINGLE),
    (lambda: ones(2).item(), SINGLE),
    (lambda: ones(3)[ones(2).bool()], "a tensor of bools that is used as an index"),
    (lambda: [1, 2].sum(), "a list is not a tensor"),
    (lambda: torch.sigmoid([1]), "a list is not a tensor"),
    (lambda: torch.exp(np.ones(2)), "a NumPy array is not a tensor"),
    (lambda: np.exp(ones(2, requires_grad=True)), "a NumPy array is not a tensor"),
    (lambda: torch.log(2), "this function needs a tensor"),
    (lambda: not_there, "is this name spelled"),  # noqa: F821
    (lambda: torch.stack([ones(2), ones(3)]), "torch.stack needs tensors"),
    (lambda: torch.cat([ones(2, 2), ones(2, 3)]), "torch.stack needs tensors"),
    (lambda: torch.cat([ones(2, 2), ones(2)]), "torch.cat needs tensors with the same number"),
    (lambda: ~ones(2), "~ needs bools"),
    (lambda: torch.distributions.Normal(ones(2), 1).log_prob(ones(3)), SHAPES),
    (lambda: F.binary_cross_entropy(3 * ones(2), ones(2)), "binary_cross_entropy takes prob"),
    (lambda: 1 / 0, "the divisor is 0"),
    (lambda: ones(2).sum(2), "the tensor has fewer dimensions"),
    (lambda: ones(6).view(4, 2), "the tensor has a different number"),
]


@pytest.mark.parametrize(("mistake", "meaning"), SAID, ids=range(len(SAID)))
def test_the_meaning_of_an_error_is_shown(mistake, meaning):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        mistake()
    assert explain_error(caught.value).startswith(meaning), caught.value
