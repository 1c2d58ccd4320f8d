"""Explain errors of Python and PyTorch, and say how to correct them."""

import re

_SHAPES = "the shapes of these tensors do not fit together"
_EXPLANATIONS = {
    r"not implemented for 'Bool'": (
        "PyTorch cannot multiply matrices of bools. Convert them with .long() or .float() first"
    ),
    r"mat1 and mat2 shapes cannot be multiplied \((\d+x\d+) and \1\)": (
        "@ is the matrix product, and both matrices have the same shape. For a product entry by "
        "entry, use *. For a matrix product, transpose one of them"
    ),
    r"shapes cannot be multiplied \(\d+x(\d+) and (\d+)x|size mismatch, got|inconsistent tensor": (
        "in a matrix product, the left matrix must have as many columns as the right one has rows. "
        "(The weight of a layer is (out, in), and F.linear transposes it.) Is a matrix transposed, "
        "is a layer in the wrong position, or do you need *, the product entry by entry?"
    ),
    r"two dimensions of batch2|dimension other than 2": (
        "a product of stacks of matrices pairs the last axis of the left stack with the second to "
        "last axis of the right one. .mT swaps the last two axes, but .T reverses all of them"
    ),
    r"before Module\.__init__|no attribute '_(parameters|\w+_hooks)'": (
        "your __init__ must first call the __init__ of nn.Module, which a module needs before it "
        "can store parameters and buffers. Begin with super().__init__(…)"
    ),
    r"at non-singleton dimension 0": (
        f"{_SHAPES} entry by entry. To pair each entry of x with each entry of another tensor, "
        "make x a column with x[:, None]"
    ),
    r"must match the (size of|existing)|broadcast (shape|to)|not broadcastable": (
        f"{_SHAPES}. From the last axis on, sizes must be equal, or one of them must be 1"
    ),
    r"[Ee]xpected target (size|dtype)": (
        "F.cross_entropy expects the classes in dimension 1, (B, K, D), so use "
        "logits.transpose(1, 2). The targets must be whole numbers, x.long()"
    ),
    r"'from' to be less than 'to'": (
        "torch.randint(low, high, …) draws from low to high − 1, so low must be less than high. "
        "Did you use the largest degree instead of the smallest?"
    ),
    r"values to unpack": (
        "the list can be longer or shorter than in the example. Use a loop, or an index such as "
        "[0], [1:] or [-1]"
    ),
    r"'NoneType'": "a value is None in this case. Check `is not None` before you use it",
    r"used as ind|to an index|indices must be int|for index|valid indices": (
        "an index must be a whole number. Use .long() for a tensor, and int(…) or // for a number"
    ),
    r"inplace operation|in-place operation|can't be cast to the desired": (
        "a tensor was changed in place, by +=, x[…] = … or a method that ends in _. Make a new "
        "tensor instead, such as total = total + term, and start with floats"
    ),
    r"set_data": (
        "assigning to .data needs the same dtype and device. Copy the values with .copy_(…) in "
        "torch.no_grad()"
    ),
    r"same dtype|scalar type": (
        "two tensors have different dtypes. Convert one of them, for example with .to(other)"
    ),
    r"is out of bounds|index out of range": (
        "an index is too large or too small. Indices start at 0, so the last one of n is n − 1"
    ),
    r"more than one value|one element tensors|elements cannot be converted to Scal": (
        "a single number is needed, but the tensor has several. Select one with an index, or use "
        "operations on whole tensors (where, &, |)"
    ),
    r"shape of the mask": (
        "a tensor of bools that is used as an index selects entries. If you need zeros and ones, "
        "convert it with .long() first"
    ),
    r"'(list|tuple)' object has no|must be Tensor, not (list|tuple)": (
        "a list is not a tensor. Convert it with torch.tensor or torch.stack"
    ),
    r"numpy\(\)|numpy\.ndarray": (
        "a NumPy array is not a tensor. Use torch throughout, or convert it with "
        "torch.from_numpy(…)"
    ),
    r"must be Tensor, not": (
        "this function needs a tensor. For a number, use a function of the math module, such as "
        "math.log"
    ),
    r"is not defined": "is this name spelled correctly, and did you run the cell that defines it?",
    r"only implemented on integer and Boolean": (
        "~ needs bools, and this tensor has another dtype. Compare it first, as in x == 0"
    ),
    r"must have same number of dimensions": (
        "torch.cat needs tensors with the same number of dimensions. x[None] adds a first dimension"
    ),
    r"equal size|Sizes of tensors must": (
        "torch.stack needs tensors of the same shape, and torch.cat needs shapes that differ only "
        "along its dimension. Print the shapes"
    ),
    r"should be between 0 and 1": (
        "binary_cross_entropy takes probabilities; binary_cross_entropy_with_logits takes logits"
    ),
    r"division by zero": (
        "the divisor is 0. If it is exp of a very low logarithm, subtract the largest logarithm "
        "first, or use softmax"
    ),
    r"Dimension out of range": "the tensor has fewer dimensions than that. Look at its .shape",
    r"is invalid for input of size": "the tensor has a different number of entries than this shape",
}


def explain_error(error: BaseException) -> str:
    """Return an explanation of an error, or "" if there is none.

    Example:
        >>> explain_error(RuntimeError("index 3 is out of bounds for dimension 0 with size 3"))
        'an index is too large or too small. Indices start at 0, so the last one of n is n − 1'
    """
    return next((words for text, words in _EXPLANATIONS.items() if re.search(text, str(error))), "")
