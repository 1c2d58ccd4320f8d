"""Orderings, degrees, masks and connectivity, and that the checks of them can fail."""

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
from made_course.masks import DEGREE_DRAWS, check_mask, check_ordering

CYCLE = [1, 2, 0]  # x2, then x3, then x1: unlike a reversal, no inverse of itself
ORDER = [3, 1, 2]


def ints(rows):
    return torch.as_tensor(rows).int().tolist()


def masks_with_a_leak(degrees):
    """The masks with the mistake that the course warns of: ``>=`` at the output too."""
    return [*build_masks(degrees)[:-1], degrees[0][:, None] >= degrees[-1][None, :]]


@st.composite
def orderings(draw, largest=9):
    return draw(st.permutations(range(draw(st.integers(1, largest)))))


@st.composite
def all_degrees(draw, largest=9):
    """Degrees of the inputs and of 0 to 3 hidden layers, any there can be."""
    order = input_degrees(draw(orderings(largest)))
    degree = st.integers(1, max(len(order) - 1, 1))
    layers = draw(st.lists(st.lists(degree, min_size=1, max_size=12), max_size=3))
    return [order, *map(torch.tensor, layers)]


# ---- orderings ----------------------------------------------------------------------------------


def test_the_documents_ordering_and_its_degrees():
    assert input_degrees(torch.tensor(CYCLE)).tolist() == ORDER


@given(orderings(largest=40))
def test_degrees_are_the_inverse_of_the_ordering(ordering):
    order = input_degrees(ordering)
    assert order.dtype == torch.int64
    for step, variable in enumerate(ordering, start=1):
        assert order[variable] == step
    assert torch.argsort(order).tolist() == ordering


@pytest.mark.parametrize(
    "ordering",
    [CYCLE, tuple(CYCLE), torch.tensor(CYCLE), torch.tensor(CYCLE, dtype=torch.int16)],
    ids=["list", "tuple", "int64", "int16"],
)
def test_an_ordering_of_any_kind_comes_back_as_a_long_tensor(ordering):
    checked = check_ordering(ordering, 3)
    assert checked.dtype == torch.int64
    assert checked.tolist() == CYCLE


def test_an_ordering_of_one_variable():
    assert input_degrees([0]).tolist() == [1]


@pytest.mark.parametrize(
    ("ordering", "message"),
    [
        ([0, 0, 1], r"must be a permutation of 0\.\.2, got \[0, 0, 1\]: code counts .* from 0"),
        ([1, 2, 3], r"must be a permutation of 0\.\.2, got \[1, 2, 3\]: code counts .* from 0"),
        ([-1, 0, 1], r"must be a permutation of 0\.\.2, got \[-1, 0, 1\]"),
        ([0] * 20, r"must be a permutation of 0\.\.19, got \[0(, 0){9}\]\.\.\.: "),
        ([0, 1], r"must name each of 3 variables, got 2"),
        ([0, 1, 2, 3], r"must name each of 3 variables, got 4"),
        ([CYCLE], r"must have one dimension \(D,\), got shape \(1, 3\)"),
        (torch.tensor(1), r"must have one dimension \(D,\), got shape \(\)"),
        (torch.zeros(0, dtype=torch.int64), r"must have one dimension \(D,\), got shape \(0,\)"),
    ],
)
def test_a_tensor_that_is_no_ordering_is_a_value_error(ordering, message):
    input_dim = None if len(torch.as_tensor(ordering).ravel()) == 20 else 3
    with pytest.raises(ValueError, match=f"^ordering {message}"):
        check_ordering(ordering, input_dim)


