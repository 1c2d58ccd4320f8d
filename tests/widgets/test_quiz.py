"""Quiz: one state for page and Python, mathematics without a library, and answers that fold."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.formatters import DisplayFormatter

from made_course import Choice, Quiz
from made_course.widgets.quiz.quiz import markup
from made_lessons.checking.catalogue import NOTEBOOKS
from made_lessons.checking.questions import read_questions
from tests.widgets.page import HOSTILE, parsed, text_of

BITS = [
    Choice("0.115", "That is nats per pixel."),
    Choice("0.166", "90 / (784 · 0.693).", right=True),
    Choice("90", "That is the whole image."),
]
FACTORS = [
    Choice("$p(x_2)$", "nothing comes before it", right=True),
    Choice("$p(x_1 \\mid x_2)$", "`x[2]` comes before it too"),
    Choice("$p(x_1 \\mid x_2, x_3)$", "both come before it", right=True),
]


@pytest.mark.parametrize(
    ("choices", "chosen", "solved"),
    [
        (BITS, [], False),
        (BITS, [0, 2], False),
        (BITS, [2, 1], True),
        (FACTORS, [2, 1], False),
        (FACTORS, [2, 1, 0], True),
    ],
)
def test_it_is_solved_once_all_that_is_right_was_pressed(choices, chosen, solved):
    quiz = Quiz("Which?", choices)
    quiz.chosen = chosen * 2  # a second press of the same says nothing new
    assert (quiz.chosen, quiz.solved) == (chosen, solved)


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
def test_a_text_where_nothing_runs(typed, html):
    assert markup(typed) == html


@given(st.text(alphabet="ab <>&\"'$`\\{x_1}"))
def test_page_and_saved_output_read_a_text_alike_and_lose_nothing(call, typed):
    root = parsed(markup(typed))
    assert "".join(root.itertext()).replace("`", "") == typed.replace("`", "")
    for element in root.iter():  # a dollar or backslash stands where mathematics is meant
        for text in (element.text if element.tag == "div" else "", element.tail):
            assert not set(text or "") & {"$", "\\"}
    special = [
        ("code" if e.tag == "code" else "math", e.text if e.tag == "code" else e.text[1:-1])
        for e in root
        if e.tag == "code" or e.text not in ("$", "\\")
    ]
    parts = [tuple(part) for part in call("formula", "typed", typed)]
    assert [part for part in parts if part[0] != "text"] == special


def as_words(tree):
    """A tree of MathML as text: scripts and groups in brackets, functions with their space."""
    if isinstance(tree, str):
        return tree
    tag, looks, *inside = tree
    said = "".join(map(as_words, inside))
    if tag == "mspace":
        return " "
    if looks.get("form") == "prefix":
        return f"{said}'"
    return said if tag in ("mi", "mn", "mo", "math", "mrow") else f"{tag[1:]}[{said}]"


@pytest.mark.parametrize(
    ("latex", "words"),
    [
        ("x_2", "sub[x2]"),
        ("x_2^{(t)}", "subsup[x2(t)]"),
        ("2^{784}", "sup[2784]"),
        (r"-\log(1 - \sigma(-2))", "−'log(1−σ(−'2))"),
        (r"-\log 0.12 = 2.13", "−'log 0.12=2.13"),
        (r"\ln\pi", "ln π"),
        (r"\log_2 p(x \mid y)", "sub[log2] p(x|y)"),
        ("10^{-8}", "sup[10−'8]"),
        ("2^{D-1}", "sup[2D−1]"),
        (r"\sum_k \mathcal{N}(x; \mu_k)", "sub[∑k]𝒩(x;sub[μk])"),
        (r"\hat x_2 = \frac{a}{b}", "sub[over[x^]2]=frac[ab]"),
    ],
)
def test_mathematics(call, latex, words):
    assert as_words(call("formula", "mathOf", latex)) == words


def functions(tree):
    """Names of several letters in a tree of MathML: a command that is not known stands as one."""
    _, _, *inside = tree
    for part in inside:
        if isinstance(part, list):
            yield from functions(part)
        elif tree[0] == "mi" and len(part) > 1:
            yield part


def test_the_page_can_set_all_mathematics_of_the_course(call):
    texts = [
        text
        for number in NOTEBOOKS
        for question, choices in read_questions(number).values()
        for text in (question, *(t for c in choices for t in (c.text, c.why)))
    ]
    parts = [part for text in texts for part in call("formula", "typed", text)]
    trees = [call("formula", "mathOf", words) for kind, words in parts if kind == "math"]
    assert {name for tree in trees for name in functions(tree)} == {"log", "ln"}
    assert not {*"".join(map(as_words, trees))} & {*"\\{}$"}


@given(st.text(alphabet="x2 \\{}_^$-(", max_size=12))
def test_unfinished_mathematics_is_set_as_far_as_it_goes(call, latex):
    assert call("formula", "mathOf", latex)[0] == "math"


# ---- where nothing runs -------------------------------------------------------------------------


@pytest.mark.parametrize("choices", [BITS, FACTORS])
def test_the_list_folds_every_explanation(choices):
    quiz = Quiz("Which?", choices)
    question, items = parsed(quiz.html())
    several = sum(choice.right for choice in choices) > 1
    assert text_of(question) == "Which?" + (" (Choose all that are right.)" if several else "")
    for item, choice in zip(items, choices, strict=True):
        (details,) = item
        assert (details.tag, details.attrib) == ("details", {})
        summary = text_of(parsed(markup(choice.text)))
        assert text_of(details.find("summary")) == summary
        told = text_of(details).removeprefix(summary).strip()
        why = text_of(parsed(markup(choice.why)))
        assert told == f"{'Right.' if choice.right else 'No.'} {why}"


def test_every_form_of_the_output():
    quiz = Quiz("Which?", FACTORS)
    quiz.chosen = [1]
    data, _ = DisplayFormatter().format(quiz)
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert data["text/html"] == quiz.html() == Quiz("Which?", FACTORS).html()
    assert data["text/plain"] == (
        "Which?\n1. p(x_2)\n2. p(x_1 \\mid x_2)\n3. p(x_1 \\mid x_2, x_3)"
    )


def test_everything_the_writer_gives_is_text():
    choices = [Choice(HOSTILE, HOSTILE, right=True), Choice(f"{HOSTILE}2", HOSTILE)]
    assert parsed(Quiz(HOSTILE, choices).html()).find(".//script") is None


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
    ],
)
def test_wrong_arguments(make, error, fragment):
    with pytest.raises(error, match=re.escape(fragment)):
        make()


@pytest.mark.parametrize(
    ("chosen", "error", "fragment"),
    [
        ([3], ValueError, "chosen must be at most 2, got 3"),
        ([-1], ValueError, "chosen must be at least 0, got -1"),
        ([True], TypeError, "chosen must be a whole number, got True"),
        (1, TypeError, "chosen must be a list of numbers of choices, got 1"),
        ("01", TypeError, "chosen must be a list of numbers of choices, got '01'"),
    ],
)
def test_a_choice_that_is_none_changes_nothing(chosen, error, fragment):
    quiz = Quiz("?", BITS)
    quiz.chosen = [2]
    with pytest.raises(error, match=re.escape(fragment)):
        quiz.chosen = chosen
    assert quiz.chosen == [2]
