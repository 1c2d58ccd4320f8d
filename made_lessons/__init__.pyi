"""Names that notebooks import, one per line, each with the file that defines it."""

from .checking.check import check as check
from .checking.check import hint as hint
from .checking.check import progress as progress
from .checking.check import solution as solution
from .checking.check import yours as yours
