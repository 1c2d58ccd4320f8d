"""check, hint, solution, yours and progress, as a notebook uses them."""

import os
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import platformdirs
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

from made_lessons import check, hint, progress, solution, yours
from made_lessons.checking.card import Card
from made_lessons.checking.catalogue import NOTEBOOKS as ALL
from made_lessons.checking.catalogue import exercise_named, exercises_in
from made_lessons.checking.progress import Progress, mark_as_solved, solved_folder, solved_names
from tools.pages.minutes import NOTEBOOKS, read, text_of


def right(ordering):
    return torch.argsort(ordering) + 1


def test_a_right_answer_is_remembered(capsys):
    check("1.3", lambda ordering: ordering)
    assert solved_names() == []
    check("1.3", right)
    assert solved_names() == ["1.3"]
    assert capsys.readouterr().out.endswith("✓ 1.3 · From ordering to degrees: right.\n")
    check("1.3", lambda ordering: ordering)  # it stays solved
    assert solved_names() == ["1.3"]


def test_an_answer_may_be_unfinished(capsys):
    check("4.4", {"mask forgotten": {"sum"}, "mean for sum": ...})
    assert ": unfinished. Replace the ..." in capsys.readouterr().out
    check("4.4", {"mask forgotten": ...})
    assert ": not attempted yet. Replace the ..." in capsys.readouterr().out


def test_progress_is_kept_by_the_users_folder(capsys):
    check("1.3", right)
    check("0.1", 512)
    capsys.readouterr()
    progress()
    out = capsys.readouterr().out
    assert out.startswith("2 of ")
    assert "0.1 ✓" in out
    assert "1.1 ○   1.2 ○   1.3 ✓   1.4 ○" in out
    (solved_folder() / "7.9").touch()  # of another version of the course
    progress()
    assert capsys.readouterr().out.startswith("2 of ")


def test_progress_goes_on_after_the_exercise_that_was_solved_last():
    for name, when in {"5.2": 1, "1.1": 2}.items():
        mark_as_solved(name)
        os.utime(solved_folder() / name, (when, when))
    assert "Continue with 1.2 ·" in repr(Progress())
    os.utime(solved_folder() / "5.2", (3, 3))
    assert "Continue with 5.3 ·" in repr(Progress())


def test_progress_links_to_the_heading_of_each_exercise_in_turn(monkeypatch):
    monkeypatch.chdir(NOTEBOOKS[0].parent)
    for name in [exercise.name for number in ALL for exercise in exercises_in(number)]:
        file, place = re.search(r'href="(\w+\.ipynb)#([^"]+)"', Progress()._repr_html_()).groups()
        headings = re.findall(r"^### (.+)", text_of(read(Path(file))), re.MULTILINE)
        assert unescape(place) in [heading.replace(" ", "-") for heading in headings]
        assert place.startswith(f"Exercise-{name}-·-")
        mark_as_solved(name)
    assert "Continue" not in repr(Progress()) + Progress()._repr_html_()


