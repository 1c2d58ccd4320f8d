"""The base of all widgets: joined modules, and widgets that are closed."""

import gc
import re
import weakref

import pytest
import torch
from ipywidgets.widgets import widget as ipywidgets_widget

from made_course import MaskExplorer, Sketchpad
from made_course.widgets.shared import rerun
from made_course.widgets.shared.base import join_modules
from made_course.widgets.shared.without_kernel import render_state, standalone_html

MAKE = {"MaskExplorer": MaskExplorer, "Sketchpad": lambda: Sketchpad(torch.zeros(2, 784))}


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_a_closed_widget_leaves_nothing_behind_and_no_random_stream_moved(make):
    before, stream = set(ipywidgets_widget._instances), torch.random.get_rng_state()
    made = make()
    assert torch.equal(torch.random.get_rng_state(), stream)
    made.close()
    assert set(ipywidgets_widget._instances) == before
    left = weakref.ref(made)
    del made
    gc.collect()
    assert left() is None


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_its_module_stands_alone(make):
    """Check that names are unique across the joined modules, and that no import is left."""
    made = make()
    with_stub = made._esm + join_modules("without_kernel").replace("export ", "")
    names = re.findall(r"^(?:const|let|class|function) (\w+)", with_stub, re.MULTILINE)
    assert len(names) == len(set(names))
    assert not re.search(r"^import|https?://(?!www\.w3\.org/)", made._esm, re.MULTILINE)
    assert len(re.findall("^export default", made._esm, re.MULTILINE)) == 1
    with_text = made.get_state() | {"text": "</script><b>"}  # a text does not end the script
    assert render_state(with_text).count("</script>") == 1
    assert not re.search(r'[{,] "_\w+": ', standalone_html(made)), "private state"
    made.close()


def test_running_a_cell_again_closes_what_it_showed(monkeypatch):
    class Shell:
        run = "first"

        def get_parent(self):
            return {"metadata": {"cellId": "a cell"}, "header": {"msg_id": self.run}}

    shell = Shell()
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    monkeypatch.setattr(rerun, "_shown_in", {})
    one, beside = MaskExplorer(), MaskExplorer()
    assert one.comm is not None
    assert beside.comm is not None
    shell.run = "second"
    again = MaskExplorer()
    assert (one.comm, beside.comm) == (None, None)
    again.close()
