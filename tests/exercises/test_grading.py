"""Grading: honest hand-ins get the verdict of their check, hostile ones a row and nothing else."""

import contextlib
import csv
import functools
import math
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
from pathlib import Path

import nbformat
import pytest
import torch

from made_course import Head
from made_course.exercises import NOTEBOOKS, _exercise, _room, grading, hand_in, remote

REPOSITORY = Path(__file__).parents[2]
RIGHT = """
def build_masks(degrees):
    pairs = list(zip([*degrees, degrees[0]][1:], degrees))
    masks = [above[:, None] >= below for above, below in pairs]
    return [*masks[:-1], degrees[0][:, None] > degrees[-1]]

check("3.2", build_masks)
"""
WRONG = RIGHT.replace("degrees[0][:, None] > degrees[-1]", "degrees[0][:, None] >= degrees[-1]")
EMPTY = 'def build_masks(degrees):\n    ...\n\ncheck("3.2", build_masks)'
IMPORTS = "import torch\nfrom made_course.exercises import check"

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="grading needs os.fork")


def notebook(*cells):
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    return nbformat.writes(made)


def run_grader(folder, *more, short=False, **environment):
    """The command in a process of its own; short: with less time for each exercise."""
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)} | environment
    command = [sys.executable, "-m", "made_course.exercises"]
    if short:
        environment["MADE_COURSE_GRADING"] = "1"
        lines = "from made_course.exercises import grading as g; g.SECONDS = 3"
        lines += "; g.BY_THE_CLOCK = 5; g.main()"
        command = [sys.executable, "-c", lines]
    done = subprocess.run(
        [*command, "grade", str(folder), *more],
        env=environment,
        cwd=folder.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def graded(folder):
    """The rows of the CSV, by hand-in."""
    text = (folder.with_name(f"{folder.name}-grades") / "grades.csv").read_text("utf-8-sig")
    return {row["hand_in"]: row for row in csv.DictReader(text.splitlines())}


@functools.cache
def protection():
    return "" if not hasattr(os, "fork") else grading._missing()


needs_namespaces = pytest.mark.skipif(bool(protection()), reason=f"no namespaces: {protection()}")
needs_protection = pytest.mark.skipif(
    bool(protection()) and os.getuid() != 0, reason=f"files cannot be protected: {protection()}"
)


# ---- honest hand-ins ----------------------------------------------------------------------------


def far(exercise, answer):
    """The verdict where the answer lives in another process."""
    here, there = socket.socketpair()
    child = os.fork()
    if child == 0:
        here.close()
        torch.manual_seed(0)
        try:
            peer = remote.Peer(there, 60, is_judge=False)
            peer.send({"answer": peer.encode(answer)})
            while True:
                peer.serve(peer.receive())
        finally:
            os._exit(0)
    there.close()
    try:
        return grading._verdict(exercise, remote.Peer(here, 60, is_judge=True))
    finally:
        here.close()
        os.waitpid(child, 0)


def test_a_hand_in_of_an_eleventh_notebook_is_recognised(monkeypatch):
    monkeypatch.setattr(grading, "GRADED", ["01", "10"])
    broken = hand_in._parsed('check("10.1", (')  # a cell that is no Python
    assert grading._most_likely(hand_in.HandIn([broken], "")) == "10"
    of_none = hand_in.HandIn([hand_in._parsed('check("11.1", 3)')], "")
    with pytest.raises(hand_in.Unreadable, match="no check of this course"):
        grading._most_likely(of_none)


def known_answers():
    for number in NOTEBOOKS:
        for exercise in _room(number).EXERCISES:
            if exercise.name not in grading.INSIDE:
                for k, slip in enumerate(exercise.slips):
                    yield pytest.param(exercise, slip.answer, id=f"{exercise.name}-{k}")
                if exercise.name not in grading.OPEN:
                    answer = exercise.reference() if exercise.is_value else exercise.reference
                    yield pytest.param(exercise, answer, id=f"{exercise.name}-right")


@pytest.mark.parametrize(("exercise", "answer"), [*known_answers()])
def test_a_judge_outside_finds_what_the_check_finds(exercise, answer):
    def found(verdict):
        words = verdict.words.partition(" (tried")[0].partition(" (came")[0]
        return verdict.state, words.partition(", in the line")[0], verdict.nats

    assert found(far(exercise, answer)) == found(grading._examined(exercise, answer))


@pytest.fixture(scope="module")
def class_of_four(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class") / "week 3"
    (folder / "dora").mkdir(parents=True)
    (folder / "ann.ipynb").write_text(notebook(IMPORTS, RIGHT))
    (folder / "=ben.ipynb").write_text(notebook(IMPORTS, WRONG))
    (folder / "<b>cy.ipynb").write_text(notebook(IMPORTS, EMPTY))
    (folder / "dora" / "03.ipynb").write_text(
        notebook(
            IMPORTS,
            'first = [[0, 1, 0]]\ncheck("3.1", [first, ...], variant="dora")',
            RIGHT,
            'check("3.4", [7], variant="dora")',
        )
    )
    (folder / "ids.csv").write_text("ann.ipynb,s-17\ndora,s-19\nzoë,s-20\n", "utf-8")
    said = run_grader(folder, "--notebook", "03", "--unprotected", TOKEN="secret")
    return folder, said


def test_each_has_a_row(class_of_four):
    rows = graded(class_of_four[0])
    assert list(rows) == ["<b>cy.ipynb", "'=ben.ipynb", "ann.ipynb", "dora/03.ipynb"]
    assert [row["3.2"] for row in rows.values()] == ["not attempted", "wrong", "right", "right"]
    assert [row["school_id"] for row in rows.values()] == ["", "", "s-17", "s-19"]
    assert "output x₃ can see x₃" in rows["'=ben.ipynb"]["3.2 why"]
    assert rows["dora/03.ipynb"]["3.1"] == "unfinished"
    assert rows["dora/03.ipynb"]["variants"] == "3.1: dora; 3.4: dora"
    (i, j), *_ = re.findall(r"x̂(.) sees x(.)", _exercise("3.4", "dora").asks)
    assert f"x̂{i} does not see x{j}" in rows["dora/03.ipynb"]["3.4 why"]
    assert rows["ann.ipynb"]["3.1"] == "no check"
    assert all(row["look_at"] == "" for row in rows.values())


def test_a_name_among_the_ids_that_has_no_hand_in_is_said(class_of_four):
    assert "ids.csv: there is no hand-in 'zoë'" in class_of_four[1]
    assert class_of_four[1].count("there is no hand-in") == 1


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_ids_are_read_as_a_spreadsheet_writes_them(tmp_path, separator, encoding):
    line = f'"Müller, Zoë_12_file"{separator}s-1'
    (tmp_path / "ids.csv").write_text(line, encoding)
    ids = grading._school_ids(tmp_path)
    one_letter_or_two = [
        unicodedata.normalize(form, "Müller, Zoë_12_file") for form in ("NFC", "NFD")
    ]
    for folder in one_letter_or_two:
        assert grading._school_id(ids, f"{folder}/03 (1).ipynb") == "s-1"
        assert grading._school_id(ids, folder) == "s-1"
    assert grading._school_id(ids, "Müller") == ""


def test_ids_in_another_encoding_are_refused_before_anything_runs(tmp_path):
    (tmp_path / "ids.csv").write_bytes("zoë,s-1".encode("latin-1"))
    with pytest.raises(ValueError, match="ids.csv is not UTF-8: save it as CSV UTF-8"):
        grading._school_ids(tmp_path)


def test_the_page_shows_names_as_text_and_loads_nothing(class_of_four):
    page = (class_of_four[0].with_name("week 3-grades") / "grades.html").read_text("utf-8")
    assert "&lt;b&gt;cy.ipynb" in page
    assert "<b>" not in page
    assert "http" not in page
    assert "output x₃ can see x₃" in page
    assert "<td>1 of 5<td" in page  # ann and dora
    assert "<th>not graded" in page


def test_a_second_run_grades_only_what_is_new(class_of_four):
    folder, said = class_of_four
    assert "4 of 4: " in said
    (folder / "ann.ipynb").write_text(notebook(IMPORTS, WRONG))
    said = run_grader(folder, "--notebook", "03", "--unprotected")
    assert "4 of 4: ann.ipynb" in said
    assert "ben" not in said
    assert graded(folder)["ann.ipynb"]["3.2"] == "wrong"


BY_HEART = """
def table_sizes(input_dim):
    return {1: [1], 3: [1, 2, 4], 10: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]}[input_dim]
"""


@needs_protection
def test_variants_are_graded(tmp_path):
    folder, anns = tmp_path / "variants", _exercise("3.4", "ann").reference()
    folder.mkdir()
    for name, *cells in (
        ("ann", f'check("3.4", {anns}, variant="ann")'),
        ("ben", f'check("3.4", {anns}, variant="ben")'),  # it is ann's answer
        ("cy", f'check("3.4", {anns})'),
        ("dora", BY_HEART, 'check("1.1", table_sizes)'),
        ("eve", BY_HEART, 'check("1.1", table_sizes, variant="eve")'),
        ("fay", BY_HEART, 'check("1.1", table_sizes, variant=str("fay"))'),
        ("gil", 'check("4.4", {"a": 1}, variant="gil")'),
    ):
        (folder / f"{name}.ipynb").write_text(notebook(IMPORTS, *cells))
    run_grader(folder)
    found = {}
    for name, row in graded(folder).items():
        (exercise,) = (e for e in ("1.1", "3.4", "4.4") if row[e] not in ("", "no check"))
        found[name.partition(".")[0]] = row[exercise], row["variants"], row[f"{exercise} why"]
    assert found["ann"] == ("right", "3.4: ann", "")
    assert found["ben"][:2] == ("wrong", "3.4: ben")
    assert found["cy"][:2] == ("wrong", "")
    assert found["dora"][:2] == ("right", "")
    assert found["eve"][:2] == ("wrong", "1.1: eve")
    assert "KeyError" in found["eve"][2]
    assert found["fay"] == (
        "failed",
        "",
        'a variant is read only as a plain word in quotes: variant="..."',
    )
    assert found["gil"][:2] == ("failed", "4.4: gil")
    assert "exercise 4.4 has no variants" in found["gil"][2]


def test_what_is_judged_inside_has_a_star_in_both_tables(tmp_path):
    names = [exercise.name for exercise in _room(4).EXERCISES]
    row = grading.Row("ann.ipynb", "04", verdicts=dict.fromkeys(names, grading.Verdict("right")))
    grading.write_tables([row], {}, tmp_path, "")
    text = (tmp_path / "grades.csv").read_text("utf-8-sig")
    (line,) = csv.DictReader(text.splitlines())
    starred = ["4.1*", "4.2", "4.3", "4.4", "4.5*"]
    assert [line[name] for name in starred] == ["right"] * 5
    assert "".join(f"<th>{name}" for name in starred) in (tmp_path / "grades.html").read_text()


def test_the_same_mistake_is_one_line_whatever_came():
    rows = []
    for name, means in (("ann", [85, 86]), ("ben", [85, 87])):
        answer = {"one image": 90.96, "possible means": means}
        verdict = grading._examined(_exercise("7.4"), answer)
        assert str(means) in verdict.words
        rows.append(grading.Row(name, "07", verdicts={"7.4": verdict}))
    (line,) = grading._mistakes(rows)
    assert line.endswith("and no others<td>ann, ben")


def test_half_a_character_is_written_as_its_number(tmp_path):
    verdict = grading.Verdict("failed", "ValueError: \ud800", variant="\udfff")
    row = grading.Row("ann.ipynb", "03", verdicts={"3.2": verdict})
    grading.write_tables([row], {}, tmp_path, "")
    text = (tmp_path / "grades.csv").read_text("utf-8-sig")
    (line,) = csv.DictReader(text.splitlines())
    assert (line["3.2 why"], line["variants"]) == ("ValueError: \\ud800", "3.2: \\udfff")
    assert "ValueError: \\ud800" in (tmp_path / "grades.html").read_text("utf-8")


@needs_protection
@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_no_text_has_a_row(tmp_path):
    folder = tmp_path / "names"
    folder.mkdir()
    Path(os.fsdecode(bytes(folder) + b"/\xff.ipynb")).write_text(notebook(IMPORTS, RIGHT))
    assert "1 of 1: \\xff.ipynb: graded" in run_grader(folder)
    assert graded(folder)["\\xff.ipynb"]["3.2"] == "right"


@needs_protection
def test_a_run_that_was_killed_goes_on(tmp_path):
    folder = tmp_path / "three"
    folder.mkdir()
    for name in ("ann", "ben", "cy"):
        (folder / f"{name}.ipynb").write_text(notebook(IMPORTS, RIGHT))
    command = [sys.executable, "-m", "made_course.exercises", "grade", str(folder), "--jobs", "1"]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    with first:
        for line in first.stdout:
            if "1 of 3" in line:
                first.kill()
    said = run_grader(folder)
    assert "ann" not in said
    assert "3 rows" in said
    assert [row["3.2"] for row in graded(folder).values()] == ["right"] * 3


LINE = """
class Line:
    def __init__(self, logit):
        self.logit = torch.tensor(logit)

    def __call__(self, x):
        return torch.zeros_like(x) + self.logit

    def log_prob(self, x):
        return (x * self.logit - torch.nn.functional.softplus(self.logit)).sum(1)
"""


@needs_protection
def test_open_exercises_have_a_leaderboard(tmp_path):
    folder = tmp_path / "open"
    folder.mkdir()
    for name, logit in (("ann", 0.5), ("ben", 0.0), ("cy", -9.0)):
        cells = IMPORTS, LINE, f'check("9.4", Line({logit}))'
        (folder / f"{name}.ipynb").write_text(notebook(*cells))
    leaky = LINE.replace("+ self.logit", "+ 9 * x") + 'check("9.4", Line(0.0))'
    (folder / "dora.ipynb").write_text(notebook(IMPORTS, leaky))
    named = 'class Model: pass\nModel.__name__ = "0.001 nats"\ncheck("9.4", Model())'
    (folder / "eve.ipynb").write_text(notebook(IMPORTS, named))
    run_grader(folder)
    text = (tmp_path / "open-grades" / "leaderboard.csv").read_text("utf-8-sig")
    rows = [*csv.DictReader(text.splitlines())]
    nats = {row["hand_in"]: float(row["nats"]) for row in rows}
    assert set(nats) == {
        "ann.ipynb",
        "ben.ipynb",
        "cy.ipynb",
    }  # a leak has no score, nor has a name
    assert nats["ben.ipynb"] == pytest.approx(33 * math.log(2), abs=0.06)
    assert [*nats.values()] == sorted(nats.values())


# ---- hostile hand-ins ---------------------------------------------------------------------------

BOMB = "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass\n"
FRAME = """
import json, os
def say(message):
    data = json.dumps(message).encode()
    os.write(3, len(data).to_bytes(4, "big") + data)
"""
PATCH = """
import made_course.exercises as course
from made_course.exercises import examine as judge
course.check = check = judge.examine = course.grading = lambda *answer: "✓ 3.2: right."
"""
DELETE = """
import os, shutil
for folder in {folders!r}:
    shutil.rmtree(folder, ignore_errors=True)
    try:
        open(os.path.join(folder, "planted"), "w").close()
    except OSError:
        pass
"""
CONNECT = """
import socket
try:
    socket.create_connection(("127.0.0.1", {port}), timeout=1)
    check("3.2", 1)
except OSError:
    pass
"""
READ = """
import os
for path in {paths!r}:
    if os.path.exists(path):
        raise SystemError(f"could read {{path}}")
if "TOKEN" in os.environ or os.listdir(os.path.expanduser("~")):
    raise SystemError("inherited something")
"""
IN_ANSWER = 'def build_masks(degrees):\n    {body}\n\ncheck("3.2", build_masks)'

# a cell, run before the right answer; what is then said of 3.2, and words of the reason
CELLS = {
    "endless": ("while True: build_masks = 1", "stopped", "out of time"),
    "endless in C": (
        "import itertools\nbuild_masks = any(itertools.repeat(0))",
        "stopped",
        "out of time",
    ),
    "fork bomb": (BOMB + "build_masks = 1", "stopped", ""),
    "10 GB of zeros": (
        'with open("zeros", "wb") as file:\n    for _ in range(10_000):\n'
        "        file.write(bytes(2**20))\nbuild_masks = 1",
        "failed",
        "File too large",
    ),
    "10 GB of memory": ("build_masks = bytearray(10 * 2**30)", "failed", "MemoryError"),
    "half a character": ('raise ValueError("\\ud800")\nbuild_masks = 1', "failed", "\\ud800"),
    "leaves": ("import sys\nbuild_masks = sys.exit()", "failed", "SystemExit"),
    "leaves at once": ("import os\nbuild_masks = os._exit(0)", "stopped", "left its process"),
    "kills all": (
        "import os\ntry:\n    build_masks = os.kill(-1, 9)\nexcept OSError:\n    pass",
        "right",
        "",
    ),
    "prints": ('for _ in range(3000):\n    build_masks = print("x" * 2**20)', "right", ""),
    "forged line": ('build_masks = print("✓ 3.2 · Masks in code: right.")\n', "right", ""),
    "patched check": (PATCH + "build_masks = 1", "right", ""),
}
ANSWERS = {
    "no Python": (
        'build_masks = (\ncheck("3.2", build_masks)',
        "failed",
        "SyntaxError: '(' was never closed (the cell, line 1)",
    ),
    "parentheses": ('check("3.2", ' + "(" * 5000, "failed", "SyntaxError"),
    "forged line, no answer": (
        'def build_masks(degrees):\n    print("✓ 3.2 · Masks in code: right.")\n\n'
        'check("3.2", build_masks)',
        "wrong",
        "None",
    ),
    "forged verdict": (
        FRAME + 'say({"state": "right", "words": ""})\ncheck("3.2", 1)',
        "stopped",
        "cannot be read",
    ),
    "forged result": (
        FRAME + 'say({"answer": {"pickle": "gASVAAAA"}})\ncheck("3.2", 1)',
        "stopped",
        "",
    ),
    "patched check, no answer": (PATCH + 'check("3.2", lambda degrees: degrees)', "wrong", ""),
    "endless answer": (IN_ANSWER.format(body="while True: pass"), "", ""),
    "endless answer in C": (
        IN_ANSWER.format(body="import itertools; any(itertools.repeat(0))"),
        "",
        "",
    ),
    "leaves in its answer": (IN_ANSWER.format(body="import os; os._exit(0)"), "stopped", ""),
    "huge answer": (IN_ANSWER.format(body="return 'x' * 10**9"), "", ""),
    "deep answer": (
        "deep = []\nfor _ in range(10**5): deep = [deep]\n" + IN_ANSWER.format(body="return deep"),
        "wrong",
        "RecursionError",
    ),
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A folder of hostile hand-ins between two honest ones, graded; with what must be whole."""
    base = tmp_path_factory.mktemp("hostile")
    folder, home = base / "hand-ins", base / "home"
    for made in (folder, home, folder / "thousand"):
        made.mkdir()
    (home / "thesis.txt").write_text("the only copy")
    server = socket.create_server(("127.0.0.1", 0))
    server.setblocking(False)
    (folder / "A honest.ipynb").write_text(notebook(IMPORTS, RIGHT))
    (folder / "Z honest.ipynb").write_text(notebook(IMPORTS, WRONG))
    for name, (cell, *_) in CELLS.items():
        (folder / f"{name}.ipynb").write_text(notebook(IMPORTS, cell, RIGHT))
    for name, (cell, *_) in ANSWERS.items():
        (folder / f"{name}.ipynb").write_text(notebook(IMPORTS, cell))
    folders = [str(folder), str(home), str(REPOSITORY / "made_course"), "/dev/shm"]
    deletes = DELETE.format(folders=folders) + "build_masks = 1"
    (folder / "deletes.ipynb").write_text(notebook(IMPORTS, deletes, RIGHT))
    connects = CONNECT.format(port=server.getsockname()[1]) + "build_masks = 1"
    (folder / "connects.ipynb").write_text(notebook(IMPORTS, connects, RIGHT))
    paths = [str(folder / "A honest.ipynb"), str(home / "thesis.txt")]
    reads = READ.format(paths=paths) + "build_masks = 1"
    (folder / "reads.ipynb").write_text(notebook(IMPORTS, reads, RIGHT))
    (folder / "broken.ipynb").write_text('{"cells": [')
    (folder / "list.ipynb").write_text("[1, 2]")
    (folder / "nested.ipynb").write_text("[" * 100_000)
    (folder / "other course.ipynb").write_text(notebook("import torch", "print(1)"))
    (folder / "link.ipynb").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe.ipynb")
    (folder / "essay.pdf").write_text("no notebook")
    for k in range(1000):
        (folder / "thousand" / f"{k}.ipynb").write_text("{}")
    said = run_grader(folder, "--unprotected", "--notebook", "03", short=True, HOME=str(home))
    yield folder, home, server, said
    server.close()


GREEDY = """
import torch
from made_course.exercises.notebook_02 import total_probability
def total(log_prob, input_dim):
    log_prob(torch.zeros(1, 3 if log_prob.__name__ == "three_coins" else 40_000))
    return total_probability(log_prob, input_dim)
__hand_over__(total)
"""


@needs_namespaces
def test_a_hand_in_cannot_make_the_judge_take_memory_without_bound():
    """For a row of 40,000 numbers, near_copy makes a matrix of 6.4 GB."""
    verdict = grading._in_a_process("2.1", None, [GREEDY], [])
    assert verdict.state == "wrong"
    assert "allocate memory" in verdict.words


def test_what_a_hand_in_can_make_a_verdict_say_is_short():
    class Wordy(Head):
        params_per_variable = "a" * 10**6

    verdict = far(_exercise("8.4"), Wordy)
    assert "params_per_variable = aaa" in verdict.words
    assert len(verdict.words) <= grading.MOST_WORDS


def test_a_dict_whose_keys_collide_is_not_waited_for(monkeypatch):
    """Each of its numbers has the hash 0, so that a dict of n of them takes n² steps."""
    monkeypatch.setattr(grading, "LIMIT_S", 0.1)
    colliding = {k * sys.hash_info.modulus: 0 for k in range(1, 10_000)}
    with pytest.raises(remote.Gone):
        far(_exercise("4.4"), colliding)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_hand_in_ends_with_its_judge():
    here, there = socket.socketpair()
    cells = [f"{hand_in.HAND_OVER}(len)"]
    with tempfile.TemporaryDirectory() as folder:
        judge = os.fork()
        if judge == 0:
            here.close()
            if os.fork() == 0:
                grading._keep_hand_in(there, _exercise("3.2"), cells, Path(folder), 20, [])
            there.close()
            signal.pause()
        there.close()
        try:
            assert "answer" in remote.Peer(here, 20, is_judge=True).receive()
        finally:
            os.kill(judge, signal.SIGKILL)
            os.waitpid(judge, 0)
    here.settimeout(10)
    assert here.recv(1) == b""  # nobody holds the other end


def test_a_judge_that_does_not_end_is_ended(monkeypatch):
    monkeypatch.setattr(grading, "OPEN_SECONDS", 0.1)
    monkeypatch.setattr(grading, "judge", lambda *_: signal.pause())
    verdict = grading._in_a_process("3.2", None, [], [])
    assert verdict == grading.Verdict("stopped", "it could not be judged in time")


@pytest.mark.parametrize("way", ["in", "out"])
def test_bytes_that_trickle_keep_no_line_open(way):
    here, there = socket.socketpair()
    here.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)

    def trickle():
        with there, contextlib.suppress(OSError):
            for _ in range(1000):
                time.sleep(0.002)
                there.send(b"\0\0\xff\xff") if way == "in" else there.recv(1000)

    other = threading.Thread(target=trickle)
    other.start()
    peer = remote.Peer(here, 0.3, is_judge=True)
    with here, pytest.raises(remote.TooLate):
        peer.receive() if way == "in" else peer.send("x" * 2**20)
    other.join()


@needs_protection
@pytest.mark.parametrize("name", [*CELLS, *ANSWERS])
def test_a_hostile_hand_in_is_one_row_with_a_clear_word(hostile, name):
    state, words = (CELLS | ANSWERS)[name][1:]
    row = graded(hostile[0])[f"{name}.ipynb"]
    assert row["3.2"] == state or (not state and row["3.2"] in ("wrong", "stopped"))
    assert words in row["3.2 why"]


@needs_protection
@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("broken.ipynb", "broken JSON in line 1"),
        ("list.ipynb", "no notebook"),
        ("other course.ipynb", "another notebook: it has no check of notebook 03"),
        ("link.ipynb", "not a file: links and folders are not followed"),
        ("pipe.ipynb", "not a file: links and folders are not followed"),
        ("essay.pdf", "no notebook"),
        ("thousand", "too many files: more than 20 notebooks"),
    ],
)
def test_what_cannot_be_graded_says_why(hostile, name, word):
    assert graded(hostile[0])[name]["word"] == word


@needs_protection
def test_the_others_are_unharmed(hostile):
    rows = graded(hostile[0])
    assert rows["A honest.ipynb"]["3.2"] == "right"
    assert rows["Z honest.ipynb"]["3.2"] == "wrong"
    assert "output x₃ can see x₃" in rows["Z honest.ipynb"]["3.2 why"]
    assert rows["deletes.ipynb"]["3.2"] == "right"


@needs_protection
def test_nothing_outside_has_changed(hostile):
    folder, home, *_ = hostile
    assert (home / "thesis.txt").read_text() == "the only copy"
    assert len(list(folder.iterdir())) == len(CELLS) + len(ANSWERS) + 13
    assert (REPOSITORY / "made_course" / "made.py").exists()
    assert not any(Path(place, "planted").exists() for place in (folder, home, "/dev/shm"))


@needs_namespaces
def test_no_process_is_left(hostile):
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes()
        except OSError:
            continue
        assert os.fsencode(hostile[0]) not in line


@needs_namespaces
def test_nothing_is_connected_or_read(hostile):
    rows = graded(hostile[0])
    assert rows["connects.ipynb"]["3.2"] == "right"
    with pytest.raises(BlockingIOError):
        hostile[2].accept()
    assert (rows["reads.ipynb"]["3.2"], rows["reads.ipynb"]["3.2 why"]) == ("right", "")


@needs_protection
def test_what_is_odd_is_said(hostile):
    rows = graded(hostile[0])
    assert "replaces check" in rows["patched check.ipynb"]["look_at"]
    assert "imports the course's own answers" in rows["patched check.ipynb"]["look_at"]
    assert "leaves on purpose" in rows["leaves.ipynb"]["look_at"]
    assert rows["A honest.ipynb"]["look_at"] == ""
