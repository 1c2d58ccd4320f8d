"""What a training run measured, one row an epoch."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class History:
    """What a training run measured, one entry an epoch.

    Attributes:
        epoch: 1, 2, ...
        train_nll: mean over the epoch's batches, while the weights were still changing (nats).
        valid_nll: mean over the validation rows at the end of the epoch (nats); empty without any.
        lr: learning rate of the epoch's last step.
        seconds: duration of the epoch; left out of what a notebook shows.
        unit: of the NLL, "nats" or, for a density, "differential nats".
        planned: epochs that the run is to have; None where that is open.

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
    planned: int | None = None

    def append(
        self, *, train_nll: float, lr: float, seconds: float, valid_nll: float | None = None
    ) -> None:
        """Add one epoch."""
        self.epoch.append(len(self.epoch) + 1)
        self.train_nll.append(train_nll)
        if valid_nll is not None:
            self.valid_nll.append(valid_nll)
        self.lr.append(lr)
        self.seconds.append(seconds)

    def truncate(self, epochs: int) -> None:
        """Forget all but the first epochs."""
        for values in self._lists().values():
            del values[epochs:]

    @property
    def best_epoch(self) -> int | None:
        """Epoch of the lowest validation NLL; None without validation."""
        if not self.valid_nll:
            return None
        return 1 + min(range(len(self.valid_nll)), key=self.valid_nll.__getitem__)

    def __len__(self) -> int:
        return len(self.epoch)

    def _lists(self) -> dict[str, list]:
        return {name: values for name, values in vars(self).items() if isinstance(values, list)}

    def _columns(self) -> dict[str, list[str]]:
        columns = {
            "epoch": [str(e) for e in self.epoch],
            "train NLL": [f"{v:.3f}" for v in self.train_nll],
            "valid NLL": [f"{v:.3f}" for v in self.valid_nll],
            "rate": [f"{v:#.2g}" for v in self.lr],
        }
        return {name: column for name, column in columns.items() if column or name != "valid NLL"}

    def __repr__(self) -> str:
        columns = self._columns()
        widths = [max(map(len, [name, *column])) for name, column in columns.items()]
        rows = [list(columns), *zip(*columns.values(), strict=True)]
        return "\n".join(
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            for row in rows
        )

    def _repr_html_(self) -> str:
        columns = self._columns()
        head = "".join(f'<th scope="col">{name}</th>' for name in columns)
        rows = "".join(
            f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>"
            for row in zip(*columns.values(), strict=True)
        )
        return (
            f"<table><caption>negative log-likelihood (NLL) in {self.unit}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )
