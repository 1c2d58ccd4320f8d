"""Measure the numbers of docs/results.md again. Each section prints a table.

sampling   one forward pass per variable and MADE.sample, for four numbers of variables
peers      a training step and 36 samples, with MADE and the masked networks of other libraries
recipe     ten epochs of a plain loop, of train_made, and of fit in both precisions: seconds, with
           loading and test evaluation, and test NLL
shipped    test NLL of the weights that ship, of a coin and of independent pixels

These run only if --only names them:

tables     test NLL on five tables, of MADE, independent columns and flows of zuko
bytes      bytes per digit of a MADE, of contexts without a network, and of common programs
figures    test NLL of the best configurations; it takes hours

Sampling comes before training, because one forward pass per variable took up to four times as long
in a process that had trained before. The data are full MNIST if it is found (MADE_COURSE_DATA names
its folder), else the small set.
"""

import argparse

import torch

from made_course import load_mnist

from .compression import bytes_per_digit
from .figures import figures
from .peers import peers
from .recipe import recipe, shipped
from .sampling import sampling
from .tables import tables

QUICK = {"sampling": sampling, "peers": peers, "recipe": recipe, "shipped": shipped}
SECTIONS = QUICK | {"tables": tables, "bytes": bytes_per_digit, "figures": figures}


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m tools.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=[*QUICK], metavar="SECTION")
    options = parser.parse_args(arguments)
    capability, threads = torch.backends.cpu.get_cpu_capability(), torch.get_num_threads()
    print(f"PyTorch {torch.__version__}, {capability}, {threads} threads")
    load_mnist("auto")  # prints which data the sections use
    for name in options.only:
        SECTIONS[name]()


if __name__ == "__main__":
    main()
