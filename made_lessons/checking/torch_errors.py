"""What some errors of Python and PyTorch mean, in a sentence on what to do."""

from __future__ import annotations

import re

_MEANINGS = {
    r"not implemented for 'Bool'": (
        "PyTorch multiplies no matrices of bools: make numbers of them first, by .long() or "
        ".float()"
    ),
    r"mat1 and mat2 shapes cannot be multiplied \((\d+x\d+) and \1\)": (
        "a matrix product of two matrices of the same shape: entry by entry it is *, not @, and "
        "as a matrix product one of them has to be transposed"
    ),
    r"shapes cannot be multiplied \(\d+x(\d+) and (\d+)x|size mismatch, got|inconsistent tensor": (
        "in a matrix product the left one has as many columns as the right one has rows. (The "
        "weight of a layer is (out, in), and F.linear transposes it.) Is one of them transposed, "
        "does a layer stand at another place, or is an entry-wise product meant, by *?"
    ),
    r"two dimensions of batch2|dimension other than 2": (
        "a product of stacks of matrices pairs the last axis of the left one with the last but one "
        "of the right one. To turn the right one round, .mT swaps the last two axes; .T would turn "
        "the others round, too"
    ),
    r"before Module\.__init__|no attribute '_(parameters|\w+_hooks)'": (
        "__init__ has to call that of nn.Module, which makes room for parameters and buffers: it "
        "begins with super().__init__(…)"
    ),
    r"at non-singleton dimension 0": (
        "these shapes do not go together, entry by entry. To pair each entry of x with each of "
        "another, give x a column axis: x[:, None]"
    ),
    r"must match the (size of|existing)|broadcast (shape|to)": (
        "these shapes do not go together: they are compared from the last axis on, where sizes "
        "must be equal, or 1"
    ),
    r"[Ee]xpected target (size|dtype)": (
        "F.cross_entropy wants the classes in dimension 1, (B, K, D): logits.transpose(1, 2). Its "
        "targets are whole numbers, x.long()"
    ),
    r"'from' to be less than 'to'": (
        "torch.randint(low, high, …) draws from low to high − 1, so low has to be less than high: "
        "is the smallest degree meant, and not the largest?"
    ),
    r"values to unpack": (
        "a list may have another length than in the example: go through it in a loop, or take its "
        "parts by an index such as [0], [1:] and [-1]"
    ),
    r"'NoneType'": "something is None in this case: ask `is not None` before it is used",
    r"used as ind|to an index|indices must be int|for index|valid indices": (
        "an index is a whole number: .long() for a tensor, int(…) or // for a number"
    ),
    r"inplace operation|in-place operation|can't be cast to the desired": (
        "a tensor was changed in place, by +=, x[…] = … or a method that ends in _: make a new "
        "tensor, out of place, such as total = total + term, and begin with floats"
    ),
    r"same dtype|scalar type": (
        "two dtypes meet here: bring both to the same one, such as by .to(other)"
    ),
    r"is out of bounds|index out of range": (
        "an index is too large, or below 0 where that is none: it counts from 0, so the last of n "
        "is n − 1"
    ),
    r"more than one value|one element tensors|elements cannot be converted to Scal": (
        "a single number is wanted here, and a tensor of several came: take one by an index, or "
        "keep to operations on whole tensors (where, &, |)"
    ),
    r"shape of the mask": (
        "a tensor of bools as an index selects entries. If it is meant as zeros and ones, make it "
        "whole numbers first: .long()"
    ),
    r"'(list|tuple)' object has no|must be Tensor, not (list|tuple)": (
        "a list is no tensor: torch.tensor or torch.stack makes one"
    ),
    r"numpy\(\)|numpy\.ndarray": (
        "an array of NumPy is no tensor: stay with torch, or make one by torch.from_numpy(…)"
    ),
    r"must be Tensor, not": "torch wants a tensor here: for a number it is math.log and the like",
    r"is not defined": "is this name spelt as where it was made, and was its cell run?",
    r"positional argument|unexpected keyword": (
        "leave the first line of the function as it was: the check hands over what stands there"
    ),
    r"equal size|Sizes of tensors must": (
        "torch.stack wants tensors of one shape, and torch.cat of shapes that differ along its "
        "dimension alone: look at each"
    ),
    r"should be between 0 and 1": (
        "binary_cross_entropy takes probabilities: binary_cross_entropy_with_logits takes logits"
    ),
    r"division by zero": (
        "what it is divided by is 0. Was an exp of a very low logarithm rounded to 0? Subtract the "
        "largest logarithm first, or take softmax"
    ),
    r"Dimension out of range": "the tensor has fewer dimensions than that: look at its .shape",
    r"is invalid for input of size": "another number of entries was there than the shape has",
}


def meaning_of(error: BaseException) -> str:
    """A sentence on what to do about an error; empty where none is known.

    Example:
        >>> meaning_of(RuntimeError("index 3 is out of bounds for dimension 0 with size 3"))
        'an index is too large, or below 0 where that is none: it counts from 0, so the last of ...'
    """
    return next((words for text, words in _MEANINGS.items() if re.search(text, str(error))), "")
