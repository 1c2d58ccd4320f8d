"""Orderings, degrees, masks and connectivity; their checks also fail for a leak."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from made_course import (
    build_masks,
    connectivity,
    direct_mask,
    draw_degrees,
    hidden_degrees,
    input_degrees,
)
from made_course.model.masks import DEGREE_DRAWS, find_ordering


def ints(rows):
    return torch.as_tensor(rows).int().tolist()


def masks_with_a_leak(degrees):
    """Return masks with the mistake that the course warns of: ``>=`` at the output too."""
    return [*build_masks(degrees)[:-1], degrees[0][:, None] >= degrees[-1][None, :]]


@st.composite
def orderings(draw, largest=9):
    return draw(st.permutations(range(draw(st.integers(1, largest)))))


def in_groups(ordering, size):
    return [sorted(ordering[t : t + size]) for t in range(0, len(ordering), size)]


@st.composite
def all_degrees(draw, largest=9):
    """Draw any valid degrees of the inputs and of 0 to 3 hidden layers."""
    order = input_degrees(in_groups(draw(orderings(largest)), draw(st.integers(1, 2))))
    degree = st.integers(1, max(len(order) - 1, 1))
    layers = draw(st.lists(st.lists(degree, min_size=1, max_size=12), max_size=3))
    return [order, *map(torch.tensor, layers)]


# ---- orderings ----------------------------------------------------------------------------------


@given(orderings(largest=40), st.integers(2, 6))
@settings(max_examples=50)
def test_degrees_are_the_inverse_of_the_ordering(ordering, size):
    order = input_degrees(tuple(ordering))
    assert order.dtype == torch.int64
    assert [order[variable] for variable in ordering] == list(range(1, len(ordering) + 1))
    assert torch.equal(input_degrees(torch.tensor(ordering, dtype=torch.int16)), order)
    assert find_ordering(order) == ordering
    groups = in_groups(ordering, size)
    steps = input_degrees([[], *groups])  # an empty group has no variables
    assert torch.equal(input_degrees(tuple(map(tuple, groups))), steps)
    for step, group in enumerate(groups, 1):
        assert steps[group].eq(step).all()
    assert find_ordering(steps) == (groups if len(ordering) > 1 else ordering)


@pytest.mark.parametrize(
    ("error", "message", "ordering"),
    [
        (ValueError, r"of 0\.\.2, got \[0, 0, 1\]\. Count variables .* each once$", [0, 0, 1]),
        (ValueError, r"a permutation of 0\.\.2, got \[1, 2, 3\]\. ", [1, 2, 3]),
        (ValueError, r"a permutation of 0\.\.2, got \[2, 2, 1\]\. ", ((2, 2), (1,))),
        (ValueError, r"got shape \(3, 1\)\. Count ", torch.tensor([[0], [1], [2]])),
        (ValueError, r"got \[0(, 0){9}\]\. ", [0] * 10),
        (ValueError, r"got \[0(, 0){9}\]\.\.\.\. ", [0] * 11),  # a long ordering is cut
        (TypeError, r"a tensor or a list of variables, got .*1.*2.*0", "120"),
        (TypeError, r"a tensor or a list of variables, got \[\[1, 2\], 0\]", [[1, 2], 0]),
    ],
)
def test_invalid_orderings_are_refused(error, message, ordering):
    with pytest.raises(error, match=f"^ordering must be .*{message}"):
        input_degrees(ordering, 3)


# ---- hidden degrees -----------------------------------------------------------------------------


@given(orderings(largest=12), st.integers(2, 6), st.integers(0, 10**6))
def test_in_groups_a_unit_has_the_degree_of_the_last_that_it_knows_whole(ordering, size, seed):
    for draw in DEGREE_DRAWS:
        known, degrees = (
            draw_degrees(input_degrees(o), [20, 5], draw, torch.Generator().manual_seed(seed))
            for o in (ordering, in_groups(ordering, size))
        )
        last = max(len(degrees[0].unique()) - 1, 1)
        for one_by_one, layer in zip(known[1:], degrees[1:], strict=True):
            assert torch.equal(layer, (one_by_one // size).clamp(1, last))


@pytest.mark.parametrize(
    ("draw", "below", "drawn"),
    [
        ("uniform", [3], {1, 2, 3, 4}),  # those of degree 1 and 2 see nothing
        ("paper", [3, 4], {3, 4}),
    ],
)
def test_every_degree_that_can_be_is_drawn_as_often(draw, below, drawn):
    found = hidden_degrees(torch.tensor(below), 1000, 5, draw)
    assert set(found.tolist()) == drawn
    counts = torch.bincount(found)[min(drawn) :]
    assert counts.min() > 800 / len(drawn)  # 3.6 standard deviations from the expected count


@given(st.integers(2, 400), st.integers(0, 300))
@settings(max_examples=25)
def test_even_degrees_are_all_there_when_the_layer_is_wide_enough(input_dim, more):
    top = input_dim - 1
    degrees = hidden_degrees(torch.ones(1), top + more, input_dim, "even")
    assert set(degrees.tolist()) == set(range(1, top + 1))
    assert hidden_degrees(torch.ones(1), 4, 10, "even").tolist() == [1, 4, 6, 9]  # or span them


# ---- masks and connectivity ---------------------------------------------------------------------


@given(all_degrees())
def test_masks_compare_degrees_entry_by_entry(degrees):
    masks = build_masks(degrees)
    assert all(mask.dtype == torch.bool for mask in masks)
    for mask, below, above in zip(masks, degrees, [*degrees[1:], degrees[0]], strict=True):
        is_output = mask is masks[-1]
        assert ints(mask) == [
            [int(to > come if is_output else to >= come) for come in below.tolist()]
            for to in above.tolist()
        ]
    (alone,) = build_masks([degrees[0]])
    assert torch.equal(direct_mask(degrees[0]), alone)


def units_reached(masks, unit):
    """Follow a unit upwards, mask by mask: another way to find the connectivity."""
    units = {unit}
    for mask in masks:
        units = {k for k, row in enumerate(mask.tolist()) if any(row[u] for u in units)}
    return units


@given(all_degrees(largest=6), st.booleans())
def test_connectivity_is_what_following_every_path_finds(degrees, is_direct):
    masks, order = build_masks(degrees), degrees[0]
    reached = connectivity(masks, direct_mask(order) if is_direct else None)
    assert reached.dtype == torch.bool
    assert not (reached & ~direct_mask(order)).any(), "it sees itself or a later variable"
    for j in range(len(order)):
        outputs = units_reached(masks, j)
        if is_direct:
            outputs |= set((order > order[j]).nonzero().ravel().tolist())
        assert set(reached[:, j].nonzero().ravel().tolist()) == outputs


@given(orderings(), st.integers(0, 3), st.integers(0, 5))
@settings(max_examples=50)
def test_all_that_may_be_reached_is_reached_when_every_layer_has_every_degree(
    ordering, depth, more
):
    order = input_degrees(ordering)
    degrees = draw_degrees(order, [len(order) + more] * depth, "even")
    assert torch.equal(connectivity(build_masks(degrees)), direct_mask(order))


def test_paths_are_counted_without_overflow():
    """Use more paths than 8-bit and 16-bit integers can count."""
    wide = 256
    masks = [torch.ones(wide, 1), torch.ones(wide, wide), torch.ones(1, wide)]
    assert connectivity([mask.to(torch.uint8) for mask in masks]).item() is True


@pytest.mark.parametrize(
    ("error", "message", "masks", "direct"),
    [
        (ValueError, r"^connectivity needs at least one mask, got none$", [], None),
        (TypeError, r"^a mask must be a torch\.Tensor, got list$", [[[1, 0], [1, 1]]], None),
        (ValueError, r"have two dimensions .*, got \(1, 2, 3\)", [torch.ones(1, 2, 3)], None),
        *(
            (ValueError, "^a mask must hold only 0 and 1", [torch.full((3, 3), value)], None)
            for value in (torch.nan, -1.0, 0.5, 2.0)
        ),
        (
            ValueError,
            r"^a mask of shape \(3, 2\) cannot follow a layer of 4 units: masks are \(out",
            [torch.ones(4, 3), torch.ones(3, 2)],
            None,
        ),
        (ValueError, r"must have shape \(3, 3\).*, got \(2, 2\)", [torch.eye(3)], torch.eye(2)),
    ],
)
def test_invalid_masks_are_refused(error, message, masks, direct):
    with pytest.raises(error, match=message):
        connectivity(masks, direct)
