"""Find small mistakes that no test sees: ``python -m tools.checks.mutants``.

It takes half an hour on two cores. In each of the rooms below, 12 places are drawn, the same in
every run. At each place, an operator of cosmic-ray makes one change: ``>`` becomes ``>=``, ``and``
becomes ``or``, or a number becomes one more or less. The changed code is a *mutant*. The room's
tests then run on a copy of the tree with this change, and should fail. A mutant survives if its
change has no effect that matters, or if a test is missing.

The places of a room are counted from top to bottom, without imports and annotations.
"""

import argparse
import multiprocessing
import os
import re
import shutil
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

ROOMS = {  # name → folder, its files that are changed, and the tests that then run
    "masks": ("made_course/model", ["masks"], ["masks"]),
    "heads": ("made_course/model", ["heads"], ["heads"]),
    "mask_sets": ("made_course/model", ["mask_sets"], ["mask_sets", "saving"]),
    "sampling": ("made_course/model", ["sampling"], ["sampling"]),
    "made": (
        "made_course/model",
        ["masked_linear", "made"],
        ["made", "masked_linear", "transforms"],
    ),
    "completion": ("made_course/model", ["completion"], ["completion", "completed_rows"]),
    "code of single pages": (
        "made_lessons",
        [
            "notebook_07/logistic_orderings",
            "notebook_07/pixel_orderings",
            "notebook_11/compression",
        ],
        ["compression", "logistic_orderings", "pixel_orderings"],
    ),
    "tables": (
        "made_course/tables",
        ["columns", "gaps", "load_table", "mixed", "numeric_columns", "table"],
        ["gaps", "load_table", "mixed", "normal_scores", "saving_tables"],
    ),
    "normal scores": (
        "made_course/tables",
        ["normal_scores"],
        ["normal_scores"],
    ),
    "data": ("made_course/data", ["mnist_binarized"], ["mnist_binarized"]),
    "training": (
        "made_course/training",
        ["batches", "checkpoints", "evaluate", "fit", "run", "schedules"],
        ["checkpoints", "evaluate", "fit", "schedules"],
    ),
    "relatives": (
        "made_course/relatives",
        ["fvsbn", "nade", "ordered_model", "pixelcnn", "transformer"],
        ["nade", "transformer"],
    ),
    "leaks": (
        "made_course/leaks",
        ["connections", "dependence", "total", "trajectory"],
        ["connections", "dependence", "total"],
    ),
    "shipped": ("made_course/shipped", ["assets", "measured", "weights"], ["runs", "weights"]),
    "words": (
        "made_lessons/checking",
        ["causes", "comparison", "relations", "substitutions", "torch_errors"],
        ["causes", "comparison", "examine", "relations", "torch_errors"],
    ),
    "exercises": (
        "made_lessons/checking",
        ["check", "examine", "exercise", "probes", "variants", "views"],
        ["causes", "exercises", "every_exercise", "examine", "variants"],
    ),
    "grading": (
        "made_lessons/grading",
        ["folder", "handing_out", "reports"],
        ["cells", "folder", "reports"],
    ),
    "figures": (
        "made_course/figures",
        [
            *("axes", "bars", "completions", "dependence", "images", "masks"),
            *("network_parts", "networks", "picture", "pipeline", "trajectory"),
        ],
        ["figures"],
    ),
    "notebooks' figures": (
        "made_lessons",
        [f"notebook_{number:02}/figures" for number in range(1, 13)],
        ["figures_of_notebooks", "marks_in_figures"],
    ),
}
ROOT = Path(__file__).parents[2]
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "docs")
PYTEST = ["-x", "-q", "-p", "no:nbval", "-p", "no:cacheprovider"]
PYTEST += ["-o", "addopts=--import-mode=importlib --doctest-modules"]
os.environ.setdefault("OMP_NUM_THREADS", "1")  # as in conftest.py
SERVER = multiprocessing.get_context("forkserver")  # loads the imports of all tests once
SERVER.set_forkserver_preload(["hypothesis", "matplotlib.pyplot", "pandas", "pytest", "torch"])
EACH = 12
SECONDS = 120  # limit for tests of about 10 s; a mutant that exceeds it also counts as caught
OPERATORS = re.compile(  # only these swaps of operators, because most others always raise an error
    "core/(AddNot|NumberReplacer|RemoveDecorator|ZeroIterationForLoop"
    "|ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Add|Mul_Div|Div_Mul|FloorDiv_Mul|Mod_Mul|Pow_Mul"
    "|BitOr_BitAnd|BitAnd_BitOr)"
    "|ReplaceComparisonOperator_([LG]tE?_[LG]tE?|Eq_NotEq|Eq_[LG]tE|NotEq_Eq|Is_IsNot|IsNot_Is)"
    "|ReplaceUnaryOperator_Delete_(USub|Invert|Not)"
    "|ReplaceAndWithOr|ReplaceOrWithAnd|ReplaceTrueWithFalse|ReplaceFalseWithTrue)"
)


