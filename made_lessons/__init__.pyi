"""The names that notebooks import, one a line, and the file that each lives in."""

from .checking.check import check as check
from .checking.check import hint as hint
from .checking.check import progress as progress
from .checking.check import solution as solution
from .checking.check import yours as yours