@pytest.mark.parametrize(
    ("ordering", "message"),
    [
        ([1.0, 2.0, 0.0], r"whole numbers, got dtype torch\.float32: use a LongTensor"),
        (torch.tensor([True, False]), r"whole numbers, got dtype torch\.bool"),
        ("120", r"a tensor or a list of whole numbers, got '120'"),
        (["x2", "x3", "x1"], r"a tensor or a list of whole numbers, got \['x2'"),
        (None, r"a tensor or a list of whole numbers, got None"),
        ([[0], [1, 2]], r"a tensor or a list of whole numbers, got \[\[0\], \[1, 2\]\]"),
    ],
)
def test_what_holds_no_whole_numbers_is_a_type_error(ordering, message):
    with pytest.raises(TypeError, match=f"^ordering must (hold|be) {message}"):
        input_degrees(ordering)


# ---- hidden degrees -----------------------------------------------------------------------------


@given(
    orderings(largest=12),
    st.lists(st.integers(1, 20), max_size=3),
    st.sampled_from(DEGREE_DRAWS),
    st.integers(0, 10**6),
)
def test_hidden_degrees_lie_in_1_to_d_minus_1(ordering, widths, draw, seed):
    order = input_degrees(ordering)
    degrees = draw_degrees(order, widths, draw, torch.Generator().manual_seed(seed))
    assert [len(d) for d in degrees] == [len(order), *widths]
    assert torch.equal(degrees[0], order)
    for layer in degrees[1:]:
        assert layer.dtype == torch.int64
        assert layer.min() >= 1
        assert layer.max() <= max(len(order) - 1, 1)


@pytest.mark.parametrize("draw", ["uniform", "paper"])
def test_every_degree_can_be_drawn(draw):
    drawn = hidden_degrees(torch.arange(1, 6), 1000, 5, draw)
    assert set(drawn.tolist()) == {1, 2, 3, 4}
    shares = torch.bincount(drawn)[1:] / 1000
    assert shares.min() > 0.2  # each is expected to be 0.25, 3.6 standard deviations from there


def test_uniform_draws_are_the_documents():
    torch.manual_seed(5)
    expected = [torch.randint(1, 784, (512,)), torch.randint(1, 784, (100,))]
    torch.manual_seed(5)
    degrees = draw_degrees(torch.arange(1, 785), (512, 100))
    assert all(map(torch.equal, degrees[1:], expected))


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=9),
    st.integers(1, 30),
    st.integers(0, 10**6),
)
def test_papers_draw_starts_at_the_smallest_degree_below(below, width, seed):
    generator = torch.Generator().manual_seed(seed)
    drawn = hidden_degrees(torch.tensor(below), width, 10, "paper", generator)
    assert drawn.min() >= min(below)


@given(orderings(), st.lists(st.integers(1, 5), min_size=1, max_size=4), st.integers(0, 10**6))
def test_papers_draw_leaves_no_unit_without_an_input(ordering, widths, seed):
    generator = torch.Generator().manual_seed(seed)
    degrees = draw_degrees(input_degrees(ordering), widths, "paper", generator)
    for mask in build_masks(degrees)[:-1]:
        assert mask.any(dim=1).all()


def test_uniform_draws_can_leave_a_unit_without_an_input():
    first, second = torch.tensor([3]), torch.tensor([1])
    mask = build_masks([torch.arange(1, 5), first, second])[1]
    assert not mask.any(), "what the paper's draw avoids does not exist, so its test proves nothing"
    below = torch.full((1,), 3)
    assert (hidden_degrees(below, 1000, 4, "uniform") < 3).any()


@given(st.integers(2, 400), st.integers(0, 300))
@settings(max_examples=50)
def test_even_degrees_are_all_there_when_the_layer_is_wide_enough(input_dim, more):
    top = input_dim - 1
    degrees = hidden_degrees(torch.ones(1), top + more, input_dim, "even")
    assert set(degrees.tolist()) == set(range(1, top + 1))


