"""Whether the last training was stopped by hand, for what is said of its numbers later."""

from types import SimpleNamespace

last_training = SimpleNamespace(stopped_after=None)
"""``stopped_after``: the epoch; None where the training came to its own end."""
