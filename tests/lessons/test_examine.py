"""An answer is compared view by view, and the mistake that looks the same is the cause."""

import time
from dataclasses import replace

import pytest
import torch

from made_lessons.checking.catalogue import exercise_named
from made_lessons.checking.examine import compare, examine
from made_lessons.checking.exercise import Exercise
from made_lessons.checking.source_code import edit
from made_lessons.checking.variants import choose
from made_lessons.checking.views import UNSEEN, VALUE, View
from tests.lessons.checking import said, wrong


def compare_on_cases(answer, reference, cases, known_mistakes):
    compare(View(cases=tuple(cases)), answer, reference, known_mistakes)


def compare_value(answer, reference, known_mistakes):
    compare(VALUE, answer, reference, known_mistakes)


def test_the_mistake_that_does_the_same_is_the_cause():
    known_mistakes = {
        "nothing was added": lambda x: x,
        "divided by zero": lambda x: x / 0,
    }
    cases = [(1,), (2,)]

    def plus_one(x):
        return x + 1

    compare_on_cases(plus_one, plus_one, cases, known_mistakes)
    found = said(compare_on_cases, lambda y: y * 1, plus_one, cases, known_mistakes)
    assert found == found | {"why": "nothing was added", "expected": "2", "got": "1"}
    found = said(compare_on_cases, lambda y: 1 / 0, plus_one, cases, known_mistakes)
    assert found["why"].startswith("divided by zero")
    found = said(compare_on_cases, lambda y: y**3 - 3, plus_one, cases, known_mistakes)
    assert found["why"] == "the answer has the wrong value"


def test_a_view_has_its_own_words_for_what_no_mistake_looks_like():
    view = View(lambda answer: {"even": answer % 2 == 0}, "answer % 2", "it is odd")
    compare(view, 4, 2, {})
    assert said(compare, view, 3, 2, {}) == {
        "why": "it is odd",
        "expected": "{'even': True}",
        "got": "{'even': False}",
        "tried": "answer % 2",
    }
    assert said(compare, view, 3, 2, {"five": 5})["why"] == "five"
    hidden = View(view.see, cause=lambda answer, got, right: f"{answer} is odd", expected="")
    assert said(compare, hidden, 3, 2, {}) == {
        "why": "3 is odd",
        "expected": "",
        "got": "{'even': False}",
        "tried": "",
    }


def test_a_mistake_that_shows_in_an_earlier_view_is_not_the_cause():
    first, second = View(lambda answer: answer[0]), View(lambda answer: answer[1], cause="other")
    known_mistakes = {"both": (7, 7), "the second": (1, 7)}
    assert said(compare, second, (1, 7), (1, 2), known_mistakes)["why"] == "both"
    assert said(compare, second, (1, 7), (1, 2), known_mistakes, [first])["why"] == "the second"
    assert said(compare, second, (1, 8), (1, 2), known_mistakes, [first])["why"] == "other"


def test_what_cannot_be_seen_is_not_compared():
    compare(View(lambda answer: UNSEEN if answer == 3 else answer), 3, 2, {})


def test_a_reference_is_seen_in_float64_and_rounded():
    assert View(cases=None).reference_value(torch.exp, (torch.tensor(1.0),)).dtype == torch.float32
    exact = View().reference_value(lambda x: x + 1e-9 - x, (torch.tensor(1.0),))
    assert exact == pytest.approx(1e-9)


def test_the_right_value_is_not_shown():
    known_mistakes = {"squared": 4}
    assert said(compare_value, 4, 8, known_mistakes)["why"] == "squared"
    assert said(compare_value, 5, 8, known_mistakes) == {
        "why": "the answer has the wrong value",
        "expected": "",
        "got": "5",
        "tried": "",
    }
    assert said(compare_value, [5], 8, known_mistakes)["expected"] == "a number"


