"""The errors that vaeaudit raises on purpose.

Each message says what was expected, what was found, and what to do; each class carries the exit code that the
command line ends with (see the table in the README). Anything else that is raised is a defect, and exits with 4.
"""

from __future__ import annotations


class VaeauditError(Exception):
    """Base of all errors that a user can act on.

    Parameters
    ----------
    message
        What was expected and what was found, in one line, naming the file, the column and the row where known.
    hint
        What to do about it, naming the option that helps.
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n{self.hint}"


class UsageError(VaeauditError):
    """An option, a configuration file or an argument that cannot be used."""


class InputError(VaeauditError):
    """Data that cannot be read, or that holds nothing that could be audited."""


class RunError(VaeauditError):
    """A run directory that is missing, incomplete, altered or made by another version."""


class InconclusiveError(VaeauditError):
    """The data is readable but too small, or too empty of structure, for an answer."""

    exit_code = 3


class InterruptedFit(VaeauditError):  # noqa: N818 - the name says what happened; it is not a fault
    """Training was interrupted; the best weights so far were kept where that was possible."""

    exit_code = 130
