"""Train ``"mnist-any-order"`` in random orderings: ``python -m tools.ships.train_any_order``.

The command needs full MNIST, takes about half an hour on one core, and writes into
``shipped/files``. At the end it prints NLLs on the small test set, of whole images and of hidden
parts given the rest.
"""

import torch
from torch import Tensor

from made_course import (
    MADE,
    completion_degrees,
    draw_degrees,
    evaluate,
    fit,
    input_degrees,
    load_binarized_mnist,
    load_pretrained,
)
from made_lessons.notebook_07.pixel_orderings import SIDE, pixel_orderings, rows_and_columns
from tools.ships.random_orderings import draw_pixel_ordering
from tools.ships.train_weights import images_outside_small_set, write_model

AT_ONCE = 4
"""Number of orderings per step; each has an equal part of the batch."""


class AnyOrder(MADE):
    """A MADE that trains in several random orderings of the pixels at each step.

    Each hidden unit keeps its degree, so it sees different pixels each time, but always as many.
    """

    def log_prob(self, x: Tensor, ensemble: int | None = None) -> Tensor:
        if not self.training:
            return super().log_prob(x, ensemble)
        parts = []
        for part in x.chunk(AT_ONCE):
            order = input_degrees(draw_pixel_ordering())
            with self.using_degrees(draw_degrees(order, self.hidden_dims, self.mask_sets.kind)):
                parts.append(super().log_prob(part))
        return torch.cat(parts)

    def resample_masks(self) -> None:
        """Do nothing, because each batch draws its own masks."""


def make_any_order() -> None:
    torch.manual_seed(0)
    train, test, trained_on = images_outside_small_set()
    arguments = {"input_dim": SIDE**2, "hidden_dims": [960, 960], "natural_order": False}
    arguments |= {"degrees": "even", "direct": True, "conditioning": True, "num_masks": None}
    arguments["seed"] = 0
    model = AnyOrder(**arguments)
    fit(model, train, epochs=60, batch_size=256, lr=0.012, weight_decay=0.01, seed=0)
    write_model("mnist-any-order", model, arguments, trained_on, evaluate(model, test, ensemble=1))


def hidden_parts() -> dict[str, Tensor]:
    """Return name → BoolTensor (784,), True for the pixels of the part that is hidden."""
    row, column = rows_and_columns()
    half = SIDE // 2
    from_centre = (torch.stack([row, column]) - (SIDE - 1) / 2).abs().amax(0)
    return {
        "upper half": row < half,
        "lower half": row >= half,
        "left half": column < half,
        "right half": column >= half,
        "middle 14 × 14": from_centre < 7,
    }


@torch.no_grad()
def nats_of_hidden(
    model: MADE, x: Tensor, hidden: Tensor, ordering: Tensor | None = None
) -> Tensor:
    """Return the NLL (N,) of each row's hidden part given the rest, in the order of complete."""
    degrees, _ = completion_degrees(model, ~hidden, ordering)
    with model.using_degrees(degrees):
        return -model.log_conditionals(x)[:, hidden].sum(1)


def print_table(model: MADE) -> None:
    train, test, _ = load_binarized_mnist("small")
    ink = torch.distributions.Bernoulli((train.sum(0) + 1) / (len(train) + 2))
    alone = -ink.log_prob(test)
    everything = torch.ones(SIDE**2, dtype=torch.bool)
    asked = {name: (everything, ordering) for name, ordering in pixel_orderings().items()}
    asked |= {f"hidden: {name}": (hidden, None) for name, hidden in hidden_parts().items()}
    print(f"{'nats, mean of 1,000 images':42} model  independent pixels")
    for name, (hidden, ordering) in asked.items():
        nats = nats_of_hidden(model, test, hidden, ordering).mean()
        print(f"{name:42} {nats:5.1f} {alone[:, hidden].sum(1).mean():7.1f}")


if __name__ == "__main__":
    make_any_order()
    print_table(load_pretrained("mnist-any-order"))
