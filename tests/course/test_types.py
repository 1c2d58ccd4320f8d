"""Type checkers know every public name, and find mistakes in a reader's program."""

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import made_course

ROOT = Path(__file__).parents[2]
PROGRAM = """import torch
from torch import Tensor, nn
import made_course as mc

model = mc.MADE(3, (4, 4), ordering=[[1, 2], [0]], head=mc.Categorical(5), activation=nn.GELU)
rows: Tensor = model.sample(2, method="naive", noise=torch.rand(2, 3))
nats: float = mc.evaluate(model, rows, ensemble=1)
history: mc.History = mc.fit(model, rows, on_epoch=lambda model, history: len(history) > 3)
found: mc.Completion = mc.complete(model, rows, rows > 0, ordering=[1, 2, 0])
table: mc.Table = mc.load_table(mc.example_table())
train, test, name = mc.load_binarized_mnist("small", binarize="stochastic")
mc.MADE("three")
"""


def test_each_line_of_the_stub_is_a_public_name():
    stub = (ROOT / "made_course" / "__init__.pyi").read_text(encoding="utf-8")
    lines = ast.parse(stub).body
    aliases = [alias for node in lines if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(alias.name for alias in aliases) == sorted(made_course.__all__)
    assert all(getattr(made_course, name) is not None for name in made_course.__all__)
    # only `import name as name` is public to those who import the stub
    assert all(alias.name == alias.asname for alias in aliases)


@pytest.mark.delivery
@pytest.mark.skipif(find_spec("mypy") is None, reason="mypy is missing: pip install mypy")
def test_a_program_is_checked_in_strict_mode(tmp_path):
    """Check a reader's program; mypy does not report errors inside the package."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", program]
    run = subprocess.run(
        [*command, f"--cache-dir={tmp_path}"], cwd=ROOT, capture_output=True, text=True
    )
    (found,) = [line for line in run.stdout.splitlines() if ": error:" in line]
    assert 'Argument 1 to "MADE" has incompatible type "str"; expected "int"' in found
