"""The fully visible sigmoid belief network: one logistic regression per variable."""

from __future__ import annotations

from ..model.made import MADE


def FVSBN(input_dim: int) -> MADE:
    r"""Return a fully visible sigmoid belief network, which is a MADE without hidden layers.

    .. math::
        p(x_i = 1 \mid x_{before}) = \sigma\Big(b_i + \sum_{j < i} W_{ij} x_j\Big)

    The ordering is the natural one, x₁ first. A single product with a strictly lower triangular
    matrix computes all D logistic regressions, because MADE's output mask is this triangle.

    Args:
        input_dim: number of variables D.

    Raises:
        TypeError or ValueError: if ``input_dim`` is not an integer of at least 1.

    Source:
        Neal 1992, "Connectionist learning of belief networks"; Frey, Hinton and Dayan 1996, "Does
        the wake-sleep algorithm produce good density estimators?" (with every variable visible).

    Example:
        >>> FVSBN(3).masks[0].int()
        tensor([[0, 0, 0],
                [1, 0, 0],
                [1, 1, 0]], dtype=torch.int32)
    """
    return MADE(input_dim, hidden_dims=())
