import contextlib
import itertools
import re
import subprocess
import sys
import threading
import time
from importlib import import_module

import numpy as np
import pytest
import torch
from torch import nn

from made_course import MaskedLinear
from made_lessons.checking import time_limits
from made_lessons.checking.calls import is_unchanged, run
from made_lessons.checking.catalogue import exercise_named
from made_lessons.checking.comparing import is_same, require_same
from made_lessons.checking.examine import compare, examine
from made_lessons.checking.exercise import KnownMistake, Wrong
from made_lessons.checking.in_words import as_text
from made_lessons.checking.time_limits import TookTooLong, time_limit
from made_lessons.checking.unfinished import parts_to_do
from made_lessons.checking.views import UNSEEN, VALUE, View


def compare_on_cases(answer, reference, cases, known_mistakes):
    compare(View(cases=tuple(cases)), answer, reference, known_mistakes)


def compare_value(answer, reference, known_mistakes):
    compare(VALUE, answer, reference, known_mistakes)


def said(function, *arguments):
    """Return the words of the Wrong that a call raises."""
    with pytest.raises(Wrong) as caught:
        function(*arguments)
    wrong = caught.value
    return {
        "why": wrong.cause,
        "expected": wrong.expected,
        "got": wrong.got,
        "tried": wrong.tried,
    }


# ---- not attempted -------------------------------------------------------------------------------


class Stub(nn.Linear):
    def __init__(self):
        super().__init__(1, 1)
        ...

    def set_mask(self, mask): ...

    def forward(self, x): ...


class Half(Stub):
    def set_mask(self, mask): ...

    def forward(self, x):
        return x


class Begun(Stub):
    def __init__(self):
        super().__init__()
        self.register_buffer("mask", torch.ones(1, 1))

    def forward(self, x): ...


def test_stubs_are_counted():
    def documented(x):
        """[(D,)] → (D,)."""
        ...

    def passing(x):
        pass

    @torch.no_grad()
    def decorated(x): ...

    unchanged = [..., documented, passing, decorated, Stub, {"a": ...}, [..., ...], (...,)]
    assert all(to_do == parts for to_do, parts in map(parts_to_do, unchanged))
    unfinished = [{"a": ..., "b": 1}, [1, ...], [[[0, 1], [1, 0]], [[1, 1], ...]], Half, Begun]
    assert [parts_to_do(answer) for answer in unfinished] == [(1, 2)] * 5


def test_attempts_are_touched_even_if_they_forget_to_return():
    def forgotten(x):
        x + 1

    touched = [forgotten, MaskedLinear, 3, None, "...", {"a": 1}, [], torch.zeros(2)]
    assert not any(to_do for to_do, _ in map(parts_to_do, touched))


# ---- calling -------------------------------------------------------------------------------------


def test_a_call_works_on_copies():
    given = torch.tensor([1, 2])

    def spoils(x):
        x += 1
        return x

    found = said(run, spoils, given)
    assert "changed its argument" in found["why"]
    assert found == found | {"tried": "spoils([1, 2])", "expected": "[1, 2], unchanged"}
    assert given.tolist() == [1, 2]


def test_a_changed_model_is_noticed():
    def trains(model):
        model.train()

    model = nn.Linear(2, 1).eval()
    run(trains, model)  # a mode does not count as a change, and the caller's model keeps its own
    assert not model.training

    def spoils(model):
        nn.init.zeros_(model.weight)

    found = said(run, spoils, model)
    assert "changed its argument" in found["why"]
    assert found["got"] == "a Linear, changed"


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ([1, [2]], [1, [2]], True),
        ([1, [2]], [1, [3]], False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        (torch.ones(2), [1, 1], False),
        (len, len, True),
    ],
)
def test_what_counts_as_changed(before, after, same):
    assert is_unchanged(before, after) is same


def test_an_error_in_a_class_of_a_notebook_is_shown():
    namespace = {"__name__": "__main__"}
    exec("class A:\n    def __init__(self, x):\n        raise ValueError('boom')", namespace)
    assert "raised ValueError: boom" in said(run, namespace["A"], 1)["why"]


def test_an_exception_is_reported_with_its_line():
    def wrong_index(x):
        y = x + 1
        return y[7]

    why = said(run, wrong_index, [1])["why"]
    assert "raised TypeError" in why
    assert "`y = x + 1`" in why


