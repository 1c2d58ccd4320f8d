"""Widgets say which ipywidgets they need, before an old one fails in a way of its own."""

import importlib.metadata
import runpy

import pytest

import made_course.widgets

INSTALLED = importlib.metadata.version


@pytest.mark.parametrize("old", ["7.8.5", "6.0"])
def test_an_old_ipywidgets_gets_a_clear_word(monkeypatch, old):
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: old if name == "ipywidgets" else INSTALLED(name)
    )
    with pytest.raises(ImportError, match=rf"8\.1\.2 or newer, and here is {old}: run `python -m"):
        runpy.run_path(made_course.widgets.__file__)


def test_the_installed_ipywidgets_is_new_enough():
    assert runpy.run_path(made_course.widgets.__file__)["_installed"] == INSTALLED("ipywidgets")
