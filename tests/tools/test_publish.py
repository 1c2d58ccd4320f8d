"""The address is in three files, and one command writes it into all of them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tools import publish

ROOT = Path(__file__).parents[2]
PLACES = ["CITATION.cff", "README.md", "pyproject.toml"]
PLACEHOLDER = "OWN" + "ER"


@pytest.fixture
def clone(tmp_path):
    """Copy the committed files into a new repository."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if run.returncode:
        pytest.skip("this folder is not a clone")
    for name in run.stdout.split("\0"):
        if (ROOT / name).is_file() and not name.endswith((".pt", ".gz")):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "-A"], cwd=tmp_path, check=True)
    return tmp_path


def names_of(files, root):
    return [file.relative_to(root).as_posix() for file in files]


def test_the_address_is_in_three_files():
    found = publish.files_with(ROOT, publish.address(ROOT))
    assert names_of(found, ROOT) == PLACES, "elsewhere, link to ../README.md"


def test_a_new_address_is_written_everywhere_and_as_often_as_one_likes(clone):
    for account, repository in (("ada", "made-course"), ("ada-lovelace", "masks.of.mine")):
        new = f"{account}/{repository}"
        assert names_of(publish.rename(clone, new), clone) == PLACES
        assert publish.address(clone) == new
        readme = (clone / "README.md").read_text(encoding="utf-8")
        assert f"https://{account}.github.io/{repository}/" in readme
        named = set(re.findall(r"(?:github\.com|/gh)/([\w-]+/[\w.-]+?)(?=[)#/?])", readme))
        assert named == {new}
    assert publish.files_with(clone, PLACEHOLDER) == []
    blanks = [line.partition(":")[0] for line in publish.blanks(clone)]
    assert {"CODE_OF_CONDUCT.md", "SECURITY.md", "README.md"} <= set(blanks)
