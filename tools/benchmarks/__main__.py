"""Time the package beside the document's way of doing the same work, in one interleaved run.

Sections, each with a table of seconds and ratios:

import     fresh processes: the package against torch
sampling   784 whole passes against MADE.sample, on the same weights
growth     both ways for more and more variables at the same hidden width, with the exponents
peers      a training step, an epoch and 36 samples beside the masked networks of other libraries
training   one epoch of the document's recipe, its test evaluation included, and what the first
           epoch of a fresh process costs beside a later one
recipe     all epochs of the document, of train_made, of a bare loop and of fit in both precisions,
           and of a network three times as wide, loading and test evaluation included, with the
           test NLL of each
monitor    what TrainingMonitor adds to the training that it shows, on the small set
shipped    test NLL of the weights that ship, beside a coin and independent pixels

Three more run only where --only names them:

tables     test NLL, seconds and samples a second on mixed tables, beside flows of zuko
densities  test NLL of two moons and a checkerboard beside their entropy, over several seeds
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
import math
import os
import platform
import time
from functools import partial
from itertools import pairwise
from pathlib import Path

import torch

from made_course import (
    MADE,
    TrainingMonitor,
    evaluate,
    fit,
    load_binarized_mnist,
    load_mnist,
    load_pretrained,
    train_made,
)

from . import bare, document
from .densities import densities
from .figures import CONFIGURATIONS, figures
from .growth import growth
from .measuring import (
    StampedLines,
    in_fresh_process,
    products_of,
    products_of_epochs,
    say,
    table,
    timed,
)
from .peers import peers
from .tables import tables

SECTIONS = (
    "import",
    "sampling",
    "growth",
    "peers",
    "training",
    "recipe",
    "monitor",
    "shipped",
    "tables",
    "densities",
    "figures",
)


# ---- sections -----------------------------------------------------------------------------------


def epochs_of_package(hidden, epochs):
    """Seconds of each epoch of train_made; the first one includes loading the data."""
    torch.manual_seed(0)
    with contextlib.redirect_stdout(StampedLines()) as lines:
        train_made(epochs=epochs, hidden=hidden, **document.RECIPE)
    return [after - before for before, after in pairwise(lines.stamps)]


def training(options):
    hidden = (options.hidden, options.hidden)
    document_epochs, first, later, cold, cold_later = [], [], [], [], []
    for repeat in range(options.repeats):
        say(f"training: repeat {repeat + 1} of {options.repeats}")
        _, (_, _, done) = timed(lambda: document.train(1, hidden, **document.RECIPE))
        document_epochs.append(done[1] - done[0])
        seconds = epochs_of_package(hidden, 2)
        first.append(seconds[0])
        later.append(seconds[1])
        fresh = in_fresh_process(
            "from tools.benchmarks.__main__ import epochs_of_package\n"
            f"print(*epochs_of_package({hidden}, 2))"
        )
        seconds = [float(word) for word in fresh.split()]
        cold.append(seconds[0])
        cold_later.append(seconds[1])
    say("training: products alone")
    alone = products_of(lambda: train_made(epochs=1, hidden=hidden, **document.RECIPE)).seconds()
    ours, theirs = min(later), min(document_epochs)
    rows = [
        ("document, an epoch", f"{theirs:.2f}", "", "", ""),
        (
            "train_made, an epoch",
            f"{ours:.2f}",
            f"{theirs / ours:.1f}×",
            f"{alone:.2f}",
            f"{ours / alone:.2f}",
        ),
        ("train_made, first epoch, loading included", f"{min(first):.2f}", "", "", ""),
        ("the same in a fresh process", f"{min(cold):.2f}", "", "", ""),
        ("the epoch after it in that process", f"{min(cold_later):.2f}", "", "", ""),
    ]
    table(
        f"Training, {'-'.join(map(str, hidden))}, batch 512, float32",
        ("what", "seconds", "faster", "products alone (s)", "times these"),
        rows,
    )
    print(
        f"\nThe first epoch of a fresh process took {min(cold) - min(first):+.2f} s beside a first "
        f"one here, and {min(cold) - min(cold_later):+.2f} s beside the next one there."
    )


def recipe(options):
    hidden, epochs = (options.hidden, options.hidden), options.epochs
    wide = (3 * options.hidden, 3 * options.hidden)
    _, (_, test, _) = timed(lambda: load_binarized_mnist("auto"))

    def by_document():
        return document.train(epochs, hidden, **document.RECIPE)[1]

    def by_train_made(epochs=epochs):
        return train_made(epochs=epochs, hidden=hidden, **document.RECIPE)

    def by_fit_in(precision, epochs=epochs):
        train, *_ = load_binarized_mnist("auto")
        model = MADE(784, hidden, natural_order=False, seed=0)
        fit(model, train, epochs=epochs, precision=precision, seed=0, progress=False)
        return evaluate(model, test)

    def by_bare_loop_in(precision, epochs=epochs):
        return bare.nll(bare.train(epochs, hidden, precision == "bfloat16"), test)

    def by_wide_network(epochs=epochs):
        train, *_ = load_binarized_mnist("auto")
        model = MADE(784, wide, direct=True, dropout=0.05, seed=0)
        fit(
            model,
            train,
            epochs=epochs,
            batch_size=128,
            lr=3e-3,
            weight_decay=0.1,
            seed=0,
            progress=False,
        )
        return evaluate(model, test)

    names = {
        "document": by_document,
        "train_made": by_train_made,
        **{
            f"{name}, {precision}": partial(work, precision)
            for precision in ("float32", "bfloat16")
            for name, work in (("a bare loop", by_bare_loop_in), ("fit", by_fit_in))
        },
        f"fit, {'-'.join(map(str, wide))}, direct, dropout": by_wide_network,
    }
    seconds = {name: [] for name in names}
    scores = {}
    for repeat in range(options.recipe_repeats):
        for name, work in names.items():
            say(f"recipe: {name}, repeat {repeat + 1} of {options.recipe_repeats}")
            took, result = timed(work)
            seconds[name].append(took)
            # train_made returns its model: its last line has already paid for the evaluation
            scores[name] = evaluate(result, test) if isinstance(result, MADE) else result
    rows = []
    theirs = min(seconds["document"])
    for name, work in names.items():
        ours, alone, ratio = min(seconds[name]), "", ""
        if work is not by_document:
            say(f"recipe: {name}, products alone")
            total = products_of_epochs(work, epochs).seconds()
            alone, ratio = f"{total:.2f}", f"{ours / total:.2f}"
        faster = "" if work is by_document else f"{theirs / ours:.2f}×"
        rows.append((name, f"{ours:.2f}", faster, f"{scores[name]:.2f}", alone, ratio))
    table(
        f"Recipe, {epochs} epochs, {'-'.join(map(str, hidden))} unless said otherwise, loading and "
        f"evaluation included, best of {options.recipe_repeats}",
        ("what", "seconds", "faster", "test NLL (nats)", "products alone (s)", "times these"),
        rows,
    )


def sampling(options):
    hidden = (options.hidden, options.hidden)
    theirs, ours = paired_models(hidden)
    rows = []
    for n in options.samples:
        by_document, by_package = [], []
        for repeat in range(options.repeats):
            say(f"sampling: {n:,} samples, repeat {repeat + 1} of {options.repeats}")
            by_document.append(timed(lambda n=n: theirs.sample(n))[0])
            by_package.append(timed(lambda n=n: ours.sample(n))[0])
        alone = products_of(lambda n=n: ours.sample(n)).seconds()
        pass_alone = products_of(lambda n=n: ours.log_prob(torch.zeros(n, 784))).seconds()
        best = min(by_package)
        rows.append(
            (
                f"{n:,}",
                f"{min(by_document):.3f}",
                f"{best:.4f}",
                f"{min(by_document) / best:.1f}×",
                f"{alone:.4f}",
                f"{best / alone:.2f}",
                f"{pass_alone:.4f}",
            )
        )
    table(
        f"Sampling, {'-'.join(map(str, hidden))}, float32",
        (
            "samples",
            "document (s)",
            "package (s)",
            "faster",
            "products alone (s)",
            "times these",
            "products of one forward pass (s)",
        ),
        rows,
    )


def monitor(options):
    hidden = (options.hidden, options.hidden)
    _, (train, *_) = timed(lambda: load_binarized_mnist("small"))
    rows = []
    for name, settings in {"batch 64": {"batch_size": 64}, "fit's defaults": {}}.items():
        training, looking = [], []
        for repeat in range(options.repeats):
            say(f"monitor: {name}, repeat {repeat + 1} of {options.repeats}")
            total, looks = monitored(hidden, train, options.epochs, settings)
            training.append(total - looks)
            looking.append(looks)
        rows.append(
            (
                name,
                f"{min(training):.2f}",
                f"{min(looking):.3f}",
                f"{1000 * min(looking) / options.epochs:.1f}",
                f"{min(looking) / min(training):.1%}",
            )
        )
    table(
        f"Monitor, {options.epochs} epochs of the small set, {'-'.join(map(str, hidden))}",
        ("what", "training (s)", "monitor (s)", "an epoch (ms)", "share"),
        rows,
    )


def monitored(hidden, train, epochs, settings):
    """Seconds of a training with a monitor, and those that the monitor took."""
    show, seconds = TrainingMonitor(), []

    def on_epoch(model, history):
        start = time.perf_counter()
        show(model, history)
        seconds.append(time.perf_counter() - start)

    def work():
        model = MADE(784, hidden, seed=0)
        fit(
            model,
            train[400:],
            train[:400],
            epochs=epochs,
            seed=0,
            progress=False,
            on_epoch=on_epoch,
            **settings,
        )

    total, _ = timed(work)
    if show.problem:
        raise RuntimeError(f"the monitor had a problem: {show.problem}")
    show.close()
    return total, sum(seconds)


def shipped(options):
    _, (train, test, _) = timed(lambda: load_binarized_mnist("auto"))
    # one image more with ink and one without: else a first surprise costs infinitely much
    ink = (train.double().sum(0) + 1) / (len(train) + 2)
    pixels = torch.distributions.Bernoulli(ink)
    nats = {
        "a coin for each pixel": 784 * math.log(2),
        "independent pixels": -pixels.log_prob(test.double()).sum(1).mean().item(),
        "mnist-512": evaluate(load_pretrained("mnist-512"), test),
        "mnist-any-order, in one random ordering": evaluate(
            load_pretrained("mnist-any-order"), test, ensemble=1
        ),
    }
    table(
        f"Shipped, {len(test):,} test images",
        ("what", "test NLL (nats)"),
        [(name, f"{value:.1f}") for name, value in nats.items()],
    )


def paired_models(hidden):
    """The document's model and the package's, the same distribution; raises if they are not."""
    torch.manual_seed(0)
    ours = MADE(784, hidden, natural_order=False, seed=0)
    theirs = document.MADE(784, hidden, natural_order=False)
    theirs.connect(ours.order, ours.degrees[1:])
    with torch.no_grad():
        for to, come in zip(theirs.parameters(), ours.net.parameters(), strict=True):
            to.copy_(come)
        x = torch.bernoulli(torch.full((8, 784), 0.2))
        torch.testing.assert_close(theirs.log_prob(x), ours.log_prob(x))
    return theirs, ours


IMPORTS = (
    "import torch",
    "import made_course",
    "from made_course import MADE, fit, make_mnist_loaders",
)
LAZY = ("matplotlib", "ipywidgets", "torchvision")


def imports(options):
    seconds = {statement: [] for statement in IMPORTS}
    loaded = {}
    for repeat in range(options.repeats):
        say(f"import: repeat {repeat + 1} of {options.repeats}")
        for statement in IMPORTS:
            took, *modules = in_fresh_process(
                "import sys, time\nstart = time.perf_counter()\n"
                f"{statement}\n"
                "print(time.perf_counter() - start)\n"
                f"print(*[name for name in {LAZY} if name in sys.modules])"
            ).split()
            seconds[statement].append(float(took))
            loaded[statement] = modules
    torch_alone = min(seconds["import torch"])
    table(
        "Import, fresh processes",
        ("statement", "seconds", "of import torch", f"loaded of {', '.join(LAZY)}"),
        [
            (
                f"`{statement}`",
                f"{min(took):.3f}",
                f"{min(took) / torch_alone:.2f}",
                ", ".join(loaded[statement]) or "none",
            )
            for statement, took in seconds.items()
        ],
    )


# ---- what is printed ----------------------------------------------------------------------------


def processor():
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def print_machine():
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    x = torch.zeros(256, 784)
    step = products_of(lambda: fit(MADE(784), x, epochs=1, batch_size=128, seed=0, progress=False))
    chosen = torch.bfloat16 in step.dtypes
    with contextlib.redirect_stdout(io.StringIO()) as line:
        load_mnist("auto")
    facts = {
        "processor": processor(),
        "cores to use": cores,
        "threads of torch": torch.get_num_threads(),
        "CPU capability": torch.backends.cpu.get_cpu_capability(),
        "system": platform.platform(),
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

    def several(convert):
        return lambda text: [convert(word) for word in text.split(",")]

    def one_of(names):
        def name(word):
            if word not in names:
                raise argparse.ArgumentTypeError(f"{word!r} is none of {', '.join(names)}")
            return word

        return name

    def seed(text):
        if not text.isdecimal():
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
        return int(text)

    def count(text):
        if not text.isdecimal() or int(text) == 0:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
        return int(text)

    def picture(text):
        path = Path(text)
        if path.suffix != ".png" or not path.parent.is_dir():
            raise argparse.ArgumentTypeError(f"{text!r} is no .png in a folder that is there")
        return path

    parser.add_argument(
        "--only",
        type=several(one_of(SECTIONS)),
        default=SECTIONS[:-3],
        metavar="SECTIONS",
        help=f"sections to run, with commas between them (all: {','.join(SECTIONS)}; "
        "default: all but the last three)",
    )
    parser.add_argument(
        "--epochs", type=count, default=10, help="epochs of each recipe (default: 10)"
    )
    parser.add_argument(
        "--repeats",
        type=count,
        default=5,
        help="times that every section but recipe and the last four is measured (default: 5)",
    )
    parser.add_argument(
        "--recipe-repeats",
        type=count,
        default=1,
        help="times that every recipe is run (default: 1; the document's takes minutes)",
    )
    parser.add_argument(
        "--samples",
        type=several(count),
        default=[1, 36, 256, 1024],
        metavar="NUMBERS",
        help="numbers of samples, with commas between them (default: 1,36,256,1024)",
    )
    parser.add_argument(
        "--hidden",
        type=count,
        default=512,
        help="width of both hidden layers; the wide network has three times that (default: 512)",
    )
    parser.add_argument(
        "--sizes",
        type=several(count),
        default=[49, 196, 784, 3136],
        metavar="NUMBERS",
        help="numbers of variables of growth (default: 49,196,784,3136)",
    )
    parser.add_argument(
        "--density-figure",
        type=picture,
        metavar="PATH",
        help="where densities saves its figure, a .png (default: it saves none)",
    )
    parser.add_argument(
        "--configurations",
        type=several(one_of(CONFIGURATIONS)),
        default=list(CONFIGURATIONS),
        metavar="NAMES",
        help=f"what figures trains, with commas between them (all: {','.join(CONFIGURATIONS)})",
    )
    parser.add_argument(
        "--seeds",
        type=several(seed),
        default=[0, 1, 2],
        metavar="NUMBERS",
        help="seeds of tables, densities and figures, a training or more each (default: 0,1,2)",
    )
    options = parser.parse_args(arguments)
    if len(set(options.sizes)) < len(options.sizes) or len(options.sizes) < 2:
        parser.error(f"--sizes must be two different numbers or more, got {options.sizes}")
    options.sizes.sort()
    return options


def main(arguments=None):
    options = parse(arguments)
    print_machine()
    run = {
        "import": imports,
        "sampling": sampling,
        "growth": growth,
        "peers": peers,
        "training": training,
        "recipe": recipe,
        "monitor": monitor,
        "shipped": shipped,
        "tables": tables,
        "densities": densities,
        "figures": figures,
    }
    print(
        f"A time is the best of {options.repeats} unless said otherwise. Products alone: every "
        "mm and addmm of one run, timed by itself; other times are told as multiples of these."
    )
    for name in SECTIONS:
        if name in options.only:
            run[name](options)


if __name__ == "__main__":
    main()
