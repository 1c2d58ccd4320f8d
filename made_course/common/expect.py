"""Print a measured number of a notebook, and compare it with the expected one."""

from __future__ import annotations

import math

CURE = (
    "If you changed nothing on purpose, run all cells from the top, because an earlier cell may "
    "have been changed, stopped, skipped or run twice."
)


def expect(
    value: float, expected: float, *, within: float, name: str = "", unit: str = "nats"
) -> None:
    """Print a measured number, or raise an error if it is too far from the expected one.

    Args:
        value: measured number, which may differ a little between computers.
        expected: rounded number that was measured when the course was written.
        within: largest accepted difference between the two.
        name: name of the number, printed before it.
        unit: unit without digits, printed after the number. With ``"%"``, ``value``, ``expected``
            and ``within`` are shares from 0 to 1, and are printed in percent.

    Raises:
        AssertionError: if the difference is larger than ``within``, or ``value`` is NaN.

    Example:
        >>> expect(69.08, 69.4, within=2)
        69.1 nats (expected 69.4 ± 2)
        >>> expect(0.9712, 0.95, within=0.05, name="boards among the samples", unit="%")
        boards among the samples: 97.1% (expected 95 ± 5)
    """
    scale, space = (100, "") if unit == "%" else (1, " ")
    is_count = isinstance(within, int) and float(value).is_integer()
    decimals = 0 if is_count else max(0, 1 - math.floor(math.log10(scale * within)))
    text = f"{name}: " if name else ""
    text += f"{round(scale * float(value), decimals) + 0.0:,.{decimals}f}{space}{unit}".rstrip()
    bounds = f"{_format_number(scale * expected)} ± {_format_number(scale * within)}"
    if not abs(float(value) - expected) <= within:
        raise AssertionError(f"{text}, and {bounds} was expected. {CURE}")
    print(f"{text} (expected {bounds})")


def _format_number(number: float) -> str:
    return f"{number:,.10f}".rstrip("0").rstrip(".")
