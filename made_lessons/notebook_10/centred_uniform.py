"""Random numbers for the cases of exercises 10.1 to 10.3."""

from torch import Tensor

from ..checking import uniform


def centred_uniform(key: str, *shape: int) -> Tensor:
    """Return uniform numbers between −2 and 2 that depend only on the key, not on the computer."""
    return 4 * uniform(key, *shape) - 2