def test_an_error_names_the_tensors_of_its_line():
    class Layer(nn.Linear):
        def forward(self, x):
            masks = [torch.ones(1, 2)]
            return x @ self.weight + len(masks)

    why = said(run, Layer(3, 2).forward, torch.ones(4, 3))["why"]
    assert "in the line `return x @ self.weight + len(masks)`, where " in why
    assert "x is (4, 3), float32; self.weight is (2, 3), float32" in why
    assert "masks is a list of tensors (1, 2)" in why


def test_leaving_the_program_is_reported():
    assert "raised SystemExit" in said(run, sys.exit)["why"]


def test_what_cannot_be_called():
    assert "must be a function, but you passed a torch.Tensor" in said(run, torch.ones(2))["why"]


def one_line():
    while True: pass  # fmt: skip  # noqa: E701


def comprehension():
    return [k for k in itertools.count()]  # noqa: C416


def forgiving():
    while True:
        try:
            len("")
        except:  # noqa: E722
            continue


def endless_recursion():
    with contextlib.suppress(RecursionError):
        endless_recursion()
    endless_recursion()


@pytest.mark.parametrize("endless", [one_line, comprehension, forgiving, endless_recursion])
def test_an_endless_loop_is_stopped(endless):
    with pytest.raises(TookTooLong), time_limit(0.05):
        run(endless)
    for _ in range(1000):  # nothing comes afterwards
        time.sleep(0)


def test_nothing_is_left_of_a_limit_that_is_nearly_met():
    threads = threading.active_count()
    for _ in range(20):
        end = time.thread_time() + 0.0095
        with contextlib.suppress(TookTooLong), time_limit(0.01):
            while time.thread_time() < end:
                pass
    time.sleep(0.2)
    assert threading.active_count() == threads


def test_what_other_threads_do_does_not_count():
    if not hasattr(time, "pthread_getcpuclockid"):
        pytest.skip("this system does not tell the time of one thread")
    over = threading.Event()
    other = threading.Thread(target=lambda: all(not over.is_set() for _ in itertools.count()))
    other.start()
    try:
        with time_limit(0.1):
            time.sleep(0.3)
    finally:
        over.set()
        other.join()


def test_by_the_clock_a_limit_has_its_patience(monkeypatch):
    monkeypatch.setattr(time_limits, "PATIENCE", 1)
    with pytest.raises(TookTooLong), time_limit(0.1):
        [time.sleep(0.01) for _ in range(100)]


UNDER_A_TRACER = """
import sys
from contextlib import suppress
from made_lessons import check
from made_lessons.checking.time_limits import TookTooLong, time_limit

def answer(ordering):
    return ordering.argsort() + 1

sys.settrace(lambda frame, event, argument: None)
check("1.3", answer)
with suppress(TookTooLong), time_limit(0.1):
    while True:
        pass
check("1.3", answer)
"""


def test_a_stopped_answer_leaves_a_tracer_working():
    """In a process of its own, because CPython 3.11 once looped forever at the next call."""
    command = [sys.executable, "-c", UNDER_A_TRACER]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.count("✓ 1.3") == 2