def test_a_mistake_that_fits_one_case_of_two_is_not_the_cause():
    known_mistakes = {"the sign is lost": lambda x: abs(x)}
    found = said(
        compare_on_cases, lambda x: 3 if x == -3 else 0, lambda x: x, [(-3,), (5,)], known_mistakes
    )
    assert found["why"] == "the answer has the wrong value"


def test_a_mistake_in_one_entry_is_recognised():
    def both(x):
        return [x + 1, 2 * x]

    known_mistakes = {
        "one less": lambda x: [x - 1, 3 * x],
        "squared": lambda x: [x + 1, x**2],
    }
    cases = [(torch.tensor(5.0),), (torch.tensor(7.0),)]
    found = said(compare_on_cases, lambda x: [x - 1, 2 * x], both, cases, known_mistakes)
    assert found["why"] == "perhaps one less (this fits all of your wrong results)"
    found = said(compare_on_cases, lambda x: [x - 1, x**2], both, cases, known_mistakes)
    assert found["why"] == "entry [0] of the answer has the wrong value"
    found = said(compare_on_cases, lambda x: [x - 1], both, cases, known_mistakes)
    assert found["why"] == "the answer has the wrong length"


def test_an_answer_that_is_right_only_for_the_first_case_gets_its_cause():
    found = said(compare_on_cases, lambda x: min(x, 4) ** 2, lambda x: x**2, [(2,), (4,), (7,)], {})
    assert found["why"].startswith("your answer was right for everything that was tried before")


def test_a_list_of_nothing_has_no_parts_that_are_put_together():
    found = said(compare_on_cases, torch.ones, lambda x: [], [(2,)], {})
    assert found["why"] == "the answer must be a list"


def test_an_answer_that_is_no_known_mistake_of_a_view_gets_its_last_cause():
    view = View(lambda answer: answer, mistakes={"two": 2, "neither 1 nor 2": 3})
    exercise = Exercise(title="One", stars=1, reference=lambda: 1, hints=(), views=(view,))
    assert said(compare, view, 2, 1, exercise.known_mistakes)["why"] == "two"
    assert said(compare, view, 4, 1, exercise.known_mistakes)["why"] == "neither 1 nor 2"


def test_an_edit_that_changes_nothing_is_refused():
    with pytest.raises(ValueError, match="must occur once in choose"):
        Exercise(title="", stars=1, reference=choose, hints=(), mistakes={"": edit("[7]", "[0]")})


def test_what_an_answer_prints_is_shown_once(capsys):
    def talks(x):
        print("x is", x)
        return x

    two = {"two": lambda x: x + 2}
    said(compare_on_cases, talks, lambda x: x + 1, [(1,), (2,)], two)
    assert capsys.readouterr().out == "x is 1\n"


# ---- what an answer reads of the notebook --------------------------------------------------------

NOTEBOOK = """
def of_the_argument(ordering):
    return torch.argsort(ordering)

def of_a_list(ordering):
    return [int(order[i]) for i in range(len(ordering))]

class Layer(torch.nn.Linear):
    def set_mask(self, given):
        self.mask = mask
"""


def test_an_open_exercise_has_more_time(monkeypatch):
    monkeypatch.setattr("made_lessons.checking.examine.LIMIT_S", 0.05)

    def score(answer):
        end = time.thread_time() + 0.2
        while time.thread_time() < end:
            pass
        return "done"

    ended = replace(exercise_named("8.5"), views=(), score=score)
    assert examine(ended, None) == "done"


def test_data_of_the_notebook_in_a_wrong_answer_is_named():
    notebook = {"__name__": "__main__", "torch": torch, "order": torch.ones(3)}
    exec(NOTEBOOK, notebook | {"mask": torch.ones(3, 2)}, answers := {})
    assert "Your code reads `order` from the notebook" in wrong("1.3", answers["of_a_list"]).cause
    assert "Your code reads `mask` from" in wrong("4.1", answers["Layer"]).cause
    assert "from the notebook" not in wrong("1.3", answers["of_the_argument"]).cause
