"""The document's 784 passes for a sample beside MADE.sample, on the same weights."""

import torch

from made_course import MADE

from . import document
from .measuring import products_of, say, table, timed

SAMPLES = (36, 1024)


def sampling(options):
    theirs, ours = paired_models(document.HIDDEN)
    rows = []
    for n in SAMPLES:
        by_document, by_package = [], []
        for repeat in range(options.repeats):
            say(f"sampling: {n:,} samples, repeat {repeat + 1} of {options.repeats}")
            by_document.append(timed(lambda n=n: theirs.sample(n))[0])
            by_package.append(timed(lambda n=n: ours.sample(n))[0])
        alone = products_of(lambda n=n: ours.sample(n)).seconds()
        slow, best = min(by_document), min(by_package)
        times = f"{slow:.3f}", f"{best:.4f}", f"{slow / best:.1f}×"
        rows.append((f"{n:,}", *times, f"{alone:.4f}", f"{best / alone:.2f}"))
    table(
        f"Sampling, {'-'.join(map(str, document.HIDDEN))}, float32",
        ("samples", "document (s)", "package (s)", "faster", "products alone (s)", "times these"),
        rows,
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
