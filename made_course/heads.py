"""What an output of the network means: parameters in, log-probabilities and samples out.

A head knows nothing of masks, layers or orderings. It looks at each variable by itself, so that the
autoregressive property is the network's business alone.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.distributions import Bernoulli as BernoulliDistribution


class Bernoulli:
    r"""Binary variables: the network's output z is the logit of :math:`p(x = 1)`.

    .. math::
        \log p(x) = x \log \sigma(z) + (1 - x) \log(1 - \sigma(z))

    Source:
        Germain et al. 2015, "Distribution Estimation as Autoregression".

    Example:
        >>> head = Bernoulli()
        >>> head.log_prob(torch.zeros(1, 2), torch.tensor([[0.0, 1.0]])).exp()
        tensor([[0.5000, 0.5000]])
        >>> head.sample(torch.zeros(3), torch.tensor([0.4, 0.5, 0.6]))  # 1 where u <= p
        tensor([1., 1., 0.])
    """

    def log_prob(self, logits: Tensor, x: Tensor) -> Tensor:
        """Log-probability of each variable, in nats; shapes are equal, nothing is summed.

        Stable for logits of any size: the logarithm of the sigmoid is never taken of a rounded 0.
        """
        return BernoulliDistribution(logits=logits, validate_args=False).log_prob(x)

    def sample(self, logits: Tensor, u: Tensor) -> Tensor:
        """One value for each uniform number u in [0, 1): 1 where u ≤ σ(z), else 0."""
        return (u <= torch.sigmoid(logits)).to(logits.dtype)

    def check(self, x: Tensor) -> None:
        """Raise ValueError unless every value is 0 or 1."""
        if not torch.equal(x, (x != 0).to(x.dtype)):
            wrong = x[(x != 0) & (x != 1)]
            raise ValueError(
                f"binary data must hold only 0 and 1, got {wrong[0].item()} and {len(wrong) - 1} "
                "more such values: binarise first, for example (x > 0.5).float()"
            )

    def __repr__(self) -> str:
        return "Bernoulli()"
