"""Compare expected numbers with those of other seeds: ``python -m tools.checks.spread``.

The code of each notebook runs again with other seeds instead of ``torch.manual_seed(0)`` and
``seed=0``. For every number that ``expect`` prints and that depends on the seed, the command prints
the notebook's own value and the range over the other seeds. It takes some minutes on one core.
``python -m tools.checks.spread 02 08`` runs only these notebooks.
"""

import argparse
import io
import re
from contextlib import redirect_stderr, redirect_stdout
from unittest.mock import patch

from tools.pages.minutes import NOTEBOOKS, read

TRAINS = re.compile(r"\b(?:fit|train_made|backward)\(")
SEEDS = (10, 20, 30)  # not 1, because notebook 8 draws its test points with this seed


def code_of(notebook):
    """Return the index and the source of each code cell."""
    return [(k, cell.source) for k, cell in enumerate(notebook.cells) if cell.cell_type == "code"]


def has_training(notebook):
    return any(TRAINS.search(source) for _, source in code_of(notebook))


def replace_seeds(source, seed):
    source = source.replace("torch.manual_seed(0)", f"torch.manual_seed({seed})")
    return re.sub(r'\b(seed(?:": |=))0\b', rf"\g<1>{seed}", source)


def measure_numbers(notebook, seed):
    """Run a notebook with this seed, and return cell, name and value of each ``expect``."""
    found = []

    def note(value, expected, *, within, name="", unit="nats"):
        found.append((place, name.strip(), float(value)))

    names, said = {"__name__": "__main__", "display": print}, io.StringIO()
    with patch("made_course.expect", note), redirect_stdout(said), redirect_stderr(said):
        for place, source in code_of(notebook):
            exec(compile(replace_seeds(source, seed), f"cell {place}", "exec"), names)
    return found


def main():
    parser = argparse.ArgumentParser("python -m tools.checks.spread", description=__doc__)
    parser.add_argument("numbers", nargs="*", metavar="NN", help="notebook; else all that train")
    chosen = parser.parse_args().numbers
    notebooks = {path.stem[:2]: read(path) for path in NOTEBOOKS}
    trained = [which for which, notebook in notebooks.items() if has_training(notebook)]
    print(f"| notebook | cell | number | as it is | seeds {', '.join(map(str, SEEDS))} |")
    print("|---|---|---|---|---|")
    for which in chosen or trained:
        runs = [measure_numbers(notebooks[which], seed) for seed in (0, *SEEDS)]
        for (place, name, value), *others in zip(*runs, strict=True):
            low, *_, high = sorted(other for _, _, other in others)
            if max(abs(value - low), high - low) > 1e-5:  # more than rounding
                row = f"| {which} | {place} | {name} | {value:.4g} | {low:.4g} to {high:.4g} |"
                print(row, flush=True)


if __name__ == "__main__":
    main()
