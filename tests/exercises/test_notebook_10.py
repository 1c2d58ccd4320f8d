import math

import torch
import torch.nn.functional as F

from tests.exercises.checking import right, wrong


def test_a_mean_over_earlier_places():
    right("10.1", lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True))

    def place_by_place(query, key, value):
        means = []
        for t in range(len(query)):
            weights = [(query[t] @ key[s]).item() / query.shape[1] ** 0.5 for s in range(t + 1)]
            weights = [math.exp(w - max(weights)) for w in weights]
            means.append(sum(w * value[s] for s, w in enumerate(weights)) / sum(weights))
        return torch.stack(means)

    right("10.1", place_by_place)


def test_the_shift():
    def by_writing(h, start):
        moved = h.roll(1, 1)
        moved[:, 0] = start
        return moved

    right("10.2", by_writing)


def test_one_more_place_is_the_last_row_of_all():
    def all_anew(query, key, value, keys, values):
        keys, values = torch.vstack([keys, key]), torch.vstack([values, value])
        return F.scaled_dot_product_attention(query[None], keys, values)[0], keys, values

    right("10.3", all_anew)
    wrong("10.3", lambda q, k, v, keys, values: v, "must be a tuple")


def test_one_number_three_names():
    right("10.4", lambda nats, n_bytes, n_tokens: (math.log2(math.e) * nats / n_bytes,
                                                   (math.e ** nats) ** (1 / n_tokens)
                                                   if nats < 700 else math.exp(nats / n_tokens)))
