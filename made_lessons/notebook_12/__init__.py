"""Notebook 12: networks without a mask, their orderings, and drawing in fewer steps.

- ``weight_of_the_loss``, ``combine_over_orderings``, ``cost_of_two``: exercises 12.1 to 12.3
- ``made_on_boards``: a MADE of the boards, for comparison
- ``digits``: the shipped network of digits, and a MADE for comparison
- ``figures``: the costs of orderings
"""

EXERCISES = (
    "weight_of_the_loss",
    "combine_over_orderings",
    "cost_of_two",
)
