import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from made_course import Categorical, Transformer
from made_lessons.notebook_10.texts import (
    CHARACTERS,
    compressed_nats,
    decode,
    encode,
    load_text,
    nats_per_character,
    ngram_nats,
)
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
    assert len(alphabet) == CHARACTERS
    assert decode(encode(valid, alphabet), alphabet) == valid
    assert train.startswith("It is a truth universally acknowledged")
    assert test.endswith("Kitty and Lydia.")


def test_a_coin_costs_ln_2_per_character():
    model = Transformer(4, width=8, layers=1, heads=1, head=Categorical(2))
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    nats = nats_per_character(model, torch.tensor([0, 1, 1, 0, 0, 1]))
    assert nats == pytest.approx(math.log(2))


def test_probabilities_of_an_n_gram_are_mixed_as_by_hand():
    """The characters after a are b, b, c, so p(b | a) = (2 + 2q) / 5, where q is b's 1-gram."""
    seen = "abacab"
    q = (2 + 3 / CHARACTERS) / 9  # of six characters, two are b, and there are three kinds
    nats = ngram_nats(seen, "ab", 2)
    first = (3 + 3 / CHARACTERS) / 9
    second = (2 + 2 * q) / 5
    assert nats == pytest.approx(-(math.log(first) + math.log(second)) / 2)


def test_a_program_that_does_not_compress_costs_eight_bits_per_character():
    program = SimpleNamespace(compress=lambda data: data)
    assert compressed_nats(program, "train", "test") == pytest.approx(8 * math.log(2))
