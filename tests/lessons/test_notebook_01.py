import torch

from made_lessons.checking.catalogue import exercise_named
from tests.lessons.checking import right, wrong


def test_counting():
    def doubling(input_dim):
        sizes = [1]
        while len(sizes) < input_dim:
            sizes.append(2 * sizes[-1])
        return sizes

    right("1.1", doubling)
    right("1.1", lambda input_dim: tuple(1 << i for i in range(input_dim)))


def test_reordering():
    def by_enumeration(p1, p2, p3):
        joint = torch.zeros(2, 2, 2, dtype=torch.float64)
        for a, b, c in torch.cartesian_prod(*[torch.arange(2)] * 3).tolist():
            for p, value in ((p1, a), (p2[a], b), (p3[a, b], c)):
                factor = p if value else 1 - p
                joint[a, b, c] = (joint[a, b, c] or 1) * factor
        return [
            joint[:, 1].sum(),
            joint[:, :, 1].sum(0) / joint.sum((0, 2)),
            joint[1] / (joint[0] + joint[1]),
        ]

    right("1.2", by_enumeration)

    def by_numbers(p1, p2, p3):
        q2, q3, q1 = exercise_named("1.2").reference(p1, p2, p3)
        return q2.item(), q3, q1

    right("1.2", by_numbers)


def test_degrees():
    right("1.3", lambda ordering: torch.argsort(ordering) + 1)
    right("1.3", lambda o: torch.tensor([o.tolist().index(i) + 1 for i in range(len(o))]))


def test_sampling():
    def row_by_row(q2, q3, q1, u):
        rows = []
        for u1, u2, u3 in u.tolist():
            x2 = int(u2 <= q2)
            x3 = int(u3 <= q3[x2])
            rows.append([float(u1 <= q1[x2, x3]), float(x2), float(x3)])
        return torch.tensor(rows)

    right("1.4", row_by_row)
    wrong("1.4", lambda *of: row_by_row(*of).to(of[-1].dtype), "torch.float32 is asked for")
