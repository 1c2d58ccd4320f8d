"""Expected numbers with their spread: ``python -m tools.checks.spread``, some minutes on one core.

The code of each notebook is run with other seeds instead of its ``torch.manual_seed(0)`` and
``seed=0``. For every number that ``expect`` shows and that depends on the seed, the notebook's own
value and the range over the other seeds are printed. ``python -m tools.checks.spread 02 08`` runs
only these notebooks.
"""

import argparse
import io
import re
from contextlib import redirect_stderr, redirect_stdout
from unittest.mock import patch

from tools.pages.minutes import NOTEBOOKS, read

TRAINS = re.compile(r"\b(?:fit|train_made|backward)\(")
SEEDS = (10, 20, 30)  # not 1: notebook 8 draws its test points with it


def code_of(notebook):
    """Return index and source of each code cell."""
    return [(k, cell.source) for k, cell in enumerate(notebook.cells) if cell.cell_type == "code"]


def trains(notebook):
    return any(TRAINS.search(source) for _, source in code_of(notebook))


def with_seed(source, seed):
    source = source.replace("torch.manual_seed(0)", f"torch.manual_seed({seed})")
    return re.sub(r'\b(seed(?:": |=))0\b', rf"\g<1>{seed}", source)


def numbers(notebook, seed):
    """Return cell, name and value of each call of ``expect`` in a run with this seed."""
    found = []

    def note(value, expected, *, within, name="", unit="nats"):
        found.append((place, name.strip(), float(value)))

    names, said = {"__name__": "__main__", "display": print}, io.StringIO()
    with patch("made_course.expect", note), redirect_stdout(said), redirect_stderr(said):
        for place, source in code_of(notebook):
            exec(compile(with_seed(source, seed), f"cell {place}", "exec"), names)
    return found


def main():
    parser = argparse.ArgumentParser("python -m tools.checks.spread", description=__doc__)
    parser.add_argument("numbers", nargs="*", metavar="NN", help="a notebook; else all that train")
    chosen = parser.parse_args().numbers
    notebooks = {path.stem[:2]: read(path) for path in NOTEBOOKS}
    trained = [which for which, notebook in notebooks.items() if trains(notebook)]
    print(f"| notebook | cell | number | as it is | seeds {', '.join(map(str, SEEDS))} |")
    print("|---|---|---|---|---|")
    for which in chosen or trained:
        runs = [numbers(notebooks[which], seed) for seed in (0, *SEEDS)]
        for (place, name, value), *others in zip(*runs, strict=True):
            low, *_, high = sorted(other for _, _, other in others)
            if max(abs(value - low), high - low) > 1e-5:  # more than rounding
                row = f"| {which} | {place} | {name} | {value:.4g} | {low:.4g} to {high:.4g} |"
                print(row, flush=True)


if __name__ == "__main__":
    main()
