"""The history of a training run."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class History:
    """The measurements of a training run, one entry per epoch.

    Attributes:
        epoch: numbers of the epochs: 1, 2, ...
        train_nll: mean NLL over the epoch's batches, while the weights were changing (nats).
        valid_nll: mean NLL of the validation rows after the epoch (nats); empty if there are none.
        lr: learning rate of the epoch's last step.
        seconds: duration of the epoch; not shown, because it differs between runs.
        unit: unit of the NLL, "nats" or, for a density, "differential nats".

    Example:
        >>> history = History()
        >>> history.append(train_nll=2.5, valid_nll=2.25, lr=0.01, seconds=0.1)
        >>> history
        epoch  train NLL  valid NLL   rate
            1      2.500      2.250  0.010
    """

    epoch: list[int] = field(default_factory=list)
    train_nll: list[float] = field(default_factory=list)
    valid_nll: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    unit: str = "nats"

    def append(
        self, *, train_nll: float, lr: float, seconds: float, valid_nll: float | None = None
    ) -> None:
        """Add the measurements of one epoch: NLLs in nats per row, learning rate and duration."""
        self.epoch.append(len(self.epoch) + 1)
        self.train_nll.append(train_nll)
        if valid_nll is not None:
            self.valid_nll.append(valid_nll)
        self.lr.append(lr)
        self.seconds.append(seconds)

    @property
    def best_epoch(self) -> int | None:
        """Epoch with the lowest validation NLL; None without validation rows."""
        if not self.valid_nll:
            return None
        return 1 + min(range(len(self.valid_nll)), key=self.valid_nll.__getitem__)

    def __len__(self) -> int:
        return len(self.epoch)

    def __repr__(self) -> str:
        columns = [
            ["epoch", *map(str, self.epoch)],
            ["train NLL", *(f"{v:.3f}" for v in self.train_nll)],
            ["rate", *(f"{v:#.2g}" for v in self.lr)],
        ]
        if self.valid_nll:
            columns.insert(2, ["valid NLL", *(f"{v:.3f}" for v in self.valid_nll)])
        widths = [max(map(len, column)) for column in columns]
        rows = zip(*columns, strict=True)
        return "\n".join("  ".join(map(str.rjust, row, widths)) for row in rows)
