"""Quiz: explains each choice once it is made, reveals nothing before, and folds its answers."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.formatters import DisplayFormatter
from ipywidgets import Button, Checkbox, HTMLMath, RadioButtons
from ipywidgets.widgets.widget import _instances

from made_course import Choice, Quiz
from made_course.widgets.quiz import markup, plain

HOSTILE = "</svg><script>alert(1)</script>"
WIDGET = "application/vnd.jupyter.widget-view+json"
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


def parts(quiz, kind):
    """Controls of a kind, from top to bottom."""
    found = []
    for child in quiz.children:
        found += [child, *getattr(child, "children", ())]
    return [part for part in found if isinstance(part, kind)]


def shown(quiz):
    """The feedback on the page: (verdict, its words as text), or None."""
    if not quiz._feedback.value:
        return None
    root = ET.fromstring(quiz._feedback.value)
    assert root.get("role") == "status"
    assert root.tag == "div"
    items = root.findall("ul/li")
    texts = ["".join(item.itertext()) for item in items] or ["".join(root.itertext())]
    return root.get("data-verdict"), root.findtext("b"), texts


def as_text(typed):
    return "".join(ET.fromstring(f"<p>{markup(typed)}</p>").itertext())


# ---- one right choice ---------------------------------------------------------------------------


def test_before_a_choice_nothing_is_revealed():
    for quiz in (single(), multiple()):
        assert quiz.feedback == ""
        assert shown(quiz) is None
        assert (quiz.solved, quiz.attempts) == (False, 0)
        page = "".join(part.value for part in parts(quiz, HTMLMath))
        for choice in quiz.choices:
            assert markup(choice.text) in page
            assert markup(choice.why) not in page
    assert single().chosen is None
    assert multiple().chosen == set()


def test_each_choice_explains_itself():
    quiz = single()
    (radio,) = parts(quiz, RadioButtons)
    assert radio.index is None
    assert radio.options == ("0.115", "0.166", "90")
    for attempt, (index, choice) in enumerate([*enumerate(BITS)][::-1], start=1):
        radio.index = index
        assert (quiz.chosen, quiz.solved, quiz.feedback, shown(quiz)) == (index, False, "", None)
        parts(quiz, Button)[0].click()
        verdict = "✓ Right." if choice.right else "✗ Not yet."
        assert quiz.feedback == f"{verdict} {choice.why}"
        assert shown(quiz) == ("right" if choice.right else "not yet", verdict, [quiz.feedback])
        assert (quiz.chosen, quiz.solved, quiz.attempts) == (index, choice.right, attempt)


def test_a_single_choice_can_be_taken_back():
    quiz = single()
    quiz.chosen = 1
    quiz.check()
    quiz.chosen = None
    assert (quiz.chosen, quiz.solved, quiz.attempts, quiz.feedback) == (None, False, 1, "")
    assert parts(quiz, RadioButtons)[0].index is None
    assert shown(quiz) is None


# ---- several ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ticked", "feedback"),
    [
        ({0, 2}, "✓ Right. “{0}”: nothing comes before it “{2}”: both come before it"),
        ({0}, "✗ Not yet. What you ticked is right. 1 right choice is missing."),
        ({1, 2}, "✗ Not yet. “{1}”: `x[2]` comes before it too 1 right choice is missing."),
        ({0, 2, 3}, "✗ Not yet. “{3}”: $x_2$ comes before it"),
        (
            {1, 3},
            "✗ Not yet. “{1}”: `x[2]` comes before it too “{3}”: $x_2$ comes before it "
            "2 right choices are missing.",
        ),
    ],
)
def test_several_are_checked_together(ticked, feedback):
    quiz = multiple()
    boxes = parts(quiz, Checkbox)
    (button,) = parts(quiz, Button)
    assert button.description == "Check"
    assert [box.description for box in boxes] == [plain(choice.text) for choice in FACTORS]
    for k in ticked:
        boxes[k].value = True
    assert (quiz.chosen, quiz.feedback, quiz.attempts) == (ticked, "", 0)
    button.click()
    texts = [choice.text for choice in FACTORS]
    assert quiz.feedback == re.sub(r"\{(\d)\}", lambda k: texts[int(k[1])], feedback)
    assert (quiz.solved, quiz.attempts) == (ticked == {0, 2}, 1)
    verdict, head, items = shown(quiz)
    assert verdict == ("right" if quiz.solved else "not yet")
    assert " ".join([head, *items]) == as_text(quiz.feedback)


def test_missing_ones_are_not_given_away():
    quiz = multiple()
    quiz.chosen = {1, 3}
    quiz.check()
    for k in (0, 2):
        assert FACTORS[k].text not in quiz.feedback
        assert FACTORS[k].why not in quiz.feedback


def test_another_choice_takes_the_last_feedback_away():
    quiz = multiple()
    quiz.chosen = [0, 2]
    quiz.check()
    assert quiz.solved
    parts(quiz, Checkbox)[2].value = False
    assert (quiz.chosen, quiz.feedback, quiz.solved) == ({0}, "", False)
    assert shown(quiz) is None
    parts(quiz, Button)[0].click()
    assert (quiz.solved, quiz.attempts) == (False, 2)


def test_a_check_of_nothing_is_no_attempt():
    quiz = multiple()
    parts(quiz, Button)[0].click()
    assert quiz.problem == "nothing is chosen yet: choose first, then check"
    assert "nothing is chosen" in quiz.children[-1].value
    assert (quiz.attempts, quiz.feedback) == (0, "")
    parts(quiz, Checkbox)[0].value = True
    assert quiz.problem == ""
    with pytest.raises(ValueError, match="nothing is chosen yet"):
        single().check()


def test_one_right_choice_can_hide_among_boxes():
    quiz = Quiz("Which?", BITS, multiple=True)
    assert len(parts(quiz, Checkbox)) == 3
    quiz.chosen = {1}
    quiz.check()
    assert quiz.solved
    assert quiz.multiple


INDEX = st.integers(0, 3)
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("control"), INDEX),
        st.tuples(st.just("set"), st.sets(INDEX)),
        st.tuples(st.sampled_from(["button", "check"])),
        st.tuples(st.just("bad"), st.sampled_from([{4}, {-1}, {"0"}, {0.0}, {True}])),
    ),
    max_size=12,
)


@given(ACTIONS)
def test_several_through_controls_and_python(actions):
    quiz = multiple()
    boxes, (button,) = parts(quiz, Checkbox), parts(quiz, Button)
    ticked, answer, attempts = set(), None, 0
    for name, *values in actions:
        if name == "control":
            (k,) = values
            boxes[k].value = not boxes[k].value
            ticked, answer = ticked ^ {k}, None
        elif name == "set":
            (ticked,), answer = values, None
            quiz.chosen = ticked
        elif name == "bad":
            with pytest.raises((TypeError, ValueError), match="chosen must be"):
                quiz.chosen = values[0]
        elif ticked:
            button.click() if name == "button" else quiz.check()
            answer, attempts = ticked, attempts + 1
        elif name == "button":
            button.click()
            assert "nothing is chosen" in quiz.problem
            continue
        else:
            with pytest.raises(ValueError, match="nothing is chosen"):
                quiz.check()
            continue
        assert quiz.problem == "" or name == "bad"
        assert quiz.chosen == ticked
        assert {k for k, box in enumerate(boxes) if box.value} == ticked
        assert (quiz.attempts, quiz.solved) == (attempts, answer == {0, 2})
        if answer is None:
            assert shown(quiz) is None
            continue
        verdict, head, items = shown(quiz)
        assert (verdict == "right") == ("Right" in head) == (answer == {0, 2})
        for k, choice in enumerate(FACTORS):
            told = k in answer and (answer == {0, 2} or not choice.right)
            assert any(as_text(choice.why) in item for item in items) == told
        missing = len({0, 2} - answer)
        assert (f"{missing} right" in items[-1]) == (missing > 0)
    quiz.close()


@given(
    st.lists(
        st.tuples(st.sampled_from(["control", "set", "check"]), st.sampled_from([0, 1, 2, None])),
        max_size=8,
    )
)
def test_one_through_controls_and_python(actions):
    quiz = single()
    (radio,), (button,) = parts(quiz, RadioButtons), parts(quiz, Button)
    chosen, answer, attempts = None, None, 0
    for name, k in actions:
        if name == "check":
            button.click()
            assert (quiz.problem == "") == (chosen is not None)
            answer = chosen
            attempts += chosen is not None
        else:
            if name == "set":
                quiz.chosen = k
                answer = None
            elif radio.index != k:
                radio.index = k
                answer = None
            chosen = k
            assert quiz.problem == "" or radio.index == k
        assert (quiz.chosen, radio.index, quiz.attempts) == (chosen, chosen, attempts)
        assert quiz.solved == (answer == 1)
        assert (shown(quiz) is None) == (quiz.feedback == "") == (answer is None)
        assert answer is None or quiz.feedback.endswith(BITS[answer].why)
    quiz.close()


def test_one_interaction_sends_few_messages(monkeypatch):
    sent = []
    quiz = multiple()
    monkeypatch.setattr("ipywidgets.Widget.send_state", lambda self, key=None: sent.append(key))
    parts(quiz, Checkbox)[0].value = True  # which the page knows already
    assert sent == ["value"]
    parts(quiz, Button)[0].click()
    assert sent == ["value", "value"]


# ---- texts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "html"),
    [
        ("plain", "plain"),
        ("$a < b$", "<span>$a &lt; b$</span>"),
        ("`a < b`", "<code>a &lt; b</code>"),
        ("`$x$` and $`$", "<code>$x$</code> and <span>$`$</span>"),
        ("costs 5$", "costs 5<span>$</span>"),
        (r"\(x\) \begin{a}", r"<span>\</span>(x<span>\</span>) <span>\</span>begin{a}"),
        (r"$x\$ y$", r"<span>$x\$ y$</span>"),
        ("a ` b", "a ` b"),
        ("<b>&amp;</b>", "&lt;b&gt;&amp;amp;&lt;/b&gt;"),
    ],
)
def test_markup(typed, html):
    assert markup(typed) == html


@given(st.text(alphabet="ab <>&\"'$`\\{x_1}"))
def test_markup_shows_every_character_and_nothing_else(typed):
    root = ET.fromstring(f"<p>{markup(typed)}</p>")
    assert "".join(root.itertext()).replace("`", "") == typed.replace("`", "")
    assert {element.tag for element in root.iter()} <= {"p", "span", "code"}
    # outside of what is meant as mathematics or code, no text holds a dollar or backslash
    for element in root.iter():
        for words in (element.text if element.tag == "p" else "", element.tail):
            assert not set(words or "") & {"$", "\\"}
        if element.tag == "span":
            assert element.text in "$\\" or re.fullmatch(r"\$.+\$", element.text, re.DOTALL)


def test_everything_the_writer_gives_is_text():
    choices = [Choice(HOSTILE, HOSTILE, right=True), Choice(f"{HOSTILE}2", HOSTILE)]
    for several in (None, True):
        quiz = Quiz(HOSTILE, choices, multiple=several)
        quiz.chosen = {0} if several else 0
        quiz.check()
        page = "".join(part.value for part in parts(quiz, HTMLMath)) + quiz.html()
        assert "<script" not in page
        assert HOSTILE in as_text(HOSTILE)


def test_text_beside_a_control_operates_it():
    quiz = multiple()
    rows = re.findall(r'<div class="made-choice"(.*?)>', parts(quiz, HTMLMath)[1].value)
    assert len(rows) == 4
    for k, row in enumerate(rows):
        assert f"querySelectorAll(&#x27;input&#x27;)[{k}]" in row
        assert 'aria-hidden="true"' in row


# ---- where nothing runs -------------------------------------------------------------------------


@pytest.mark.parametrize("make", [single, multiple])
def test_the_list_folds_every_explanation(make):
    quiz = make()
    root = ET.fromstring(f"<div>{quiz.html()}</div>")
    question, choices = root
    assert "".join(question.itertext()).startswith(quiz.question)
    assert ("all that are right" in "".join(question.itertext())) == quiz.multiple
    assert choices.tag == "ol"
    for item, choice in zip(choices, quiz.choices, strict=True):
        (details,) = item
        assert details.attrib == {}
        summary = details.find("summary")
        assert "".join(summary.itertext()) == as_text(choice.text)
        told = "".join(details.itertext()).removeprefix(as_text(choice.text))
        assert told == f"{'Right.' if choice.right else 'No.'} {as_text(choice.why)}"
    assert {element.tag for element in root.iter()} <= {
        *("div", "p", "em", "ol", "li", "details", "summary", "span", "code")
    }


def test_every_form_of_the_output():
    quiz = multiple()
    quiz.chosen = {1}
    quiz.check()
    data, _ = DisplayFormatter().format(quiz)
    assert set(data) == {WIDGET, "text/html", "text/plain"}
    assert data[WIDGET]["model_id"] == quiz.model_id
    assert data["text/html"] == quiz.html() == multiple().html()
    assert data["text/plain"] == (
        "Which are factors?\n1. p(x_2)\n2. p(x_1 \\mid x_2)\n3. p(x_1 \\mid x_2, x_3)\n4. p(x_3)"
    )


# ---- what it leaves, and what it says of wrong arguments ----------------------------------------


def test_closing_leaves_no_widget():
    before = set(_instances)
    for make in (single, multiple) * 3:
        quiz = make()
        quiz.chosen = {0} if quiz.multiple else 0
        quiz.close()
    assert set(_instances) == before


def test_what_was_given_can_be_read():
    quiz = Quiz("Which?", iter(BITS))
    assert (quiz.question, quiz.choices, quiz.multiple) == ("Which?", tuple(BITS), False)
    multiple_ = multiple()
    multiple_.chosen.add(0)
    assert multiple_.chosen == set()


ONE, TWO = Choice("1", "one", right=True), Choice("2", "two")


@pytest.mark.parametrize(
    ("make", "error", "fragment"),
    [
        (lambda: Choice("3", ""), ValueError, "the explanation (why) of choice '3' is empty"),
        (lambda: Choice("3", "  "), ValueError, "the explanation (why) of choice '3' is empty"),
        (lambda: Choice("", "why"), ValueError, "a choice's text is empty"),
        (lambda: Choice(3, "why"), TypeError, "a choice's text must be a text, got 3"),
        (lambda: Choice("3", None), TypeError, "(why) of choice '3' must be a text, got None"),
        (lambda: Choice("3", "why", 1), TypeError, "right must be True or False, got 1"),
        (lambda: Quiz("", [ONE, TWO]), ValueError, "the question is empty"),
        (lambda: Quiz(None, [ONE, TWO]), TypeError, "the question must be a text, got None"),
        (lambda: Quiz("?", "12"), TypeError, "choices must be a list of Choice, got '12'"),
        (lambda: Quiz("?", ONE), TypeError, "choices must be a list of Choice, got Choice("),
        (lambda: Quiz("?", 2), TypeError, "choices must be a list of Choice, got 2"),
        (lambda: Quiz("?", [ONE, "2"]), TypeError, "must be a Choice(text, why), got '2'"),
        (lambda: Quiz("?", [ONE]), ValueError, "needs two choices or more, got 1"),
        (lambda: Quiz("?", [TWO, Choice("3", "no")]), ValueError, "no choice is right: mark one"),
        (lambda: Quiz("?", [ONE, TWO, TWO]), ValueError, "two choices read '2'"),
        (lambda: Quiz("?", [ONE, Choice("$1$ ", "no")]), ValueError, "two choices read '1'"),
        (lambda: Quiz("?", FACTORS, multiple=False), ValueError, "2 choices are right: leave"),
        (lambda: Quiz("?", BITS, multiple=1), TypeError, "multiple must be True, False or None"),
    ],
)
def test_wrong_arguments(make, error, fragment):
    before = set(_instances)
    with pytest.raises(error, match=re.escape(fragment)):
        make()
    assert set(_instances) == before


@pytest.mark.parametrize(
    ("make", "chosen", "error", "fragment"),
    [
        (single, 3, ValueError, "chosen must be from 0 to 2, got 3"),
        (single, -1, ValueError, "chosen must be at least 0, got -1"),
        (single, True, TypeError, "chosen must be a whole number, got True"),
        (single, {1}, TypeError, "chosen must be a whole number, got {1}"),
        (multiple, 1, TypeError, "chosen must be a set of numbers of choices, got 1"),
        (multiple, None, TypeError, "chosen must be a set of numbers of choices, got None"),
        (multiple, "01", TypeError, "chosen must be a set of numbers of choices, got '01'"),
        (multiple, {0, 4}, ValueError, "chosen must be from 0 to 3, got 4"),
    ],
)
def test_a_choice_that_is_none_changes_nothing(make, chosen, error, fragment):
    quiz = make()
    quiz.chosen = {0, 3} if quiz.multiple else 2
    quiz.check()
    before = (quiz.chosen, quiz.feedback, quiz.attempts, quiz._feedback.value)
    with pytest.raises(error, match=re.escape(fragment)):
        quiz.chosen = chosen
    assert (quiz.chosen, quiz.feedback, quiz.attempts, quiz._feedback.value) == before