# ---- comparing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("got", "expected", "why"),
    [
        (None, 1, "is a `return` missing"),
        (1.0, torch.ones(1), "must be a torch.Tensor"),
        (torch.ones(1), torch.ones(2), "wrong shape"),
        (torch.ones(1), torch.ones(1, dtype=torch.bool), "wrong dtype: .* True or False"),
        (torch.ones(1), torch.ones(1).long(), "wrong dtype: .* whole numbers"),
        (torch.ones(1).long(), torch.ones(1), "wrong dtype: .* floats"),
        (torch.zeros(9, 9), torch.eye(9), r"entry \[0, 0\] of the answer has the wrong value"),
        (3, [3], "must be a list"),
        ([3], (3, 4), "wrong length"),
        ([1, 3], [1, 2], r"entry \[1\] of the answer has the wrong value"),
        ({"a": 1}, {"b": 1}, "wrong keys"),
        ([], {"b": 1}, "must be a dict"),
        ({"a": 1}, {"a": 2}, r"entry \['a'\] of the answer has the wrong"),
        (1, True, "wrong type"),
        (True, 1, "must be a number"),
        (1.0004, 1.0, "has the wrong value"),
        (2e-4, 0.0, "has the wrong value"),
        (1j, 1.0, "must be a number"),
        ([None, 2], [1, 2], r"entry \[0\] of the answer is None$"),
        (torch.tensor([1066767]), torch.tensor([1066768]), "has the wrong value"),
        (torch.tensor([2e-4]), torch.zeros(1), "has the wrong value"),
        ("a", "b", "has the wrong value"),
    ],
)
def test_differences_are_named(got, expected, why):
    assert re.search(why, said(require_same, got, expected)["why"])


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (torch.ones(2, dtype=torch.float64), torch.ones(2)),
        (torch.ones(2, dtype=torch.int32), torch.ones(2, dtype=torch.long)),
        (torch.tensor(3), 3),
        (0.1 + 0.2, 0.3),
        (1.00005, 1.0),
        (5e-5, 0.0),
        (np.int64(3), 3),
        (0.5, torch.tensor(0.5)),
        (torch.tensor([1.00005, 5e-7]), torch.tensor([1.0, 0.0])),
        ((1, 2), [1, 2]),
        (float("inf"), float("inf")),
    ],
)
def test_harmless_differences_are_accepted(got, expected):
    assert is_same(got, expected)


def test_the_mistake_that_does_the_same_is_the_cause():
    known_mistakes = [
        KnownMistake(lambda x: x, "nothing was added"),
        KnownMistake(lambda x: x / 0, "divided by zero"),
    ]
    cases = [(1,), (2,)]

    def plus_one(x):
        return x + 1

    compare_on_cases(plus_one, plus_one, cases, known_mistakes)
    found = said(compare_on_cases, lambda y: y * 1, plus_one, cases, known_mistakes)
    assert found == found | {"why": "nothing was added", "expected": "2", "got": "1"}
    assert said(compare_on_cases, lambda y: 1 / 0, plus_one, cases, known_mistakes)[
        "why"
    ].startswith("divided by zero")
    found = said(compare_on_cases, lambda y: y**3 - 3, plus_one, cases, known_mistakes)
    assert found["why"] == "the answer has the wrong value"


def test_a_view_has_its_own_words_for_what_no_mistake_looks_like():
    view = View(lambda answer: {"even": answer % 2 == 0}, "answer % 2", "it is odd")
    compare(view, 4, 2, [])
    assert said(compare, view, 3, 2, []) == {
        "why": "it is odd",
        "expected": "{'even': True}",
        "got": "{'even': False}",
        "tried": "answer % 2",
    }
    assert said(compare, view, 3, 2, [KnownMistake(5, "five")])["why"] == "five"
    hidden = View(view.see, cause=lambda answer, got, right: f"{answer} is odd", expected="")
    assert said(compare, hidden, 3, 2, []) == {
        "why": "3 is odd",
        "expected": "",
        "got": "{'even': False}",
        "tried": "",
    }


def test_a_mistake_that_shows_in_an_earlier_view_is_not_the_cause():
    first, second = View(lambda answer: answer[0]), View(lambda answer: answer[1], cause="other")
    known_mistakes = [KnownMistake((7, 7), "both"), KnownMistake((1, 7), "the second")]
    assert said(compare, second, (1, 7), (1, 2), known_mistakes)["why"] == "both"
    assert said(compare, second, (1, 7), (1, 2), known_mistakes, [first])["why"] == "the second"
    assert said(compare, second, (1, 8), (1, 2), known_mistakes, [first])["why"] == "other"


def test_what_cannot_be_seen_is_not_compared():
    compare(View(lambda answer: UNSEEN if answer == 3 else answer), 3, 2, [])


def test_a_reference_is_seen_in_float64_and_rounded():
    assert View(cases=None).of(torch.exp, (torch.tensor(1.0),)).dtype == torch.float32
    exact = View().of(lambda x: x + 1e-9 - x, (torch.tensor(1.0),))
    assert exact == pytest.approx(1e-9)


def test_the_right_value_is_not_shown():
    known_mistakes = [KnownMistake(4, "squared")]
    assert said(compare_value, 4, 8, known_mistakes)["why"] == "squared"
    assert said(compare_value, 5, 8, known_mistakes) == {
        "why": "the answer has the wrong value",
        "expected": "",
        "got": "5",
        "tried": "",
    }
    assert said(compare_value, [5], 8, known_mistakes)["expected"] == "a number"


