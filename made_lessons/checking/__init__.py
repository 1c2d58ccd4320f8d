"""How an answer is judged, and what is said of it.

:mod:`.exercise` says what an exercise is, :mod:`.catalogue` which there are, :mod:`.examine` judges
an answer, :mod:`.properties` does so by small assertions, :mod:`.causes` finds out why it is wrong,
and :mod:`.edited_source` makes wrong answers of right ones. Imports from ``made_course``, and knows
no notebook: :mod:`.catalogue` looks for them.
"""
