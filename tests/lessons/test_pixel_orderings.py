import torch

from made_lessons.notebook_07.pixel_orderings import pixel_orderings


def test_each_is_a_permutation_and_the_random_ones_are_seeded():
    first, again = pixel_orderings(), pixel_orderings()
    for name, ordering in first.items():
        assert ordering.sort().values.tolist() == list(range(784))
        assert torch.equal(ordering, again[name])
    assert len({tuple(ordering.tolist()) for ordering in first.values()}) == len(first)


def test_the_first_pixels_of_each_ordering():
    found = {name: ordering.tolist() for name, ordering in pixel_orderings().items()}
    assert found["rows"][:3] == [0, 1, 2]
    assert found["columns"][:3] == [0, 28, 56]
    away = [(2 * (k // 28) - 27) ** 2 + (2 * (k % 28) - 27) ** 2 for k in range(784)]
    assert found["centre outwards"] == sorted(range(784), key=away.__getitem__)  # ties as in rows
    assert found["coarse to fine"][:4] == [0, 16, 16 * 28, 16 * 28 + 16]
    eighths = {28 * row + column for row in range(0, 28, 8) for column in range(0, 28, 8)}
    assert set(found["coarse to fine"][:16]) == eighths
    halves = {28 * row + column for row in range(0, 28, 2) for column in range(0, 28, 2)}
    assert set(found["coarse to fine"][:196]) == halves
