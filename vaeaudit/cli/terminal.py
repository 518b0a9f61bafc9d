"""Text from data, made safe for a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Show control and invisible characters as escapes, so that data cannot steer the terminal.

    Examples
    --------
    >>> print(printable("a\x1b[31mb\u202ec"))
    a\x1b[31mb\u202ec
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
