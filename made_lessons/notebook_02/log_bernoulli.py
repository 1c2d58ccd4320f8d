"""The log-probability of rows by logits, which all exercises of the notebook use."""

from __future__ import annotations

from torch import Tensor

from made_course.model.heads import Bernoulli


def log_bernoulli(logits: Tensor, x: Tensor) -> Tensor:
    """Log-probability of each row of zeros and ones: (B, D), (B, D) → (B,)."""
    if not bool(((x == 0) | (x == 1)).all()):
        raise ValueError("log_prob takes rows of zeros and ones: each variable is 0 or 1")
    return Bernoulli().log_prob(logits[..., None], x).sum(1)
