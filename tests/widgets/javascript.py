"""Functions of the widgets' modules, called from Python: in Node, or in a browser."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from made_course.widgets.shared.base import MODULES, join_modules

ANSWER = Path(__file__).with_name("answer.mjs")
IN_PAGE = """async ([text, name, json]) => {
    const decoded = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const bytes = (_, value) => value?.base64 ? decoded(value.base64) : value;
    const args = JSON.parse(json, bytes);
    const url = URL.createObjectURL(new Blob([text], {type: "text/javascript"}));
    return JSON.stringify((await import(url))[name](...args));
}"""


@contextmanager
def node() -> Iterator[Callable]:
    """Yield ``call(module, name, *args)`` in Node, with arguments and results as JSON."""
    command = ["node", str(ANSWER)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:

        def call(module: str, name: str, *args: object) -> object:
            url = MODULES[module].as_uri()
            print(json.dumps({"url": url, "name": name, "args": args}), file=process.stdin)
            process.stdin.flush()
            said = json.loads(process.stdout.readline())
            assert "error" not in said, said["error"]
            return said.get("answer")

        yield call
        process.stdin.close()


def in_browser(page) -> Callable:
    """Return ``call(module, name, *args)`` on a page of Chromium."""

    def call(module: str, name: str, *args: object) -> object:
        return json.loads(page.evaluate(IN_PAGE, [join_modules(module), name, json.dumps(args)]))

    return call
