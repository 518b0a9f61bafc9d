"""What readers judged of the things on a run's lists: kept with the run, added to and never rewritten."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from annotated_types import Len

#: Rows that do not belong, cells that contradict their row, doubted labels, pairs of copies, regions short of rows.
ListName = Literal["rows", "cells", "labels", "copies", "regions"]
#: `wrong`, `copy`, `missing`: the list is right about the thing. `sound`: it belongs, it is so in the world. `apart`:
#: two of their own. Of a region that lacks rows: there `cannot exist` any, or so few are `so in the world`.
Verdict = Literal["sound", "wrong", "apart", "copy", "missing", "cannot exist", "so in the world"]
#: Verdicts that say that the list is right about the thing.
CONFIRMING: frozenset[Verdict] = frozenset({"wrong", "copy", "missing"})
_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Asked:
    """What is asked of a list's things.

    Attributes
    ----------
    thing
        What one is called.
    keys
        Columns whose cells together name one.
    words
        What a reader may write, and what it means.
    """

    thing: str
    keys: tuple[str, ...]
    words: Mapping[str, Verdict]

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What can be judged, each once, those first that say that the list is right."""
        return tuple(sorted(dict.fromkeys(self.words.values()), key=lambda verdict: verdict not in CONFIRMING))

    def name(self, cells: Sequence[str]) -> str:
        """Return the name of a thing from the cells of `keys`."""
        return cells[0] if len(cells) == 1 else json.dumps(list(cells), ensure_ascii=False)

    def cells(self, name: str) -> tuple[str, ...]:
        """Return the cells that `name` made a name of."""
        return (name,) if len(self.keys) == 1 else tuple(json.loads(name))


_SOUND_OR_WRONG: Mapping[str, Verdict] = {
    "sound": "sound",
    "is so in the world": "sound",
    "wrong": "wrong",
    "cannot exist": "wrong",
}
LISTS: Mapping[ListName, Asked] = {
    "rows": Asked("row", ("row_id",), _SOUND_OR_WRONG),
    "cells": Asked("cell", ("row_id", "column"), _SOUND_OR_WRONG),
    "labels": Asked("label", ("row_id",), _SOUND_OR_WRONG),
    "copies": Asked("pair", ("row_id", "other_row_id"), {"copy": "copy", "apart": "apart"}),
    "regions": Asked(
        "region",
        ("region",),
        {
            "missing": "missing",
            "cannot exist": "cannot exist",
            "is so in the world": "so in the world",
            "so in the world": "so in the world",
        },
    ),
}


@dataclass(frozen=True)
class Judgement:
    """What one reader judged of one thing.

    Attributes
    ----------
    of, name, content
        The list, the thing on it (`Asked.name`), and the SHA-256 of what it held.
    judgement, note
        The verdict, and the reader's own words.
    by, at
        Who judged, and when (UTC, ISO 8601).
    """

    of: ListName
    name: str
    content: str
    judgement: Verdict
    note: str
    by: Annotated[str, Len(1)]
    at: str

    def __post_init__(self) -> None:
        if not _DIGEST.fullmatch(self.content):
            raise ValueError(f"content must be a SHA-256 as hex, found {self.content!r}")
        if self.judgement not in LISTS[self.of].words.values():
            raise ValueError(f"a {LISTS[self.of].thing} is not judged {self.judgement}")
        datetime.fromisoformat(self.at)


@dataclass(frozen=True)
class Judgements:
    """All judgements on a run, the earliest first."""

    format: Literal[2]
    given: tuple[Judgement, ...]

    @property
    def latest(self) -> tuple[Judgement, ...]:
        """The last word of each reader on each thing and content: who thinks again has one voice, two readers two."""
        return tuple({(one.of, one.by, one.name, one.content): one for one in self.given}.values())


NO_JUDGEMENTS = Judgements(2, ())
