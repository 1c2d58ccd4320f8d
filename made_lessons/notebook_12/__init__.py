"""Notebook 12: networks without a mask, their orderings, and drawing in fewer steps.

- ``weight_of_the_loss``, ``over_orderings``, ``cost_of_two``: exercises 12.1 to 12.3
- ``made_on_boards``: the MADE beside it
- ``digits``: the network of digits that ships
- ``figures``: costs of orderings, boards among the drawings
"""
