"""Type checkers know every public name, and find each used rightly under their strictest rules."""

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import made_course

ROOT = Path(__file__).parents[2]
USES = Path(__file__).with_name("every_name.py")


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def test_each_line_of_the_stub_is_a_public_name():
    lines = tree(ROOT / "made_course" / "__init__.pyi").body
    aliases = [alias for node in lines if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(alias.name for alias in aliases) == sorted(made_course.__all__)
    assert all(getattr(made_course, name) is not None for name in made_course.__all__)
    # only `import name as name` is public to those who import the stub
    assert all(alias.name == alias.asname for alias in aliases)


def test_every_public_name_is_used():
    nodes = [node for node in ast.walk(tree(USES)) if isinstance(node, ast.Attribute)]
    used = {node.attr for node in nodes if getattr(node.value, "id", None) == "mc"}
    public = {*made_course.__all__, "__version__"}
    assert public - used == set(), "tests/course/every_name.py must use each of them, as mc.name"
    assert used - public == set(), "made_course/__init__.pyi must name each of them"


@pytest.mark.delivery
@pytest.mark.skipif(find_spec("mypy") is None, reason="mypy is missing: pip install mypy")
def test_every_use_is_right_in_strict_mode(tmp_path):
    # The package's own lines are not judged here, only what a reader's program sees of them.
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", USES]
    wrong = tmp_path / "wrong.py"
    wrong.write_text("import made_course\n\nmade_course.MADE('three')\n", encoding="utf-8")
    run = subprocess.run(
        [*command, wrong, f"--cache-dir={tmp_path}"], cwd=ROOT, capture_output=True, text=True
    )
    found = [line for line in run.stdout.splitlines() if ": error:" in line]
    assert len(found) == 1, run.stdout + run.stderr
    assert 'Argument 1 to "MADE" has incompatible type "str"; expected "int"' in found[0]
