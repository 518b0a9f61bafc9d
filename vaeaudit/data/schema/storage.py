"""A column whose kind is settled, stored as `Dataset.frame` holds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.data.schema.columns import Kind
from vaeaudit.data.tables.cells import TextCells

Stored = npt.NDArray[Any] | pd.Categorical


@dataclass(frozen=True)
class Typed:
    """A typed column.

    Attributes
    ----------
    kind, levels, unique, problems, convention, unit, personal
        As in `Column`.
    repeats
        Whether it names things that may fill several rows each, so that rows of one belong together.
    stored
        [N]; float64, datetime64[ns], a Categorical, or objects, by kind.
    """

    kind: Kind
    stored: Stored
    unique: int
    levels: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    convention: str = ""
    unit: str = ""
    personal: str = ""
    repeats: bool = False

    @property
    def missing(self) -> int:
        """Number of missing cells."""
        return int(np.asarray(pd.isna(self.stored)).sum())


def levelled(
    kind: Kind, codes: npt.NDArray[np.int64], levels: Sequence[str], *, unique: int, problems: tuple[str, ...] = ()
) -> Typed:
    """Store [N] positions in `levels`, -1 for missing."""
    categories: Any = pd.Index(levels, dtype=object)
    return Typed(kind, pd.Categorical.from_codes(codes, categories), unique, tuple(levels), problems)


def category(cells: TextCells, *, ordered: bool = False, problems: tuple[str, ...] = ()) -> Typed:
    """Store levels: in the order of the source where it declares one, else by falling frequency, ties by text."""
    counts = cell_counts(cells)
    used = np.flatnonzero(counts)
    if len(used) < 2:
        return constant(cells, problems)
    texts = cells.texts.take(used).to_pylist()
    by_frequency = sorted(range(len(used)), key=lambda position: (-counts[used[position]], texts[position]))
    order = np.arange(len(used)) if ordered else np.array(by_frequency)
    ranks = np.full(len(counts) + 1, -1, dtype=np.int64)
    ranks[used[order]] = np.arange(len(used))
    return levelled(
        Kind.ORDINAL if ordered else Kind.CATEGORY,
        ranks[cells.codes],
        [texts[position] for position in order],
        unique=len(used),
        problems=problems,
    )


def constant(cells: TextCells, problems: tuple[str, ...] = ()) -> Typed:
    """Store a column of one value, or of none."""
    stored = cells.to_objects()
    present = stored[~cells.missing]
    if not len(present):
        return Typed(Kind.CONSTANT, stored, 0, problems=("all cells are missing: left out of the model", *problems))
    n_missing = len(stored) - len(present)
    where = f"in all but {n_missing:,} missing cell(s)" if n_missing else "in every row"
    said = f"holds only {str(present[0])[:40]!r}, {where}: left out of the model"
    return Typed(Kind.CONSTANT, stored, 1, problems=(said, *problems))


def identifier(cells: TextCells, problems: tuple[str, ...] = ()) -> Typed:
    """Store a column that names the rows."""
    distinct, present = n_distinct(cells), len(cells) - int(cells.missing.sum())
    said = f"{distinct:,} distinct values in {present:,} cells look like an identifier: left out of the model"
    return Typed(Kind.IDENTIFIER, cells.to_objects(), distinct, problems=(said, *problems), repeats=distinct < present)


def personal(cells: TextCells, what: str, kind: Kind) -> Typed:
    """Store personal data, as text or an identifier: `what` says which."""
    said = f"{what}: personal data, left out of the model; its values are not shown"
    return Typed(kind, cells.to_objects(), n_distinct(cells), problems=(said,), personal=what)


def cell_counts(cells: TextCells) -> npt.NDArray[np.int64]:
    """[U]; how many cells hold each distinct text."""
    return np.bincount(cells.codes[cells.codes >= 0], minlength=len(cells.texts))


def n_distinct(cells: TextCells) -> int:
    """Count the distinct texts that some cell holds."""
    return int((cell_counts(cells) > 0).sum())
