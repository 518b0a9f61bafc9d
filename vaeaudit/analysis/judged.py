"""What readers judged of the things on a list: matched to those that are there now, and how right the list is."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

import numpy as np
import numpy.typing as npt
import pandas as pd
from annotated_types import Ge

from vaeaudit.analysis.conclusions import MutedBy
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.outputs.judgements import CONFIRMING, Judgement, ListName
from vaeaudit.outputs.record import BoolArray, IntArray
from vaeaudit.statistics.judged import MISTAKEN, Judged, WrongByPlace
from vaeaudit.statistics.measures import Count, Interval, Share

#: Places down to which a list is judged, where it is so long; and the last one: no judgement reaches farther.
PLACES, LAST_PLACE = (10, 20, 50), 1_000


@dataclass(frozen=True)
class PrecisionAt:
    """Share of the first `k` things of a list of which readers would say that it is right, its (credible) interval."""

    k: Annotated[int, Ge(1)]
    share: Share
    ci: Interval


@dataclass(frozen=True)
class ListReview:
    """What readers' judgements say of a list.

    Attributes
    ----------
    of
        Which list.
    judgements, wrong, sound
        How many are used; of how many the list is right (the row does not belong, the pair are copies, the region lacks
        rows), and of how many not. A thing that several readers judged counts for each of them.
    readers
        Their names.
    contradicted
        Things about which readers say both; all of these judgements are weighed.
    outdated
        Judgements that are not used, since nothing with that content is on the list: they are asked for again.
    mistaken
        Share of judgements that are taken to be mistaken.
    precision
        Down to each place; empty for regions, which are no draw from a long list.
    """

    of: ListName
    judgements: Count
    wrong: Count
    sound: Count
    readers: tuple[str, ...]
    contradicted: Count
    outdated: Count
    mistaken: Share
    precision: tuple[PrecisionAt, ...]


@dataclass(frozen=True)
class Things:
    """K things on a list, by their names [K], and what returns the SHA-256 of what those at some places [M] hold."""

    of: ListName
    names: Sequence[str]
    contents: Callable[[IntArray], list[str]]


@dataclass(frozen=True)
class JudgedThings:
    """The judgements that fit things: place [J], whether the list is right, and by whom; and how many do not fit."""

    place: npt.NDArray[np.int64]
    wrong: BoolArray
    by: tuple[str, ...]
    outdated: int

    @classmethod
    def of(cls, things: Things, judgements: Iterable[Judgement]) -> JudgedThings:
        """Find the things; one whose content is no longer what was judged is not found."""
        given = [one for one in judgements if one.of == things.of]
        wanted = {one.name for one in given}
        at = {name: place for place, name in enumerate(things.names) if name in wanted}
        places = np.array(sorted(at.values()), dtype=np.int64)
        content = dict(zip(places.tolist(), things.contents(places), strict=True))
        found = [one for one in given if one.name in at and content[at[one.name]] == one.content]
        return cls(
            np.array([at[one.name] for one in found], dtype=np.int64),
            np.array([one.judgement in CONFIRMING for one in found], dtype=bool),
            tuple(one.by for one in found),
            len(given) - len(found),
        )

    def verdicts(self, n_things: int) -> npt.NDArray[np.object_]:
        """Return what most readers say of each thing [K]: `wrong`, `sound`, or None where there are no more of them."""
        said = np.full(n_things, None, dtype=object)
        for place, told in self.by_place.items():
            balance = 2 * sum(told) - len(told)
            said[place] = "wrong" if balance > 0 else "sound" if balance < 0 else None
        return said

    def places_of(self, reader: str) -> npt.NDArray[np.int64]:
        """Return the places that this reader judged."""
        return self.place[[name == reader for name in self.by]]

    @property
    def by_place(self) -> dict[int, list[bool]]:
        """Place -> whether each judgement says that the list is right."""
        told: dict[int, list[bool]] = defaultdict(list)
        for place, wrong in zip(self.place.tolist(), self.wrong.tolist(), strict=True):
            told[place].append(wrong)
        return told

    def review(self, of: ListName, precision: tuple[PrecisionAt, ...]) -> ListReview:
        """Sum them up."""
        return ListReview(
            of=of,
            judgements=len(self.place),
            wrong=int(self.wrong.sum()),
            sound=int((~self.wrong).sum()),
            readers=tuple(dict.fromkeys(self.by)),
            contradicted=sum(len(set(told)) > 1 for told in self.by_place.values()),
            outdated=self.outdated,
            mistaken=MISTAKEN,
            precision=precision,
        )


def precision_down(judged: Judged, level: float, also: Iterable[int] = ()) -> tuple[PrecisionAt, ...]:
    """Return how right a list is down to places 10, 20 and 50.

    Parameters
    ----------
    judged
        Judgements on its places.
    level
        Of the intervals.
    also
        Further places.
    """
    if not len(judged.place):
        return ()
    curves = WrongByPlace.of(judged)
    wanted = sorted({*PLACES, *also})
    return tuple(PrecisionAt(k, *curves.first(k, level)) for k in wanted if 1 <= k <= min(judged.n_rows, LAST_PLACE))


def row_contents(inputs: AuditInputs, positions: IntArray) -> list[str]:
    """Return SHA-256 of what the rows at these positions [M] hold, as hex; of pictures, of the source that has them."""
    source = "" if inputs.pictures is None else inputs.run.data.fingerprint
    return contents_of(inputs.frame[list(inputs.schema.names)].iloc[positions], source)


def contents_of(rows: pd.DataFrame, source: str) -> list[str]:
    """Return SHA-256 of what rows [M] hold, as hex.

    Parameters
    ----------
    rows
        The columns of the data.
    source
        Of pictures, the fingerprint of the source that has them; else empty.
    """
    columns = {name: [None if pd.isna(value) else str(value) for value in rows[name]] for name in rows}
    return [digest_of([source, {name: cells[place] for name, cells in columns.items()}]) for place in range(len(rows))]


def digest_of(content: object) -> str:
    """Return SHA-256 of plain values, as hex."""
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def settled_regions(judgements: Iterable[Judgement]) -> Mapping[str, MutedBy]:
    """Return the regions, by id, of which most readers say that no rows are missing, and who says so.

    Parameters
    ----------
    judgements
        The last word of each reader on each thing.
    """
    settled = {}
    for region, (missing, no_gap) in _of_regions(judgements).items():
        if len(no_gap) > len(missing):
            why = "; ".join(dict.fromkeys(f"{one.judgement}{f' ({one.note})' if one.note else ''}" for one in no_gap))
            settled[region] = MutedBy(region, why, ", ".join(dict.fromkeys(one.by for one in no_gap)))
    return settled


def missing_regions(judgements: Iterable[Judgement]) -> frozenset[str]:
    """Return the regions, by id, of which more readers say that rows are missing than that none are."""
    voices = _of_regions(judgements).items()
    return frozenset(region for region, (missing, no_gap) in voices if len(missing) > len(no_gap))


def _of_regions(judgements: Iterable[Judgement]) -> dict[str, tuple[list[Judgement], list[Judgement]]]:
    """Return region, by id, -> what says that rows are missing, and what says that none are.

    What a region held needs no comparison: its id is a hash of that.
    """
    found: dict[str, tuple[list[Judgement], list[Judgement]]] = defaultdict(lambda: ([], []))
    for one in judgements:
        if one.of == "regions":
            found[one.name][one.judgement not in CONFIRMING].append(one)
    return found
