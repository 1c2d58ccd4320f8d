"""How soon the laboratory's networks have learned the boards: ``python -m tools.checks.race``.

Widths 32-32, 64-64 and 128-128, five seeds each, in Node: to 3.45 nats, 150 steps more, then with
`>=` at the output to 0.1 nats, and back. Times are the processor's own, so that load counts less.
"""

import argparse
import json
import subprocess
from itertools import groupby
from pathlib import Path
from statistics import median

COLUMNS = {
    "steps": "steps to 3.45 nats",
    "ms": "their ms",
    "msOfStep": "ms a step",
    "msOfSum": "ms of Σp",
    "broken": "steps of >= to 0.1 nats",
    "sum": "Σp there",
    "mended": "steps back to 3.45",
}


def main() -> None:
    argparse.ArgumentParser("python -m tools.checks.race", description=__doc__).parse_args()
    script = Path(__file__).with_name("race.mjs")
    said = subprocess.run(["node", script], check=True, capture_output=True, text=True).stdout
    print("| widths | what | median | five seeds |\n|---|---|---|---|")
    for width, runs in groupby(map(json.loads, said.splitlines()), lambda run: run["width"]):
        found = list(runs)
        for name, words in COLUMNS.items():
            values = [run[name] for run in found]
            each = ", ".join(f"{value:.4g}" for value in values)
            print(f"| {width}-{width} | {words} | {median(values):.4g} | {each} |")


if __name__ == "__main__":
    main()
