"""A copy of the shipped files that tests may damage."""

import shutil

import pytest

from made_course.shipped import assets as shipped


@pytest.fixture
def assets(tmp_path, monkeypatch):
    """Use a copy of the shipped files."""
    shutil.copytree(shipped.ASSETS, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(shipped, "ASSETS", tmp_path)
    return tmp_path
