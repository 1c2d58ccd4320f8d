"""The files around the course agree with each other, and the package brings what it needs."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import made_course
from made_course.__main__ import explain_opening

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

SET_UP = [
    "python3 -m venv .venv",
    ". .venv/bin/activate",
    "python -m pip install -r requirements.txt",
    "python -m pip install --no-build-isolation --no-deps -e .",
]


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def bounds(lines):
    """Return name → version range of each requirement."""
    found = [Requirement(line) for line in lines]
    return {requirement.name: requirement.specifier for requirement in found}


def requirements():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return bounds(line for line in lines if line and not line.startswith("#"))


# --- README -----------------------------------------------------------------------------------


def test_readme_has_two_commands_of_one_line():
    assert f"Python {PYPROJECT['project']['requires-python'].removeprefix('>=')} or newer" in README
    course, tests = blocks("bash")
    assert course.count("\n") == tests.count("\n") == 1
    *set_up, last = course.strip().split(" && ")
    assert set_up == SET_UP
    program, notebook = last.rsplit(" ", 1)
    assert program == "jupyter lab --notebook-dir=."  # links to docs/ lead above notebooks/
    assert (ROOT / notebook).is_file()
    assert tests.strip().split(" && ") == [*SET_UP, "python -m pytest"]


@pytest.mark.parametrize("which", [0, 1])
def test_readme_commands_for_windows_do_the_same(which):
    def for_windows(step):
        step = step.replace("python3 ", "python ", 1).replace("jupyter", "python -m jupyter", 1)
        if "venv" not in step:
            step = ".venv\\Scripts\\" + step
        return step.replace("notebooks/", "notebooks\\")

    steps = blocks("bash")[which].strip().split(" && ")
    windows = [for_windows(step) for step in steps if "activate" not in step]
    assert blocks("powershell")[which].strip().split("; ") == windows


def test_citation_and_changelog_name_this_version_and_repository():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == made_course.__version__
    assert citation["repository-code"] == PYPROJECT["project"]["urls"]["Repository"]
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## (\S+)", changes, re.MULTILINE)[1] == made_course.__version__


# --- bounds -----------------------------------------------------------------------------------


def test_constraints_pin_one_version_of_all_that_requirements_ask_for():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert lines[0].startswith(f"# Versions with which all tests of {made_course.__version__} ")
    assert not any("+" in version for version in pinned.values())
    for name, specifier in requirements().items():
        assert pinned[name] in specifier, "write constraints.txt again: docs/publishing.md"


def declared(*extras):
    """Return the requirements in pyproject.toml: to run, to build, and of these extras."""
    project = PYPROJECT["project"]
    lists = [project["dependencies"], PYPROJECT["build-system"]["requires"]]
    lists += [project["optional-dependencies"][extra] for extra in extras]
    return bounds(line for lines in lists for line in lines)


def test_requirements_are_those_of_the_package_its_notebooks_and_tests():
    assert requirements() == declared("notebooks", "tests")
    for name, specifier in requirements().items():
        operators = sorted(part.operator for part in specifier)
        # no upper bound for setuptools, which has a new major release every few weeks
        assert operators == ([">="] if name == "setuptools" else ["<", ">="]), name


def test_binder_installs_the_same_from_conda():
    conda_names = {"pytorch-cpu": "torch", "matplotlib-base": "matplotlib"}
    text = (ROOT / "binder" / "environment.yml").read_text(encoding="utf-8")
    listed = re.findall(r"^ +- (.+)$", text.partition("dependencies:")[2], re.MULTILINE)
    assert {"python=3.12", "pip"} <= set(listed)
    conda = bounds(line for line in listed if line not in ("python=3.12", "pip"))
    conda = {conda_names.get(name, name): specifier for name, specifier in conda.items()}
    assert conda == declared("notebooks")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no executable bit")
@pytest.mark.parametrize("script", ["binder/postBuild", "binder/start", ".ci/run"])
def test_scripts_can_be_run(script):
    assert os.access(ROOT / script, os.X_OK)


# --- the package ------------------------------------------------------------------------------


def test_heavy_libraries_wait_until_they_are_needed():
    code = """
