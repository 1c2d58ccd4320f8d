"""Quiz: explains each choice once it is made, reveals nothing before, and folds its answers."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.formatters import DisplayFormatter
from ipywidgets import Button, Checkbox, RadioButtons

from made_course import Choice, Quiz
from made_course.widgets.quiz import markup as set_as_html
from tests.widgets.page import HOSTILE, markup, page, parsed, parts, text_of, words

BITS = [
    Choice("0.115", "That is nats per pixel."),
    Choice("0.166", "90 / (784 · 0.693).", right=True),
    Choice("90", "That is the whole image."),
]
FACTORS = [
    Choice("$p(x_2)$", "nothing comes before it", right=True),
    Choice("$p(x_1 \\mid x_2)$", "`x[2]` comes before it too"),
    Choice("$p(x_1 \\mid x_2, x_3)$", "both come before it", right=True),
    Choice("$p(x_3)$", "$x_2$ comes before it"),
]


def single():
    return Quiz("How many bits per pixel?", BITS)


def multiple():
    return Quiz("Which are factors?", FACTORS)


def of_kind(quiz, kind):
    return [part for part in parts(quiz) if isinstance(part, kind)]


def press(quiz):
    (button,) = of_kind(quiz, Button)
    button.click()


def verdict(quiz):
    """What the page says of the answer: "right", "not yet", or None before a check."""
    (told,) = [p.get("data-verdict") for p in page(quiz).iter() if p.get("data-verdict")] or [None]
    return told


def as_text(typed):
    return text_of(parsed(set_as_html(typed)))


def test_before_a_choice_nothing_is_revealed():
    for quiz in (single(), multiple()):
        assert (quiz.feedback, quiz.solved, quiz.attempts, verdict(quiz)) == ("", False, 0, None)
        for choice in quiz.choices:
            assert as_text(choice.why) not in words(quiz)
    assert (single().chosen, multiple().chosen) == (None, set())
    assert of_kind(single(), RadioButtons)[0].index is None
    assert set_as_html(FACTORS[1].text) in markup(multiple())


def test_each_choice_explains_itself_and_can_be_taken_back():
    quiz = single()
    (radio,) = of_kind(quiz, RadioButtons)
    assert radio.options == ("0.115", "0.166", "90")
    for attempt, (index, choice) in enumerate([*enumerate(BITS)][::-1], start=1):
        radio.index = index
        assert (quiz.chosen, quiz.solved, quiz.feedback, verdict(quiz)) == (index, False, "", None)
        press(quiz)
        assert quiz.feedback == f"{'✓ Right.' if choice.right else '✗ Not yet.'} {choice.why}"
        assert quiz.feedback in words(quiz)
        assert verdict(quiz) == ("right" if choice.right else "not yet")
        assert (quiz.solved, quiz.attempts) == (choice.right, attempt)
    quiz.chosen = None
    assert (radio.index, quiz.solved, quiz.feedback, verdict(quiz)) == (None, False, "", None)


@pytest.mark.parametrize(
    ("ticked", "feedback"),
    [
        ({0, 2}, "✓ Right. “{0}”: nothing comes before it “{2}”: both come before it"),
        ({0}, "✗ Not yet. What you ticked is right. 1 right choice is missing."),
        ({0, 2, 3}, "✗ Not yet. “{3}”: $x_2$ comes before it"),
        ({1, 3}, "✗ Not yet. “{1}”: `x[2]` comes before it too “{3}”: $x_2$ comes before it "
         "2 right choices are missing."),
    ],
)  # fmt: skip
def test_several_are_checked_together_and_missing_ones_not_given_away(ticked, feedback):
    quiz = multiple()
    boxes = of_kind(quiz, Checkbox)
    for k in ticked:
        boxes[k].value = True
    assert (quiz.chosen, quiz.feedback, quiz.attempts) == (ticked, "", 0)
    press(quiz)
    texts = [choice.text for choice in FACTORS]
    assert quiz.feedback == re.sub(r"\{(\d)\}", lambda k: texts[int(k[1])], feedback)
    assert quiz.solved == (ticked == {0, 2})
    assert verdict(quiz) == ("right" if quiz.solved else "not yet")
    (status,) = [part for part in page(quiz).iter() if part.get("role") == "status"]
    assert text_of(status) == as_text(quiz.feedback)
    boxes[3].value = not boxes[3].value  # another choice takes the feedback away
    assert (quiz.feedback, quiz.solved, verdict(quiz)) == ("", False, None)


@given(st.lists(st.sampled_from([0, 1, 2, 3, "press"]), max_size=10))
def test_any_sequence_of_ticks_and_checks(actions):
    quiz, ticked, answer, attempts = multiple(), set(), None, 0
    for action in actions:
        if action == "press":
            press(quiz)
            answer, attempts = (ticked, attempts + 1) if ticked else (answer, attempts)
            assert bool(quiz.problem) == (not ticked)
        else:
            ticked, answer = ticked ^ {action}, None
            quiz.chosen = ticked
        assert {k for k, box in enumerate(of_kind(quiz, Checkbox)) if box.value} == ticked
        assert (quiz.chosen, quiz.attempts) == (ticked, attempts)
        assert quiz.solved == (answer == {0, 2})
        assert (verdict(quiz) is None) == (answer is None)
    quiz.close()


def test_a_check_of_nothing_is_no_attempt():
    quiz = multiple()
    press(quiz)
    assert quiz.problem == "nothing is chosen yet: choose first, then check"
    assert quiz.problem in words(quiz)
    assert quiz.attempts == 0
    with pytest.raises(ValueError, match="nothing is chosen yet"):
        single().check()


def test_one_right_choice_can_hide_among_boxes():
    quiz = Quiz("Which?", BITS, multiple=True)
    quiz.chosen = {1}
    quiz.check()
    assert (len(of_kind(quiz, Checkbox)), quiz.solved) == (3, True)


# ---- texts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "html"),
    [
        ("$a < b$", "<span>$a &lt; b$</span>"),
        ("`a < b`", "<code>a &lt; b</code>"),
        ("`$x$` and $`$", "<code>$x$</code> and <span>$`$</span>"),
        ("costs 5$", "costs 5<span>$</span>"),
        (r"\(x\) \begin{a}", r"<span>\</span>(x<span>\</span>) <span>\</span>begin{a}"),
        (r"$x\$ y$", r"<span>$x\$ y$</span>"),
        ("<b>&amp;</b>", "&lt;b&gt;&amp;amp;&lt;/b&gt;"),
    ],
)
def test_markup(typed, html):
    assert set_as_html(typed) == html


@given(st.text(alphabet="ab <>&\"'$`\\{x_1}"))
def test_markup_shows_every_character_and_nothing_else(typed):
    root = parsed(set_as_html(typed))
    assert "".join(root.itertext()).replace("`", "") == typed.replace("`", "")
    assert {element.tag for element in root.iter()} <= {"div", "span", "code"}
    for element in root.iter():  # a dollar or backslash stands where mathematics is meant
        for text in (element.text if element.tag == "div" else "", element.tail):
            assert not set(text or "") & {"$", "\\"}


def test_everything_the_writer_gives_is_text():
    choices = [Choice(HOSTILE, HOSTILE, right=True), Choice(f"{HOSTILE}2", HOSTILE)]
    for several in (None, True):
        quiz = Quiz(HOSTILE, choices, multiple=several)
        quiz.chosen = {0} if several else 0
        quiz.check()
        assert HOSTILE in words(quiz)
        assert parsed(quiz.html()).find(".//script") is None


def test_text_beside_a_control_operates_it():
    beside = [p for p in page(multiple()).iter("div") if p.get("class") == "made-choice"]
    for k, row in enumerate(beside):
        assert any(f"querySelectorAll('input')[{k}]" in value for value in row.attrib.values())
        assert row.get("aria-hidden") == "true"
    assert len(beside) == 4


# ---- where nothing runs -------------------------------------------------------------------------


@pytest.mark.parametrize("make", [single, multiple])
def test_the_list_folds_every_explanation(make):
    quiz = make()
    question, choices = parsed(quiz.html())
    assert text_of(question).startswith(quiz.question)
    assert ("all that are right" in text_of(question)) == quiz.multiple
    for item, choice in zip(choices, quiz.choices, strict=True):
        (details,) = item
        assert (details.tag, details.attrib) == ("details", {})
        assert text_of(details.find("summary")) == as_text(choice.text)
        told = text_of(details).removeprefix(as_text(choice.text)).strip()
        assert told == f"{'Right.' if choice.right else 'No.'} {as_text(choice.why)}"


def test_every_form_of_the_output():
    quiz = multiple()
    quiz.chosen = {1}
    quiz.check()
    data, _ = DisplayFormatter().format(quiz)
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert data["text/html"] == quiz.html() == multiple().html()
    assert data["text/plain"] == (
        "Which are factors?\n1. p(x_2)\n2. p(x_1 \\mid x_2)\n3. p(x_1 \\mid x_2, x_3)\n4. p(x_3)"
    )


# ---- what it says of wrong arguments ------------------------------------------------------------

ONE, TWO = Choice("1", "one", right=True), Choice("2", "two")


@pytest.mark.parametrize(
    ("make", "error", "fragment"),
    [
        (lambda: Choice("3", "  "), ValueError, "the explanation (why) of choice '3' is empty"),
        (lambda: Choice("", "why"), ValueError, "a choice's text is empty"),
        (lambda: Choice(3, "why"), TypeError, "a choice's text must be a text, got 3"),
        (lambda: Choice("3", "why", 1), TypeError, "right must be True or False, got 1"),
        (lambda: Quiz("", [ONE, TWO]), ValueError, "the question is empty"),
        (lambda: Quiz("?", "12"), TypeError, "choices must be a list of Choice, got '12'"),
        (lambda: Quiz("?", ONE), TypeError, "choices must be a list of Choice, got Choice("),
        (lambda: Quiz("?", [ONE, "2"]), TypeError, "must be a Choice(text, why), got '2'"),
        (lambda: Quiz("?", [ONE]), ValueError, "needs two choices or more, got 1"),
        (lambda: Quiz("?", [TWO, Choice("3", "no")]), ValueError, "no choice is right: mark one"),
        (lambda: Quiz("?", [ONE, Choice("$1$ ", "no")]), ValueError, "two choices read '1'"),
        (lambda: Quiz("?", FACTORS, multiple=False), ValueError, "2 choices are right: leave"),
        (lambda: Quiz("?", BITS, multiple=1), TypeError, "multiple must be True, False or None"),
    ],
)
def test_wrong_arguments(make, error, fragment):
    with pytest.raises(error, match=re.escape(fragment)):
        make()


@pytest.mark.parametrize(
    ("make", "chosen", "error", "fragment"),
    [
        (single, 3, ValueError, "chosen must be from 0 to 2, got 3"),
        (single, -1, ValueError, "chosen must be at least 0, got -1"),
        (single, True, TypeError, "chosen must be a whole number, got True"),
        (multiple, None, TypeError, "chosen must be a set of numbers of choices, got None"),
        (multiple, "01", TypeError, "chosen must be a set of numbers of choices, got '01'"),
        (multiple, {0, 4}, ValueError, "chosen must be from 0 to 3, got 4"),
    ],
)
def test_a_choice_that_is_none_changes_nothing(make, chosen, error, fragment):
    quiz = make()
    quiz.chosen = {0, 3} if quiz.multiple else 2
    quiz.check()
    before = (quiz.chosen, quiz.feedback, quiz.attempts, markup(quiz))
    with pytest.raises(error, match=re.escape(fragment)):
        quiz.chosen = chosen
    assert (quiz.chosen, quiz.feedback, quiz.attempts, markup(quiz)) == before
