"""One member of an ensemble of masks as a model of its own."""

import torch

from made_course import MADE


def under(model, degrees):
    """The same weights under one set of masks, as a model that has no other."""
    one = MADE(
        model.input_dim,
        model.hidden_dims,
        head=model.head,
        direct=model.direct is not None,
        conditioning=model.net[0].conditioning is not None,
    ).to(model.net[0].weight)
    one.act = model.act
    state = {
        **model.state_dict(),
        "mask_sets.orders": degrees[0][None],
        "mask_sets.hidden_degrees": torch.cat([*degrees[1:], torch.tensor([], dtype=torch.long)])[
            None
        ],
        "mask_sets.position": torch.tensor(0),
    }
    one.load_state_dict(state)
    return one.train(model.training)
