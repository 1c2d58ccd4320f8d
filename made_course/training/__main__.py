"""The training command: digits or a table, on one process or with ``torchrun`` on several."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout

import torch
from torch import Tensor

from ..data.mnist import load_mnist
from ..data.mnist_binarized import binarized_loader
from ..data.tables import Table, load_table
from ..model.heads import Bernoulli, Head
from ..model.made import MADE
from .batches import Batches
from .evaluate import evaluate
from .fit import fit
from .processes import processes_on

PATIENCE = 30
"""Default patience of a training on a table."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Train a MADE from the command line, on one process or with ``torchrun`` on several.

    ``python -m made_course.training --epochs 10`` and
    ``torchrun --nproc-per-node=2 -m made_course.training --epochs 10`` take the same steps, up to
    rounding and dropout; ``--help`` lists the arguments. On GPUs, each process takes one.
    """
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.table is None and given.patience is not None:
        parser.error("--patience needs validation rows: it is for a --table")
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
    processes = processes_on(device)
    is_first = processes.rank == 0
    with redirect_stdout(sys.stdout if is_first else io.StringIO()):
        table = None if given.table is None else load_table(given.table)
        train, valid, test, head = _digits(given) if table is None else _parts(table, given.seed)
    model = MADE(
        test.shape[1],
        given.hidden or ((512, 512) if given.table is None else (100,)),
        natural_order=not given.random_order,
        degrees=given.degrees,
        head=head,
        direct=given.direct,
        dropout=given.dropout,
        conditioning=given.conditioning,
        num_masks=given.num_masks or None,
        seed=given.seed,
    ).to(device)
    history = fit(
        model,
        train,
        valid,
        epochs=given.epochs,
        batch_size=given.batch_size,
        lr=given.lr,
        weight_decay=given.weight_decay,
        patience=PATIENCE if given.table and given.patience is None else given.patience,
        seed=given.seed,
        checkpoint=given.checkpoint,
    )
    if is_first:
        print(
            f"test NLL: {evaluate(model, test):.3f} {history.unit}, after {len(history)} epochs, "
            f"{processes.size} process(es)"
        )
        if given.save:
            model.save(given.save, table=table)
            print(f"model: MADE.load({given.save!r})")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m made_course.training",
        description="Train a MADE on binarised MNIST, or on a table of your own.",
    )
    add = parser.add_argument
    add("--table", metavar="FILE", help="train on this table instead of MNIST")
    add("--patience", type=int, help=f"for a table: epochs without a better score ({PATIENCE})")
    add("--data", default="auto", choices=("auto", "small", "full"), help="which MNIST")
    add("--binarize", default="threshold", choices=("threshold", "stochastic"))
    add("--hidden", type=int, nargs="*", metavar="H", help="widths (512 512, for a table 100)")
    add("--random-order", action="store_true", help="draw a random ordering")
    add("--degrees", default="even", choices=("uniform", "paper", "even"))
    add("--direct", action="store_true", help="direct connections")
    add("--conditioning", action="store_true", help="conditioning weights")
    add("--dropout", type=float, default=0.0)
    add("--num-masks", type=int, default=1, help="sets of masks; 0 draws fresh ones at every step")
    add("--epochs", type=int, help="10, for a table no limit")
    add("--batch-size", type=int, help="rows per step of all processes (512, for a table less)")
    add("--lr", type=float, help="peak of the learning rate")
    add("--weight-decay", type=float)
    add("--seed", type=int, default=0)
    add("--checkpoint", help="file to write after every epoch and to resume from")
    add("--save", metavar="FILE", help="file for the trained model")
    return parser


Data = tuple[Batches, Tensor | None, Tensor, Head]


def _digits(given: argparse.Namespace) -> Data:
    train, test, _ = load_mnist(given.data)
    torch.manual_seed(given.seed)
    loader = binarized_loader(train, given.batch_size or 512, given.binarize, shuffle=True)
    images = next(iter(binarized_loader(test, len(test), given.binarize, shuffle=False)))
    return loader, None, images, Bernoulli()


def _parts(table: Table, seed: int) -> Data:
    print(table)
    torch.manual_seed(seed)
    return *table, table.head


if __name__ == "__main__":
    main()
