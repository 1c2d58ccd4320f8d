"""Measure the numbers of docs/results.md again. Each section prints a table.

sampling   one forward pass per variable and MADE.sample, for four numbers of variables
peers      a training step and 36 samples, with MADE and the masked networks of other libraries
recipe     ten epochs of a plain loop, of train_made, and of fit in both precisions: seconds, with
           loading and test evaluation, and test NLL
shipped    test NLL of the weights that ship, of a coin and of independent pixels

These run only if --only names them:

tables     test NLL on five tables, of MADE, independent columns and flows of zuko
rates      test NLL on six sets, with constant and falling learning rates of fit with patience
bytes      bytes per digit of a MADE, of contexts without a network, and of common programs
figures    test NLL of the best configurations; it takes hours

Sampling comes before training, because one forward pass per variable took up to four times as long
in a process that had trained before. The data are full MNIST if it is found (MADE_COURSE_DATA names
its folder), else the small set.
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

from .compression import bytes_per_digit
from .figures import figures
from .peers import peers
from .rates import rates
from .recipe import recipe, shipped
from .sampling import sampling
from .tables import tables

QUICK = {"sampling": sampling, "peers": peers, "recipe": recipe, "shipped": shipped}
SECTIONS = QUICK | {
    "tables": tables,
    "rates": rates,
    "bytes": bytes_per_digit,
    "figures": figures,
}


def print_machine():
    """Print the processor, the versions, and the data that will be used."""
    with contextlib.redirect_stdout(io.StringIO()) as line:
        load_mnist("auto")
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    names = [row.split(":", 1)[1].strip() for row in info.splitlines() if "model name" in row]
    facts = {
        "processor": (names or [platform.processor()])[0],
        "threads of torch": torch.get_num_threads(),
        "CPU capability": torch.backends.cpu.get_cpu_capability(),
        "Python": platform.python_version(),
        "torch": torch.__version__,
        "bfloat16 is faster": bfloat16_is_faster(torch.device("cpu")),
        "data": line.getvalue().strip(),
    }
    if hasattr(os, "getloadavg"):
        facts["load before the run"] = f"{os.getloadavg()[0]:.2f}"
    for name, value in facts.items():
        print(f"- {name}: {value}")


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m tools.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--only", nargs="+", choices=SECTIONS, default=[*QUICK], metavar="SECTION")
    add("--repeats", type=int, default=5, help="repeats of sampling and peers; the best counts")
    add("--seeds", nargs="+", type=int, default=[0, 1, 2], help="seeds of the sections that train")
    options = parser.parse_args(arguments)
    print_machine()
    for name in options.only:
        SECTIONS[name](options)


if __name__ == "__main__":
    main()
