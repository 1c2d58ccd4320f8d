"""One or more of each head, and one of a reader's own: what holds for all is tested with these."""

import torch

from made_course import Bernoulli, Categorical, Head, MixtureOfGaussians


class Poisson(Head):
    """Counts, as the docstring of Head writes them."""

    params_per_variable = 1

    def log_prob(self, params, x):
        rate = params[..., 0].exp()
        return torch.distributions.Poisson(rate, validate_args=False).log_prob(x)

    def sample(self, params, u):
        counts = torch.arange(100.0)
        p = self.log_prob(params[..., None, :], counts).exp()
        return (u[..., None] > p.cumsum(-1)).sum(-1).to(params.dtype)

    def encode(self, x):
        return torch.log1p(x)[..., None]


HEADS = [
    Bernoulli(),
    Categorical(2),
    Categorical(5),
    MixtureOfGaussians(1),
    MixtureOfGaussians(3),
    Poisson(),
]