def test_a_folder_that_cannot_be_written_loses_nothing_else(capsys, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("MADE_COURSE_PROGRESS", str(tmp_path / "file" / "solved"))
    check("1.3", right)
    out = capsys.readouterr().out
    assert "right." in out
    assert "not writable" in out
    progress()
    assert capsys.readouterr().out.startswith("0 of ")


def test_progress_lies_in_the_users_data_folder(monkeypatch):
    monkeypatch.delenv("MADE_COURSE_PROGRESS")
    assert solved_folder() == platformdirs.user_data_path("made_course", False) / "solved"


def test_yours_is_your_answer_once_it_has_passed(capsys):
    assert yours("1.4").__module__ == "made_lessons.notebook_01.draw_days"
    assert capsys.readouterr().out.startswith('yours("1.4") is the course\'s solution, because no')
    check("1.3", right)
    capsys.readouterr()
    assert yours("1.3") is right
    assert capsys.readouterr().out == ""
    assert yours("0.1") == 512
    check("1.1", right)
    assert yours("1.1") is not right


def test_hints_come_one_after_another(capsys):
    outs = []
    for _ in range(4):
        hint("1.2")
        outs.append(capsys.readouterr().out)
    assert [out[:11] for out in outs] == [f"Hint {k} of 3" for k in (1, 2, 3, 3)]
    assert "solution" not in outs[1]
    assert 'solution("1.2")' in outs[2]


def test_a_wrong_answers_card_has_the_exercises_own_hints(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    check("1.2", lambda joint: joint)
    assert shown[0].hints == exercise_named("1.2").hints


def test_a_report_says_what_there_is_to_say_and_nothing_else(capsys):
    check("0.1", 18)
    assert capsys.readouterr().out == (
        "✗ 0.1 · Count the images: not yet.\n"
        "  got       18\n"
        "  why       you added 2 choices for each of the 9 pixels, but you must multiply them\n"
        '  Stuck? hint("0.1")\n'
    )
    check("2.2", lambda x: torch.stack([0 * x[:, 0], x[:, 0], 0 * x[:, 0]], dim=1))
    assert capsys.readouterr().out == (
        "✓ 2.2 · A leak that Σp does not show: right. Leaks: output x₂ sees x₁. Still, Σp = 1.\n"
    )


def in_card(expected, got):
    """Return the expected value in a card as text, with a star at each framed entry."""
    parts = {"expected": expected, "got": got}
    page = Card("✗", "a", "b", parts)._repr_html_().replace("<b style", "*<b style")
    shown = re.search(r"expected</small><div>(.*?)</div>", page, re.DOTALL)[1]
    return unescape(re.sub(r"<[^>]*>", "", shown))


@pytest.mark.parametrize(
    ("expected", "got", "shown"),
    [
        ("[[0, 1], [1, nan]]", "[[0, 0], [1, nan]]", "[[  0,   *1],\n [  1, nan]]"),
        ("[[[1, 2]], [[3], [4]]] (bool)", "", "[[[1, 2]],\n [[3],\n  [4]]] (bool)"),
        ("[0.5, 2], unchanged", "[0.25, 2], changed", "[*0.5, 2], *unchanged"),
        ("{'a, b': [1]}", "{'a, b': [2]}", "{'a, b': [*1]}"),
        ("[1, 2]", "[1, 2, 3]", "[1, 2]"),
        ("3 < 4", "3 < 5", "3 < 4"),
        ("[", "]", "["),
    ],
)
def test_a_card_shows_matrices_row_by_row_and_frames_what_differs(expected, got, shown):
    assert in_card(expected, got) == shown


def test_a_card_has_hints_one_inside_the_other():
    parts = {"tried": "f([1])", "why": "`a` < b"}
    card = Card("✗", "1.3 · Title", "not yet.", parts, 'hint("1.3")', ("`b`?", "a < b"))
    page = card._repr_html_()
    assert "<code>a</code> &lt; b" in page
    inner = "<details><summary>Hint 2 of 2</summary><div>a &lt; b</div></details>"
    outer = f"Stuck? Hint 1 of 2</summary><div><code>b</code>?</div>{inner}</details>"
    assert page.endswith(f"<details><summary>{outer}</div></div>")
    assert repr(card).endswith('\n  Stuck? hint("1.3")')


def test_a_check_leaves_torchs_stream_and_settings_alone():
    def sets(ordering):
        torch.rand(5)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.set_num_threads(torch.get_num_threads() + 1)
        return right(ordering)

    before, stream = torch.get_num_threads(), torch.get_rng_state()
    check("1.3", sets)
    assert torch.equal(torch.get_rng_state(), stream)
    assert torch.get_default_dtype() == torch.float32
    assert torch.is_grad_enabled()
    assert torch.get_num_threads() == before


def test_a_check_never_raises(capsys, monkeypatch):
    def trips(answer):
        raise KeyError("mask")

    broken = replace(exercise_named("1.1"), score=trips)
    monkeypatch.setattr("made_lessons.checking.catalogue.exercises_in", lambda number: (broken,))
    check("1.1", exercise_named("1.1").reference)
    assert "cannot use this answer. It raised KeyError: 'mask'" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["1.9", "99.1", "x", "1a", ""])
@pytest.mark.parametrize("ask", [lambda name: check(name, 1), hint, solution, yours])
def test_unknown_exercises(ask, name):
    with pytest.raises(ValueError, match="there is no exercise"):
        ask(name)


@pytest.mark.parametrize("ask", [lambda name: check(name, 1), hint, solution, yours])
@pytest.mark.parametrize("name", [1.3, 3, None, len])
def test_a_name_without_quotes(ask, name):
    with pytest.raises(ValueError, match=r'must be a name in quotes, such as "1.3"'):
        ask(name)


def test_a_wrong_name_gives_one_line(capsys):
    shell = InteractiveShell()
    shell.run_cell("from made_lessons import check\ncheck(4.1, print)")
    shown = capsys.readouterr().out
    assert shown.strip() == (
        'ValueError: the first argument must be a name in quotes, such as "1.3", but you passed 4.1'
    )