import sys, made_course
assert not {"matplotlib", "ipywidgets", "torchvision", "IPython", "pandas"} & set(sys.modules)
next(iter(made_course.make_mnist_loaders()[0]))
from made_lessons import solution
solution("3.1")
assert not {"matplotlib", "torchvision"} & set(sys.modules), "to load images, or an exercise"
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_the_package_says_where_its_notebooks_are(tmp_path):
    assert f"The notebooks are in {ROOT / 'notebooks'}." in explain_opening(ROOT)
    for folder in (ROOT, tmp_path):
        (line,) = re.findall(r"^jupyter lab .+$", explain_opening(folder), re.MULTILINE)
        assert blocks("bash")[0].endswith(f" && {line}\n")
    assert f"git clone --branch v{made_course.__version__} https://" in explain_opening(tmp_path)


PACKAGES = ("made_course/", "made_lessons/")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Return the unpacked wheel of all committed files."""
    folder = tmp_path_factory.mktemp("built")
    for name in tracked_files():
        if not name.startswith((".", "binder/")):
            copy = folder / "source" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-c", "from setuptools.build_meta import *; build_wheel('..')"]
    run = subprocess.run(command, cwd=folder / "source", capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


@pytest.mark.delivery
def test_the_wheel_has_every_file_of_the_packages(wheel):
    files = {name for name in tracked_files() if name.startswith(PACKAGES)}
    assert {"made_course/py.typed", *(f"{name}__init__.pyi" for name in PACKAGES)} <= files
    installed = {path.relative_to(wheel) for path in wheel.rglob("*") if path.is_file()}
    assert {path.as_posix() for path in installed if ".dist-info" not in path.parts[0]} == files


@pytest.mark.delivery
def test_shipped_files_load_from_the_wheel(wheel, tmp_path):
    code = """
import runpy
from importlib.metadata import version
from made_course import *
from made_course import __file__, __version__
from made_course.shipped.weights import MODELS
from made_course.shipped.measured import load_runs
from made_lessons.notebook_10.texts import load_text

for name in MODELS:
    load_pretrained(name)
load_binarized_mnist("small"), load_table(example_table())
[load_runs(name) for name in ("recipe", "orderings", "race", "groups")], load_text()
runpy.run_module("made_course", run_name="__main__")
print(__file__, __version__ == version("made-course"), sep="\\n")
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(wheel)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    file, same_version = run.stdout.splitlines()[-2:]
    assert PYPROJECT["project"]["urls"]["Repository"] in run.stdout
    assert Path(file).is_relative_to(wheel)
    assert same_version == "True"


# --- committed files --------------------------------------------------------------------------

LARGEST_BYTES = 8_000_000
# A brace or bracket in a pattern keeps this file from finding itself.
MACHINE_PATH = re.compile(
    r"(?<![\w.~-])/(?:root|work|tmp|(?:home|Users)/\w+)/|[A-Z]:\\{1,2}Users\b"
)
REGISTRY_HOST = re.compile(
    r"\b(?:pypi|pythonhosted|npmjs|anaconda|(?:deb|packages)[.]debian|download[.]pytorch)[.](?:org|com)\b"
)


def tracked_files():
    # The first setting lets git read a clone that belongs to another user.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached"]
    try:
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this folder is not a clone, or git is missing")
    return [name for name in run.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_nothing_committed_is_large_or_names_a_machine():
    large, found = [], []
    for name in tracked_files():
        content = (ROOT / name).read_bytes()
        large += [name] * (len(content) > LARGEST_BYTES)
        if b"\0" not in content:
            text = content.decode("utf-8", errors="ignore")
            for pattern in (MACHINE_PATH, REGISTRY_HOST):
                found += [f"{name}: {match.group()}" for match in pattern.finditer(text)]
    assert large == []
    assert found == []