def test_even_degrees_of_a_narrow_layer_span_them_all_and_use_no_random_number():
    before = torch.get_rng_state()
    assert hidden_degrees(torch.ones(1), 4, 10, "even").tolist() == [1, 4, 6, 9]
    assert hidden_degrees(torch.ones(1), 2, 10, "even").tolist() == [1, 9]
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("draw", DEGREE_DRAWS)
@pytest.mark.parametrize("input_dim", [1, 2, 3, 10])
@pytest.mark.parametrize("widths", [(), (1,), (1, 1), (2, 1, 5)])
def test_small_networks_of_every_kind_have_masks(draw, input_dim, widths):
    order = torch.arange(1, input_dim + 1)
    masks = build_masks(draw_degrees(order, widths, draw))
    sizes = [input_dim, *widths, input_dim]
    assert [tuple(mask.shape) for mask in masks] == list(zip(sizes[1:], sizes[:-1], strict=True))
    assert not (connectivity(masks) & ~direct_mask(order)).any()


@pytest.mark.parametrize("draw", ["uniform", "paper"])
def test_a_generator_repeats_the_draw_and_leaves_the_global_stream_alone(draw):
    before = torch.get_rng_state()
    first, second = (
        hidden_degrees(torch.arange(1, 101), 50, 100, draw, torch.Generator().manual_seed(3))
        for _ in range(2)
    )
    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("draw", ["Uniform", "random", "", None, 1])
def test_an_unknown_draw_is_a_value_error(draw):
    with pytest.raises(ValueError, match="^unknown degrees .*: choose one of uniform, paper, even"):
        hidden_degrees(torch.arange(1, 4), 5, 3, draw)


# ---- masks --------------------------------------------------------------------------------------


def test_masks_of_the_documents_example():
    """x2, x3, x1 with a hidden unit that may see x2 alone, and one that may see x2 and x3."""
    hidden, output = build_masks([torch.tensor(ORDER), torch.tensor([1, 2])])
    assert ints(hidden) == [[0, 1, 0], [0, 1, 1]]
    assert ints(output) == [[1, 1], [0, 0], [1, 0]]
    # p(x1 | x2, x3), p(x2), p(x3 | x2)
    assert ints(connectivity([hidden, output])) == [[0, 1, 1], [0, 0, 0], [0, 1, 0]]


def test_without_a_hidden_layer_the_only_mask_is_the_strict_order():
    (mask,) = build_masks([torch.tensor(ORDER)])
    assert ints(mask) == [[0, 1, 1], [0, 0, 0], [0, 1, 0]]


@given(all_degrees())
def test_masks_compare_degrees_entry_by_entry(degrees):
    masks = build_masks(degrees)
    assert len(masks) == len(degrees)
    assert all(mask.dtype == torch.bool for mask in masks)
    for mask, below, above in zip(masks, degrees, [*degrees[1:], degrees[0]], strict=True):
        is_output = mask is masks[-1]
        assert ints(mask) == [
            [int(to > come if is_output else to >= come) for come in below.tolist()]
            for to in above.tolist()
        ]


@given(orderings())
def test_direct_mask_is_the_order_in_which_variables_are_generated(ordering):
    mask = direct_mask(input_degrees(ordering))
    step = {variable: t for t, variable in enumerate(ordering)}
    assert ints(mask) == [
        [int(step[j] < step[i]) for j in range(len(ordering))] for i in range(len(ordering))
    ]


def test_direct_mask_of_the_documents_example():
    assert ints(direct_mask(torch.tensor(ORDER))) == [[0, 1, 1], [0, 0, 0], [0, 1, 0]]


# ---- connectivity -------------------------------------------------------------------------------


@given(all_degrees(), st.booleans())
def test_no_output_is_reached_by_itself_or_by_a_later_variable(degrees, is_direct):
    direct = direct_mask(degrees[0]) if is_direct else None
    reached = connectivity(build_masks(degrees), direct)
    assert reached.dtype == torch.bool
    assert not (reached & ~direct_mask(degrees[0])).any()