def ancestors(node):
    """Yield each ancestor of a node, from the inside out, with its child that contains the node."""
    while node.parent is not None:
        yield node.parent, node
        node = node.parent


def is_excluded(node):
    """Return True if a change of the node is not valid Python, or cannot be seen by a test."""
    return re.match(".*(TYPE_CHECKING|:=)", node.get_code(include_prefix=False)) or any(
        outer.type in ("tfpdef", "decorator")
        or (outer.type == "annassign" and part is outer.children[1])
        or (outer.type == "funcdef" and part is outer.annotation)
        or (outer.type == "parameters" and part.type == "operator")  # the star before keywords
        for outer, part in ancestors(node)
    )


def draw_mutants(room):
    """Yield mutants of a room: its name, a description, and the path and source of the file."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    places = []
    folder, files, _ = ROOMS[room]
    for turn, file in enumerate(files):
        path = f"{folder}/{file}.py"
        source = (ROOT / path).read_text(encoding="utf-8")
        nodes = list(ast_nodes(get_ast(source)))
        for name in filter(OPERATORS.fullmatch, operator_names()):
            operator = get_operator(name)()
            found = ((at, node) for node in nodes for at, _ in operator.mutation_positions(node))
            for number, (at, node) in enumerate(found):
                if not is_excluded(node):
                    places.append((turn, at, name, number, operator, node, path, source))
    places.sort(key=lambda place: place[:4])
    for k in sorted(Random(room).sample(range(len(places)), EACH)):
        *_, number, operator, node, path, source = places[k]
        mutant = mutate_code(source, operator, number)
        names = [o.name.value for o, _ in ancestors(node) if o.type in ("funcdef", "classdef")]
        lines, others = Counter(source.splitlines()), Counter(mutant.splitlines())
        old, new = (" ".join(" ".join(side).split()) for side in (lines - others, others - lines))
        yield room, f"{'.'.join([room, *reversed(names)])}: `{old}` → `{new}`", path, mutant


def try_mutant(tree, room, path=None, source=None):
    """Run a room's tests on a copy of the tree with one changed file: "killed", "survived", ..."""
    folder, files, tests = ROOMS[room]
    of_tests = folder.partition("made_course/")[2] or "lessons"
    tried = [f"{folder}/{file}.py" for file in files]
    tried += [f"tests/{of_tests}/test_{name}.py" for name in tests]
    with TemporaryDirectory() as copy:
        shutil.copytree(tree, copy, dirs_exist_ok=True)
        if path is not None:
            Path(copy, path).write_text(source, encoding="utf-8")
        process = SERVER.Process(target=run_tests, args=(copy, tried))
        process.start()
        process.join(SECONDS)
        if process.is_alive():
            process.kill()
            return "timed out"
    return "killed" if process.exitcode else "survived"


def run_tests(copy, tried):
    """Run tests in a copy of the tree, without output, and exit with pytest's status."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os.chdir(copy)
    sys.path.insert(0, copy)
    sys.dont_write_bytecode = True
    os.environ |= {"PYTHONPATH": copy, "PYTHONDONTWRITEBYTECODE": "1"}
    for name in [name for name in sys.modules if name.partition(".")[0] == "tools"]:
        del sys.modules[name]
    sys.exit(pytest.main([*PYTEST, *tried]))


def main():
    parser = argparse.ArgumentParser(prog="python -m tools.checks.mutants")
    parser.add_argument("--out", type=Path, help="file to which the table is also written")
    parser.add_argument("--jobs", type=int, default=2, help="number of mutants tested at once (2)")
    chosen, table, seen = parser.parse_args(), [], Counter()
    with TemporaryDirectory() as tree, ThreadPoolExecutor(chosen.jobs) as pool:
        shutil.copytree(ROOT, tree, ignore=NOT_COPIED, dirs_exist_ok=True)
        for room, found in zip(ROOMS, pool.map(partial(try_mutant, tree), ROOMS), strict=True):
            if found != "survived":
                sys.exit(f"the tests of {room} fail, or take too long, without any change")
        rooms, changes, paths, sources = zip(*chain(*map(draw_mutants, ROOMS)), strict=True)
        outcomes = pool.map(partial(try_mutant, tree), rooms, paths, sources)
        for room, change, found in zip(rooms, changes, outcomes, strict=True):
            seen.update([found, (room, found)])
            table.append(f"{found:10}{change}")
            print(table[-1], flush=True)
    by_room = ", ".join(f"{room} {seen[room, 'survived']}" for room in ROOMS)
    table.append(
        f"{seen['killed']} killed, {seen['timed out']} timed out, "
        f"{seen['survived']} of {len(rooms)} survived: {by_room}"
    )
    print(table[-1])
    if chosen.out:
        chosen.out.write_text("\n".join([*table, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
