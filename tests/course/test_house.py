"""Each folder's own docstring names its files, so that a newcomer opens the right one."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = [
    path.parent
    for package in ("made_course", "made_lessons")
    for path in sorted((ROOT / package).glob("*/__init__.py"))
    if not path.parent.name.startswith("notebook_")
]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_folder_says_what_each_of_its_files_holds(folder):
    told = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
    named = set(re.findall(r"``(\w+)(?:\.py)?``", told))
    files = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("__")}
    assert files <= named
