"""Exercise 6.1: the hidden units and the output that a step computes."""

from torch import Tensor

from ..checking import Exercise, choose, edit, further_cases, random_degrees


def to_compute(degrees: list[Tensor], t: int) -> list[Tensor]:
    """Return masks of the hidden units that step t makes final, and of the output that it needs."""
    order, *hidden = degrees
    return [*(units == t - 1 for units in hidden), order == t]


EXERCISE = Exercise(
    title="What a step computes",
    stars=2,
    reference=to_compute,
    cases=tuple((random_degrees(key), t) for key in ("one", "two") for t in (2, 3, 1)),
    vary=further_cases(lambda key: (random_degrees(key), choose(key, [1, 2, 3, 4]))),
    hints=(
        "At step t the variables of degree 1 to t - 1 are drawn. Which of them is new since the "
        "previous step, and which hidden units were waiting only for it?",
        "A hidden unit of degree d is final as soon as the variable of degree d is drawn. The "
        "variable drawn last has degree t - 1.",
        "You need one comparison per layer: `units == t - 1` for each hidden layer, then `order == "
        "t` for the output.",
    ),
    mistakes={
        "a hidden unit of degree t sees the variable of degree t, which step t has not drawn "
        "yet. The unit has to wait for the next step": edit("units == t - 1", "units == t"),
        "the values are right, but you compute most of them again, because a unit of a smaller "
        "degree got its final value at an earlier step": edit("units == t - 1", "units < t"),
        "units of degree t or more are not final yet, because some of their inputs are not drawn. "
        "Step t computes the units of degree t - 1": edit("units == t - 1", "units >= t"),
        "you replaced t by the degree of the t-th variable. t is a step, so it is already a "
        "degree": (lambda degrees, t: to_compute(degrees, int(degrees[0][t - 1]))),
        "you compute units of a larger degree too early, because some of their inputs are not "
        "drawn yet": edit("units == t - 1", "units >= t - 1"),
        "you looked up the output in the ordering, but degrees[0][i] is already the step of "
        "variable i, so compare it with t": edit("order == t", "order.argsort() + 1 == t"),
        "you put the output's mask first, as in degrees. It belongs last, because the output is "
        "the last layer": edit(
            "*(units == t - 1 for units in hidden), order == t",
            "order == t, *(units == t - 1 for units in hidden)",
        ),
        "you marked all outputs of degree 1 to t. Outputs of a smaller degree were used at "
        "earlier steps, and step t needs only one output": edit("order == t", "order <= t"),
        "you chose the output of the t-th variable in the row, which is right only in raster "
        "ordering. Step t draws the variable of degree t": edit(
            "order == t", "order == order[t - 1]"
        ),
        "t - 1 is right for the hidden units, because they need the variable that step t - 1 drew. "
        "The output of step t belongs to the variable that step t draws, of degree t": edit(
            "order == t", "order == t - 1"
        ),
        "the hidden units are right, but the output belongs to the next step. Step t draws the "
        "variable of degree t": edit("order == t", "order == t + 1"),
        "you marked all outputs of degree t or more. Outputs of a larger degree are not final yet, "
        "and step t needs only one output": edit("order == t", "order >= t"),
        "your list begins with the inputs, as degrees does. Inputs are not computed, so begin with "
        "the first hidden layer, and put the output last": edit(
            "in hidden), order == t", "in degrees)"
        ),
        "you mixed up the layers. degrees begins with the inputs, and the outputs have the same "
        "degrees, degrees[0]. The hidden layers are degrees[1:]": edit(
            "order, *hidden", "*hidden, order"
        ),
        "you return a mask for the inputs and none for the outputs. Inputs are not computed, so "
        "begin with the first hidden layer, whose units wait for the variable of degree t - 1, and "
        "end with the output of degree t": lambda degrees, t: [layer == t for layer in degrees],
        "you return a mask for only the first hidden layer. There may be any number of them, "
        "degrees[1:]": edit("in hidden", "in hidden[:1]"),
        "you compute each deeper layer one step later. It need not wait, because as soon as the "
        "first layer's units of degree t - 1 are computed, the second layer's can be computed in "
        "the same step": edit(
            "t - 1 for units in hidden", "t - k for k, units in enumerate(hidden, 1)"
        ),
        "you returned the indices of the units. Return a mask, with True or False for each unit of "
        "the layer, as a comparison returns it": (
            lambda degrees, t: [mask.nonzero()[:, 0] for mask in to_compute(degrees, t)]
        ),
    },
)
