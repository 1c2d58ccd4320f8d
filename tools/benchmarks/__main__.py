"""Measure again what docs/results.md says: the package beside the document's way of working.

Sections, each with a table:

sampling   784 whole passes of the document against MADE.sample, on the same weights
growth     one pass a variable against MADE.sample, for more and more variables
peers      a training step and 36 samples beside the masked networks of other libraries
recipe     ten epochs of the document, of train_made, and of fit in both precisions: seconds, with
           loading and test evaluation, and test NLL
shipped    test NLL of the weights that ship, beside a coin and independent pixels

Ten more run only where --only names them:

tables     test NLL, seconds and samples a second on mixed tables, beside flows of zuko
ranges     twenty tables: draws outside ranges written down before, nats beside independent columns
batches    tables of three sizes by batch and rate, to choose what fit takes where nobody says
gaps       rows with gaps, beside whole rows alone and scikit-learn's imputer, over several seeds
any_order  cells of a table given the others, by one ordering and by models for any
densities  test NLL of two moons and a checkerboard beside their entropy, over several seeds
bytes      bytes a digit of MADE's file, of contexts without a network, and of common programs
weights    test NLL by initial weights of three kinds, for one to three layers and several seeds
figures    test NLL of the best configurations over several seeds; it takes hours

Sampling comes before training, since the document's passes, which ask for new memory all the time,
were seen to take up to four times as long in a process that has trained before.

The document and the package take turns, A B A B, and the best of the repeats counts: what else the
machine does can only add to a time. Times are also told as multiples of the matrix products: one
run of the package is recorded, and the same products (mm and addmm: shapes, strides and dtypes,
forward and backward) are then timed alone, each as the best of several calls. No code around them
could come below 1, and the multiple means the same on every machine.

The data are full MNIST where the package finds it (see MADE_COURSE_DATA), else the small set.
"""

import argparse
import contextlib
import io
import os
import platform
from pathlib import Path

import torch

from made_course import load_mnist
from made_course.training.precision import bfloat16_is_faster

from .any_order import any_order
from .batches import batches
from .compression import bytes_a_digit
from .densities import densities
from .figures import CONFIGURATIONS, figures
from .gaps import gaps
from .growth import growth
from .initial_weights import initial_weights
from .peers import peers
from .ranges import ranges
from .recipe import recipe, shipped
from .sampling import sampling
from .tables import tables

SECTIONS = {
    "sampling": sampling,
    "growth": growth,
    "peers": peers,
    "recipe": recipe,
    "shipped": shipped,
    "tables": tables,
    "ranges": ranges,
    "batches": batches,
    "gaps": gaps,
    "any_order": any_order,
    "densities": densities,
    "bytes": bytes_a_digit,
    "weights": initial_weights,
    "figures": figures,
}


def processor():
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def print_machine():
    with contextlib.redirect_stdout(io.StringIO()) as line:
        load_mnist("auto")
    chosen = bfloat16_is_faster(torch.device("cpu"))
    facts = {
        "processor": processor(),
        "threads of torch": torch.get_num_threads(),
        "CPU capability": torch.backends.cpu.get_cpu_capability(),
        "Python": platform.python_version(),
        "torch": torch.__version__,
        'bfloat16 chosen by fit(precision="auto")': "yes" if chosen else "no",
        "data": line.getvalue().strip(),
    }
    if hasattr(os, "getloadavg"):
        facts["load before the run"] = f"{os.getloadavg()[0]:.2f}"
    for name, value in facts.items():
        print(f"- {name}: {value}")
    print(flush=True)


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="python -m tools.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=SECTIONS,
        default=list(SECTIONS)[:-10],
        metavar="SECTION",
        help=f"sections to run, of {', '.join(SECTIONS)} (default: all but the last ten)",
    )
    parser.add_argument(
        "--repeats",
        type=int,
        default=5,
        help="times that sampling, growth, peers and bytes are measured (default: 5)",
    )
    parser.add_argument(
        "--seeds",
        nargs="+",
        type=int,
        default=[0, 1, 2],
        help="of all sections that train anew, a training or more each (default: 0 1 2)",
    )
    parser.add_argument(
        "--configurations",
        nargs="+",
        choices=CONFIGURATIONS,
        default=list(CONFIGURATIONS),
        help="what figures trains (default: all)",
    )
    parser.add_argument(
        "--density-figure",
        type=Path,
        metavar="PATH",
        help="where densities saves its figure, a .png (default: it saves none)",
    )
    return parser.parse_args(arguments)


def main(arguments=None):
    options = parse(arguments)
    print_machine()
    print(
        f"A time is the best of {options.repeats} unless said otherwise. Products alone: every "
        "mm and addmm of one run, timed by itself; other times are told as multiples of these."
    )
    for name, section in SECTIONS.items():
        if name in options.only:
            section(options)


if __name__ == "__main__":
    main()