@given(
    orderings(),
    st.lists(st.integers(0, 3), max_size=3),
    st.randoms(use_true_random=False),
)
def test_all_that_may_be_reached_is_reached_when_every_layer_has_every_degree(
    ordering, more, random
):
    order = input_degrees(ordering)
    layers = []
    for extra in more:
        layer = list(range(1, max(len(order), 2)))
        layer += random.choices(layer, k=extra)
        random.shuffle(layer)
        layers.append(torch.tensor(layer))
    assert torch.equal(connectivity(build_masks([order, *layers])), direct_mask(order))


@given(orderings(), st.integers(0, 3), st.integers(0, 5))
def test_even_degrees_lose_no_dependency_in_wide_layers(ordering, depth, more):
    order = input_degrees(ordering)
    degrees = draw_degrees(order, [len(order) + more] * depth, "even")
    assert torch.equal(connectivity(build_masks(degrees)), direct_mask(order))


@given(all_degrees(largest=6))
def test_connectivity_is_what_following_every_path_finds(degrees):
    """Against another way to find out: follow each input through the network by hand."""
    masks = build_masks(degrees)
    reached = connectivity(masks)
    for j in range(len(degrees[0])):
        units = {j}
        for mask in masks:
            rows = mask.tolist()
            units = {k for k, row in enumerate(rows) if any(row[u] for u in units)}
        assert set(reached[:, j].nonzero().ravel().tolist()) == units


def test_an_output_sees_at_most_its_predecessors():
    """x1 may see x2 and x3, but where all hidden degrees are 1 only x2 reaches anything."""
    masks = build_masks([torch.tensor(ORDER), torch.tensor([1, 1, 1])])
    assert ints(connectivity(masks)) == [[0, 1, 0], [0, 0, 0], [0, 1, 0]]


def test_direct_connections_bring_what_the_hidden_layers_lose():
    order = torch.tensor(ORDER)
    masks = build_masks([order, torch.tensor([1])])
    assert not torch.equal(connectivity(masks), direct_mask(order))
    assert torch.equal(connectivity(masks, direct_mask(order)), direct_mask(order))
    one = torch.zeros(3, 3)
    one[0, 2] = 1
    assert ints(connectivity(masks, one)) == [[0, 1, 1], [0, 0, 0], [0, 1, 0]]


def test_paths_are_counted_without_overflow():
    """As many paths as 8-bit and 16-bit integers cannot hold are still a path."""
    wide = 256
    masks = [torch.ones(wide, 1), torch.ones(wide, wide), torch.ones(1, wide)]
    assert connectivity([mask.to(torch.uint8) for mask in masks]).item() is True


def test_with_a_leak_connectivity_shows_it():
    """The tests above can fail: ``>=`` at the output lets variables into their own conditional."""
    order = torch.tensor(ORDER)
    degrees = [order, torch.tensor([1, 2])]
    reached = connectivity(masks_with_a_leak(degrees))
    # x2 by the unit of degree 1, x3 by that of degree 2; x1, the last, has no unit of its degree
    assert ints(reached) == [[0, 1, 1], [0, 1, 0], [0, 1, 1]]
    # along a direct connection even the last variable leaks
    reached = connectivity(build_masks(degrees), order[:, None] >= order[None, :])
    assert reached.diagonal().all()


@given(all_degrees())
def test_a_leak_runs_along_units_of_exactly_the_outputs_degree(degrees):
    reached = connectivity(masks_with_a_leak(degrees))
    order = degrees[0]
    leaks = order[reached.diagonal()].tolist()
    if len(degrees) == 1:
        assert sorted(leaks) == list(range(1, len(order) + 1))
    else:
        shared = set.intersection(*(set(layer.tolist()) for layer in degrees[1:]))
        assert set(leaks) == shared & set(order.tolist())


# ---- what was measured of 784 variables ---------------------------------------------------------


