import math

import pytest
import torch
from torch import nn

from made_course import Categorical, Transformer
from made_lessons.notebook_10.texts import decode, encode, load_text, nats_per_character
from tests.lessons.checking import right, wrong


def test_a_mean_over_earlier_positions():
    def place_by_place(query, key, value, gather=torch.stack):
        means = torch.zeros_like(value)
        for b in range(len(query)):
            for t in range(query.shape[1]):
                scores = [query[b, t] @ key[b, s] / query.shape[2] ** 0.5 for s in range(t + 1)]
                means[b, t] = gather(scores).softmax(0) @ value[b, : t + 1]
        return means

    right("10.1", place_by_place)
    wrong("10.1", lambda *qkv: place_by_place(*qkv, torch.tensor), "gradient of query")


def test_the_shift():
    def by_writing(h, start):
        moved = h.roll(1, 1)
        moved[:, 0] = start
        return moved

    right("10.2", by_writing)


def test_the_novel_is_read_from_its_first_to_its_last_sentence():
    train, valid, test = load_text()
    alphabet = "".join(sorted(set(train)))
    assert len(alphabet) == 74
    assert decode(encode(valid, alphabet), alphabet) == valid
    assert train.startswith("It is a truth universally acknowledged")
    assert test.endswith("Kitty and Lydia.")


def test_a_coin_costs_ln_2_per_character():
    model = Transformer(4, width=8, layers=1, heads=1, head=Categorical(2))
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    nats = nats_per_character(model, torch.tensor([0, 1, 1, 0, 0, 1]))
    assert nats == pytest.approx(math.log(2))
