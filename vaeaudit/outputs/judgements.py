"""What readers judged of rows: kept with the run, added to and never rewritten."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from annotated_types import Len

#: `sound`: the row belongs, it is so in the world. `wrong`: it does not, it cannot exist.
Verdict = Literal["sound", "wrong"]
_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Judgement:
    """What one reader judged of one row.

    Attributes
    ----------
    row_id, content
        The row, and the SHA-256 of what it held (`vaeaudit.analysis.outliers.review.row_contents`).
    judgement, note
        The verdict, and the reader's own words.
    by, at
        Who judged, and when (UTC, ISO 8601).
    """

    row_id: str
    content: str
    judgement: Verdict
    note: str
    by: Annotated[str, Len(1)]
    at: str

    def __post_init__(self) -> None:
        if not _DIGEST.fullmatch(self.content):
            raise ValueError(f"content must be a SHA-256 as hex, found {self.content!r}")
        datetime.fromisoformat(self.at)


@dataclass(frozen=True)
class Judgements:
    """All judgements on a run, the earliest first; cells, labels, copies and regions will be lists of their own."""

    format: Literal[1]
    rows: tuple[Judgement, ...]

    @property
    def latest(self) -> tuple[Judgement, ...]:
        """The last word of each reader on each row and content: who thinks again has one voice, two readers two."""
        return tuple({(one.by, one.row_id, one.content): one for one in self.rows}.values())


NO_JUDGEMENTS = Judgements(1, ())