def shares(degrees):
    """Of all pairs that are allowed, and of those one step apart: how many are reached."""
    reached = connectivity(build_masks(degrees))
    allowed = direct_mask(degrees[0])
    next_to = degrees[0][:, None] == degrees[0][None, :] + 1
    return (
        ((reached & allowed).sum() / allowed.sum()).item(),
        ((reached & next_to).sum() / next_to.sum()).item(),
    )


def test_the_documents_draw_reaches_most_pairs_but_few_immediate_predecessors():
    found = [
        shares(draw_degrees(order, (512, 512)))
        for order in [torch.arange(1, 785), *(torch.randperm(784) + 1 for _ in range(3))]
    ]
    pairs, immediate = torch.tensor(found).mean(dim=0).tolist()
    assert pairs == pytest.approx(0.995, abs=0.001)
    assert immediate == pytest.approx(0.23, abs=0.02)


def test_degrees_that_count_up_instead_of_spreading_lose_what_lies_above_the_width():
    """Why ``"even"`` is no ``arange % (D - 1)``: that loses 12% of the pairs, or 76%."""
    order = torch.arange(1, 785)
    for width, lost in ((512, 0.12), (100, 0.76)):
        counting = [order, *[torch.arange(width) % 783 + 1] * 2]
        assert shares(counting)[0] == pytest.approx(1 - lost, abs=0.01)
        assert shares(draw_degrees(order, (width, width), "even"))[0] > 0.98


# ---- check_mask and the errors of connectivity --------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float64])
def test_a_mask_of_any_dtype_comes_back_boolean(dtype):
    mask = check_mask(torch.tensor([[1, 0, 1]], dtype=dtype), (1, 3))
    assert mask.dtype == torch.bool
    assert mask.tolist() == [[True, False, True]]


@pytest.mark.parametrize("mask", [[[1, 0]], None, "mask", 1])
def test_a_mask_that_is_no_tensor_is_a_type_error(mask):
    with pytest.raises(TypeError, match=r"^a mask must be a torch\.Tensor, got \w+$"):
        check_mask(mask)


@pytest.mark.parametrize("shape", [(2, 4), (3, 2), (6,), (1, 2, 3), ()])
def test_a_mask_of_another_shape_is_a_value_error(shape):
    message = r"^a mask must have shape \(2, 3\) \(out_features, in_features\), got \("
    with pytest.raises(ValueError, match=message):
        check_mask(torch.ones(shape), (2, 3))


@pytest.mark.parametrize("shape", [(6,), (1, 2, 3), ()])
def test_a_mask_without_two_dimensions_is_a_value_error(shape):
    with pytest.raises(ValueError, match=r"^a mask must have two dimensions .*, got \("):
        check_mask(torch.ones(shape))


@pytest.mark.parametrize("value", [2.0, -1.0, 0.5, float("nan"), float("inf")])
def test_a_mask_with_other_values_is_a_value_error(value):
    with pytest.raises(ValueError, match="^a mask must hold only 0 and 1"):
        check_mask(torch.tensor([[1.0, value]]))


def test_connectivity_of_no_mask_is_a_value_error():
    with pytest.raises(ValueError, match="^connectivity needs at least one mask, got none$"):
        connectivity([])


def test_masks_that_do_not_follow_one_another_are_a_value_error():
    message = r"^a mask of shape \(3, 2\) cannot follow a layer of 4 units: masks are \(out"
    with pytest.raises(ValueError, match=message):
        connectivity([torch.ones(4, 3), torch.ones(3, 2)])


def test_connectivity_refuses_what_is_no_mask():
    with pytest.raises(ValueError, match="only 0 and 1"):
        connectivity([torch.full((3, 3), 2.0)])
    with pytest.raises(TypeError, match=r"must be a torch\.Tensor, got list"):
        connectivity([[[1, 0], [1, 1]]])


def test_direct_connections_of_another_shape_are_a_value_error():
    with pytest.raises(ValueError, match=r"must have shape \(3, 3\).*, got \(2, 2\)"):
        connectivity(build_masks([torch.tensor(ORDER)]), torch.ones(2, 2))
