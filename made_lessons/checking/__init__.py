"""How an answer is judged, and what is said of it.

:mod:`.exercise` says what an exercise is, :mod:`.catalogue` which there are, :mod:`.examine` judges
an answer, :mod:`.properties` does so by small assertions, and :mod:`.causes` finds out why it is
wrong. Imports from ``made_course``, and knows no notebook: :mod:`.catalogue` looks for them.
"""
