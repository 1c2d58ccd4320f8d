"""leaking_connections finds the connections of a network that leak."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from made_course import build_masks, direct_mask
from made_course.leaks.connections import leaking_connections
from tests.model.test_masks import all_degrees, masks_with_a_leak
from tests.networks import paths_through


@given(all_degrees(largest=5), st.booleans())
@settings(max_examples=50)
def test_a_connection_leaks_where_a_forbidden_path_goes_through_both_its_ends(degrees, is_direct):
    order, masks = degrees[0], masks_with_a_leak(degrees)
    forbidden = ~direct_mask(order)
    direct = order[:, None] >= order[None, :] if is_direct else None
    *found, last = leaking_connections(masks, forbidden, direct) + ([] if is_direct else [None])
    for k, mask in enumerate(masks):
        for to, come in torch.ones_like(mask).nonzero().tolist():
            inputs = paths_through(masks, k, come)[0] if k else torch.arange(len(order)) == come
            outputs = paths_through(masks, k + 1, to)[-1]
            expected = mask[to, come] and forbidden[outputs][:, inputs].any()
            assert bool(found[k][to, come]) == bool(expected)
    assert last is None or torch.equal(last, order[:, None] == order)
    assert not any(leaks.any() for leaks in leaking_connections(build_masks(degrees), forbidden))
