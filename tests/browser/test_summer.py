"""Σp is computed beside the page, and in it where no worker may start."""

import pytest

from made_course.widgets.shared.base import join_modules

pytestmark = pytest.mark.delivery
ASK = """async ([text, Worker]) => {
    const net = {
        design: {degrees: [2, 1], hidden: [], strict: false},
        positions: [1, 0],
        layers: [{inputs: 2, reach: [1, 2], weights: [3, 0, 1, 2], biases: [0, 0.5]}],
        direct: null,
    };
    window.Worker = new Function("RealWorker", `return ${Worker}`)(window.Worker);
    const url = URL.createObjectURL(new Blob([text], {type: "text/javascript"}));
    const {summer, sumOfProbabilities} = await import(url);
    const {ask, close} = summer();
    const sums = await Promise.all([ask(net), ask(net)]);
    close();
    return [...sums, sumOfProbabilities(net)];
}"""


STARTED = "class extends RealWorker { constructor(url) { super(url); window.started += 1; } }"
REFUSED = """class {
    constructor() { setTimeout(() => this.onerror()); }
    postMessage() {}
    terminate() {}
}"""


@pytest.mark.parametrize(
    ("worker", "started"),
    [(STARTED, 1), ("undefined", 0), (REFUSED, 0)],
    ids=["worker", "none", "refused"],
)
def test_sum_in_a_worker_or_without_one(bare, tmp_path, worker, started):
    page = tmp_path / "page.html"
    page.write_text("<script>window.started = 0</script>", encoding="utf-8")
    bare.goto(page.as_uri())
    first, second, here = bare.evaluate(ASK, [join_modules("summing"), worker])
    assert first == second == here
    assert here > 1.2
    assert bare.evaluate("window.started") == started
