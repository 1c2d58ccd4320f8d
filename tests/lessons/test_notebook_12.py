import itertools
import math

import pytest
import torch

from made_course import load_binarized_mnist
from made_lessons.notebook_12.combine_over_orderings import (
    combine_over_orderings,
    log_mean_exp,
    maximum,
    mean,
)
from made_lessons.notebook_12.cost_of_two import cost_of_two
from made_lessons.notebook_12.digits import draw_losses, load_network, mean_over_orderings
from made_lessons.notebook_12.made_on_boards import true_conditionals
from made_lessons.notebook_12.weight_of_the_loss import weighted_loss

D = 4
TABLE = -3 * torch.rand(2**D, D, 3, generator=torch.Generator().manual_seed(0)).double()


def every_ordering():
    """Return log p (D!, 3) of three boards in each ordering, by walking through the table."""
    rows = []
    for ordering in itertools.permutations(range(D)):
        known, total = 0, 0.0
        for i in ordering:
            total, known = total + TABLE[known, i], known | 1 << i
        rows.append(total)
    return torch.stack(rows)


@pytest.mark.parametrize("combine", [mean, log_mean_exp, maximum])
def test_the_dynamic_program_is_the_enumeration_of_all_orderings(combine):
    torch.testing.assert_close(combine_over_orderings(TABLE, combine), combine(every_ordering()))


def test_the_expected_loss_is_the_mean_over_all_orderings():
    """Average over all sets: each number of known pixels is equally likely."""
    by_count = [[] for _ in range(D)]
    for known in range(2**D - 1):
        marks = torch.tensor([[known >> i & 1 for i in range(D)]]).double()
        loss = weighted_loss(-TABLE[known, :, 0][None], marks)
        by_count[known.bit_count()].append(loss)
    expected = torch.stack([torch.cat(losses).mean() for losses in by_count]).mean()
    torch.testing.assert_close(expected, -every_ordering()[:, 0].mean())


def test_the_loss_of_hidden_pixels_has_known_ones_in_every_draw():
    hidden = torch.tensor([True, False, True, True])
    seen = []

    def network(x):
        seen.append(x[:, 4:])
        return torch.zeros(len(x), 4)

    loss = draw_losses(network, torch.ones(30, 4), hidden)
    torch.testing.assert_close(loss, torch.full((30,), 3 * math.log(2)))
    assert bool((seen[0][:, 1] == 1).all())
    assert seen[0].sum(1).unique().tolist() == [1, 2, 3]


def test_the_network_that_ships_knows_digits():
    torch.manual_seed(0)
    digits, hidden = load_binarized_mnist("small")[1][:200], torch.ones(784, dtype=torch.bool)
    assert 78 < mean_over_orderings(load_network(), digits, hidden, draws=4) < 88


def test_words_that_must_match_cost_what_their_share_says():
    joint = torch.zeros(2, 2)
    joint[0, 0] = joint[1, 1] = 0.5
    assert math.exp(-cost_of_two(joint)) == pytest.approx(0.5)


def test_one_row_that_is_not_uniform_determines_a_board():
    x, known = torch.zeros(2, 16), torch.zeros(2, 16)
    x[1, 0] = known[1, :4] = 1
    nothing, row = true_conditionals(x, known)
    assert nothing.tolist() == [0.5] * 16
    assert row.tolist() == [1.0, 0.0, 0.0, 0.0] * 4
