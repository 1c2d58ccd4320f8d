"""Models for the tests of exercises 5.4 and 9.4, and words of the expected causes."""

import torch

from made_course import Bernoulli


class InALine:
    """A model made from two functions: rows to logits, and logits to a log-probability."""

    def __init__(self, logits, reduce=lambda log_p: log_p.sum(1)):
        self.logits, self.reduce = logits, reduce

    def __call__(self, x):
        return self.logits(x)

    def log_prob(self, x):
        return self.reduce(Bernoulli().log_prob(self.logits(x)[..., None], x))


IN_A_LINE = {
    "this is an autoencoder that sees its answer": InALine(lambda x: 6 * x - 3),
    "see one another in a cycle": InALine(lambda x: 4 * (x.roll(1, 1) + x.roll(-1, 1)) - 4),
    "because you returned the NLL": InALine(torch.zeros_like, lambda log_p: -log_p.sum(1)),
    "Did you take a mean": InALine(torch.zeros_like, lambda log_p: log_p.mean(1)),
    "returned one number for all": InALine(torch.zeros_like, lambda log_p: log_p.sum(1).mean()),
    "this is the NLL of a fair coin for each": InALine(torch.zeros_like),
}
