"""Notebook 05 as a learner meets it: opened in JupyterLab and run from top to bottom."""

import nbformat
import pytest

NAME = "05_training_on_mnist.ipynb"
LIMIT_S = 600

# The light in the corner says "idle" before there is a kernel at all; its connection does not.
KERNEL_IDLE = """() => {
    const kernel = window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel;
    return kernel?.connectionStatus === 'connected' && kernel.status === 'idle';
}"""
START_COMMAND = """(name) => {
    window.commandEnded = false;
    window.jupyterapp.commands.execute(name).then(() => { window.commandEnded = true; });
}"""


def run_command(page, name, limit_s=30):
    """Carries out one of JupyterLab's commands and waits for its end."""
    page.evaluate(START_COMMAND, name)
    page.wait_for_function("window.commandEnded", timeout=limit_s * 1000)


@pytest.mark.browser
def test_runs_in_jupyterlab(lab, page):
    path = lab.root / NAME
    page.goto(f"{lab.base}/doc/tree/{NAME}?token={lab.token}", wait_until="domcontentloaded")
    page.wait_for_selector(".jp-Notebook", timeout=60_000)
    page.wait_for_function("window.jupyterapp", timeout=60_000)
    page.evaluate("window.jupyterapp.started")
    page.wait_for_function(KERNEL_IDLE, timeout=60_000)

    # Nothing that was saved in the file may pass for something that this run has shown.
    run_command(page, "notebook:clear-all-cell-outputs")
    assert page.locator(".jp-OutputArea-output").count() == 0
    run_command(page, "notebook:run-all-cells", LIMIT_S)
    run_command(page, "docmanager:save")

    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    cells = [cell for cell in cells if cell.source]
    assert cells
    outputs = [output for cell in cells for output in cell.outputs]
    errors = [output for output in outputs if output.output_type == "error"]
    assert not errors, "\n".join(f"{error.ename}: {error.evalue}" for error in errors)
    assert all(cell.execution_count for cell in cells), "a cell was not run"

    images = page.locator(".jp-OutputArea-output img")
    assert images.count() > 0
    assert images.evaluate_all("all => all.every(i => i.complete && i.naturalWidth > 0)")
    bars = page.locator(".jp-OutputArea-output .widget-hprogress")
    assert bars.count() > 0
    assert bars.first.is_visible()
    assert page.complaints == []
