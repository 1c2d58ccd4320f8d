"""Binder builds the environment that is meant, and its links open notebooks that exist.

Links name the branch ``binder``: Binder keeps one image for each commit, and this branch moves at a
release only, so that only the first visitor after a release waits.
"""

import os
import re
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from tools.pages import colab
from tools.pages.minutes import NOTEBOOKS, read

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
REPOSITORY = PYPROJECT["project"]["urls"]["Repository"].removeprefix("https://github.com/")
LINK = re.compile(
    r"https://mybinder\.org/v2/gh/(?P<repository>[^/\s]+/[^/\s]+)/binder"
    r"\?urlpath=lab/tree/(?P<file>[\w/.]+)"
)


def links(file):
    return list(LINK.finditer((ROOT / file).read_text(encoding="utf-8")))


def test_readme_opens_every_notebook_on_colab():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"\[(\d+)\]\((https://colab[^)]+)\)", readme)
    assert found == [(str(k), colab.link_to(path.name)) for k, path in enumerate(NOTEBOOKS)]


def test_every_link_opens_an_existing_page_of_this_repository():
    assert [ROOT / link["file"] for link in links("README.md")] == [NOTEBOOKS[0]]
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *NOTEBOOKS]:
        found = links(page)
        assert {link["repository"] for link in found} <= {REPOSITORY}
        assert all((ROOT / link["file"]).is_file() for link in found)
        text = page.read_text(encoding="utf-8")
        assert text.count("https://mybinder.org/v2/") == len(found), "links name the branch binder"


def test_every_notebook_says_how_to_keep_work_on_binder():
    for path in NOTEBOOKS:
        header = read(path).cells[0].source
        assert re.search(r"\*\*On Binder\*\*.+\*Download\*", header), path.name


@pytest.mark.delivery
@pytest.mark.skipif(
    find_spec("repo2docker") is None,
    reason="repo2docker is missing: python -m pip install jupyter-repo2docker",
)
def test_repo2docker_plans_the_right_steps():
    # only the plan is made: neither Docker nor the network is needed
    plan_only = ["--no-build", "--debug", "--user-id=1000", "--user-name=jovyan"]
    command = [sys.executable, "-m", "repo2docker", *plan_only, "."]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    steps = [
        r"environment-2epy-2d3-2e12",  # of Python 3.12
        r'env update .*--file "binder/environment\.yml"',
        r"^COPY .*src/ \$\{REPO_DIR\}/$",
        r"^RUN \./binder/postBuild$",
        r'^ENV R2D_ENTRYPOINT="\$\{REPO_DIR\}/binder/start"$',
    ]
    plan = run.stdout + run.stderr
    found = [re.search(step, plan, re.MULTILINE) for step in steps]
    assert all(found), plan
    assert [match.start() for match in found] == sorted(match.start() for match in found)
    assert "pip install" not in plan


@pytest.mark.skipif(os.name == "nt", reason="Binder's pods run Linux")
@pytest.mark.parametrize(("limit", "threads"), [(None, 1), ("0.5", 1), ("2", 2)])
def test_a_pod_runs_as_many_threads_as_it_has_cores(limit, threads):
    environment = {name: value for name, value in os.environ.items() if name != "CPU_LIMIT"}
    if limit:
        environment["CPU_LIMIT"] = limit
    show = [sys.executable, "-c", "import os, sys; print(os.environ['OMP_NUM_THREADS'], *sys.argv)"]
    command = [ROOT / "binder" / "start", *show, "two words"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.split() == [str(threads), "-c", "two", "words"]
