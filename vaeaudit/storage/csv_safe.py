"""CSV that a spreadsheet shows as text: no cell of the data can become a formula.

A cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line end (also after spaces, also full-width) is run as
a formula by spreadsheets; such cells get a leading apostrophe, which spreadsheets read as "this is text" (OWASP, CSV
injection). Plain numbers stay as they are. Pieces after a semicolon are treated alike, because where the semicolon
separates fields they become cells of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pandas as pd

_FORMULA_STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_SKIPPED_BEFORE_A_FORMULA = ' "\u00a0\u3000'
_PLAIN_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_ESCAPE = re.compile(r"\\(?:x[0-9a-f]{2}|u(?!d[89a-f])[0-9a-f]{4}|U[0-9a-f]{8}|[nrt\\])")
_LINE_END_OR_TAB = re.compile(r"[\t\r\n\v\f\x85\u2028\u2029]+")


def neutralise(text: str) -> str:
    r"""Return `text` such that no spreadsheet runs it and no control character is left in it.

    Examples
    --------
    >>> neutralise("=SUM(A1)"), neutralise("-12.5"), neutralise("a\x00b"), neutralise("age;@x")
    ("'=SUM(A1)", '-12.5', 'ab', "age;'@x")
    """
    return ";".join(_neutralise_piece(piece) for piece in text.split(";"))


def to_csv(frame: pd.DataFrame) -> bytes:
    """Render `frame` as CSV, every header and text cell neutralised.

    UTF-8 with a byte-order mark, since the file is made for spreadsheets and some of them read UTF-8 only with one;
    pandas and `vaeaudit` itself skip it.
    """
    columns = {position: _safe_column(frame.iloc[:, position]) for position in range(frame.shape[1])}
    safe = pd.DataFrame(columns, index=frame.index)
    header = [neutralise(str(name)) for name in frame.columns]
    text = safe.to_csv(index=False, header=header, lineterminator="\n")
    return text.encode("utf-8-sig", errors="replace")


def escaped(text: str) -> str:
    r"""Return `text` such that no spreadsheet runs it, in a way that `unescaped` undoes.

    All comes back but what is not UTF-8 in a file's name: that stays an escape.

    Examples
    --------
    >>> escaped("=SUM(A1)"), escaped("a\x00\n;@b"), escaped("'quoted'")
    ("'=SUM(A1)", "a\\x00\\n;'@b", "''quoted'")
    """
    shown = "".join(char if char.isprintable() and char != "\\" else _escape(char) for char in text)
    pieces = shown.split(";")
    return ";".join(f"'{p}" if p.startswith("'") or neutralise(p) != p else p for p in pieces)


def unescaped(text: str) -> str:
    """Return what `escaped` was given."""
    shown = ";".join(piece.removeprefix("'") for piece in text.split(";"))
    return _ESCAPE.sub(lambda found: found[0].encode("ascii").decode("unicode_escape"), shown)


def to_exact_csv(frame: pd.DataFrame) -> bytes:
    """Render `frame` as CSV with every text cell `escaped`; `read_exact_csv` gives it back."""
    return _map_text(frame, escaped).to_csv(index=False).encode("utf-8")


def read_exact_csv(path: Path) -> pd.DataFrame:
    """Read what `to_exact_csv` rendered."""
    # A file may be called "null".
    return _map_text(pd.read_csv(path, keep_default_na=False, na_values=[""]), unescaped)


def _map_text(frame: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    columns = {
        name: column if pd.api.types.is_numeric_dtype(column.dtype) else column.map(change, na_action="ignore")
        for name, column in frame.items()
    }
    return pd.DataFrame(columns, index=frame.index, columns=frame.columns)


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _neutralise_piece(piece: str) -> str:
    visible = piece if piece.isprintable() else "".join(char for char in piece if not _is_invisible(char))
    one_line = _LINE_END_OR_TAB.sub(" ", visible)
    # As it was, and as it will be: a form feed before a formula becomes a space, and spaces are skipped.
    begins_badly = any(
        text.lstrip(_SKIPPED_BEFORE_A_FORMULA).startswith(_FORMULA_STARTS) for text in (visible, one_line)
    )
    if begins_badly and not _PLAIN_NUMBER.fullmatch(one_line.strip(" ")):
        return "'" + one_line
    return one_line


def _is_invisible(char: str) -> bool:
    """Control and format characters (NUL, escape, zero-width, direction marks), but not line ends and tabs."""
    return unicodedata.category(char) in ("Cc", "Cf") and not _LINE_END_OR_TAB.match(char)


def _safe_column(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column
    missing = column.isna().to_numpy()
    cells = ["" if gap else neutralise(str(value)) for gap, value in zip(missing, column.tolist(), strict=True)]
    return pd.Series(cells, index=column.index, dtype=object)