def test_a_mistake_that_fits_one_case_of_two_is_not_the_cause():
    known_mistakes = [KnownMistake(lambda x: abs(x), "the sign is lost")]
    found = said(
        compare_on_cases, lambda x: 3 if x == -3 else 0, lambda x: x, [(-3,), (5,)], known_mistakes
    )
    assert found["why"] == "the answer has the wrong value"


def test_a_mistake_in_one_entry_is_recognised():
    def both(x):
        return [x + 1, 2 * x]

    known_mistakes = [
        KnownMistake(lambda x: [x - 1, 3 * x], "one less"),
        KnownMistake(lambda x: [x + 1, x**2], "squared"),
    ]
    cases = [(torch.tensor(5.0),), (torch.tensor(7.0),)]
    found = said(compare_on_cases, lambda x: [x - 1, 2 * x], both, cases, known_mistakes)
    assert found["why"] == "perhaps one less (your wrong results are those of this mistake)"
    found = said(compare_on_cases, lambda x: [x - 1, x**2], both, cases, known_mistakes)
    assert found["why"] == "entry [0] of the answer has the wrong value"


def test_inferred_causes_begin_with_perhaps():
    cases = [(torch.tensor([5.0, 2.5]), torch.tensor([1.0, 7.0])), (torch.ones(3), torch.ones(3))]
    found = said(compare_on_cases, lambda x, y: y - x, lambda x, y: x - y, cases, [])
    assert found["why"].startswith("perhaps the sign is wrong: this is the negative of the right")
    assert found["why"].endswith(" (this fits all of your wrong results)")


def test_an_answer_that_is_right_only_for_the_first_case_gets_its_cause():
    found = said(compare_on_cases, lambda x: min(x, 4) ** 2, lambda x: x**2, [(2,), (4,), (7,)], [])
    assert found["why"].startswith("your answer was right for everything that was tried before")


def test_a_list_of_nothing_has_no_parts_that_are_put_together():
    found = said(compare_on_cases, torch.ones, lambda x: [], [(2,)], [])
    assert found["why"] == "the answer must be a list"


def test_a_reloaded_module_has_only_its_own_mistakes(monkeypatch):
    exercise_module = import_module("made_lessons.checking.exercise")
    monkeypatch.setattr(exercise_module, "_defined", {})
    for name in ("1.1", "1.2", "1.1"):
        exercise_module.exercise(name, "", stars=1, hints=())(len)
        exercise_module.known_mistakes({f"of {name}": 0})
    assert [
        mistake.cause for mistake in exercise_module.defined_exercise("1.1").known_mistakes
    ] == ["of 1.1"]


def test_what_an_answer_prints_is_shown_once(capsys):
    def talks(x):
        print("x is", x)
        return x

    said(
        compare_on_cases,
        talks,
        lambda x: x + 1,
        [(1,), (2,)],
        [KnownMistake(lambda x: x + 2, "two")],
    )
    assert capsys.readouterr().out == "x is 1\n"


def test_long_values_are_cut():
    assert as_text(torch.zeros(100, 100)) == "a tensor of shape (100, 100)"
    assert len(as_text("a" * 1000)) <= 240
    assert as_text((1.0,)) == "(1.0,)"
    assert as_text(nn.Linear(1, 1)) == "a Linear"


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


def test_data_of_the_notebook_in_a_wrong_answer_is_named():
    notebook = {"__name__": "__main__", "torch": torch, "order": torch.ones(3)}
    exec(NOTEBOOK, notebook | {"mask": torch.ones(3, 2)}, answers := {})
    remark = "Your code reads `order` from the notebook"
    with pytest.raises(Wrong) as caught:
        examine(exercise_named("1.3"), answers["of_a_list"])
    assert remark in caught.value.cause
    with pytest.raises(Wrong) as caught:
        examine(exercise_named("4.1"), answers["Layer"])
    assert "Your code reads `mask` from" in caught.value.cause
    with pytest.raises(Wrong) as caught:
        examine(exercise_named("1.3"), answers["of_the_argument"])
    assert "from the notebook" not in caught.value.cause
