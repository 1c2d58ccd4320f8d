"""Find small mistakes that no test sees: ``python -m tools.checks.mutants FILE TEST ...``.

In the file, for example ``made_course/model/masks.py``, 12 places are drawn, the same in every run.
At each place, an operator of cosmic-ray makes one change: ``>`` becomes ``>=``, ``and`` becomes
``or``, or a number becomes one more or less. The tests, for example ``tests/model/test_masks.py``,
and the examples in the file's docstrings then run on a copy of the tree with this change, and
should fail. A mutant survives if its change has no effect that matters, or if a test is missing.
"""

import argparse
import os
import re
import shlex
import shutil
import sys
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "docs")
PYTEST = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:nbval", "-p", "no:cacheprovider"]
PYTEST += ["-o", "addopts=--import-mode=importlib --doctest-modules"]
EACH = 12
SECONDS = 120  # a mutant whose tests take longer counts as killed
OPERATORS = re.compile(  # only these swaps of operators, because most others always raise an error
    "core/(AddNot|NumberReplacer|RemoveDecorator|ZeroIterationForLoop"
    "|ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Add|Mul_Div|Div_Mul|FloorDiv_Mul|Mod_Mul|Pow_Mul"
    "|BitOr_BitAnd|BitAnd_BitOr)"
    "|ReplaceComparisonOperator_([LG]tE?_[LG]tE?|Eq_NotEq|Eq_[LG]tE|NotEq_Eq|Is_IsNot|IsNot_Is)"
    "|ReplaceUnaryOperator_Delete_(USub|Invert|Not)"
    "|ReplaceAndWithOr|ReplaceOrWithAnd|ReplaceTrueWithFalse|ReplaceFalseWithTrue)"
)


def is_excluded(node):
    """Return True if a change of the node is not valid Python, or cannot be seen by a test."""
    if re.match(".*(TYPE_CHECKING|:=)", node.get_code(include_prefix=False)):
        return True
    while node.parent is not None:
        part, node = node, node.parent
        if (
            node.type in ("tfpdef", "decorator")
            or (node.type == "annassign" and part is node.children[1])
            or (node.type == "funcdef" and part is node.annotation)
            or (node.type == "parameters" and part.type == "operator")  # the star before keywords
        ):
            return True
    return False


def draw_mutants(path):
    """Return 12 mutations of a file, from top to bottom."""
    from cosmic_ray.ast import ast_nodes, get_ast_from_path
    from cosmic_ray.plugins import get_operator, operator_names
    from cosmic_ray.work_item import MutationSpec

    nodes, found = [*ast_nodes(get_ast_from_path(path))], []
    for name in filter(OPERATORS.fullmatch, operator_names()):
        operator = get_operator(name)()
        places = [(node, place) for node in nodes for place in operator.mutation_positions(node)]
        found += [
            MutationSpec(path, name, number, *place)
            for number, (node, place) in enumerate(places)
            if not is_excluded(node)
        ]
    drawn = Random(0).sample(found, min(EACH, len(found)))
    return sorted(drawn, key=lambda mutation: mutation.start_pos)


def main():
    from cosmic_ray.mutating import mutate_and_test
    from cosmic_ray.testing import run_tests

    parser = argparse.ArgumentParser("python -m tools.checks.mutants", description=__doc__)
    parser.add_argument("file", type=Path, help="file to change")
    parser.add_argument("tests", nargs="+", metavar="test", help="file or folder of tests")
    chosen = parser.parse_args()
    command = shlex.join([*PYTEST, str(chosen.file), *chosen.tests])
    with TemporaryDirectory() as copy:
        shutil.copytree(ROOT, copy, ignore=NOT_COPIED, dirs_exist_ok=True)
        os.chdir(copy)
        os.environ["PYTHONPATH"] = copy
        outcome, output = run_tests(command, SECONDS)
        if outcome.value != "survived":
            sys.exit(f"the tests fail, or take too long, without any change:\n{output}")
        for mutation in draw_mutants(chosen.file):
            result = mutate_and_test([mutation], command, SECONDS)
            change = re.findall(r"^[-+](?![-+]).*", result.diff, re.MULTILINE)
            print(f"{result.test_outcome.value}, line {mutation.start_pos[0]}:", *change, sep="\n")


if __name__ == "__main__":
    main()
