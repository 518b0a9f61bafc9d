"""Wrong cells planted in copies of the audited rows, and whether the fitted model tells the rows and the cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.outliers.reasons import describe_reasons
from vaeaudit.data.dataset import Dataset, RowAccounting
from vaeaudit.data.reading.load_like import OtherData
from vaeaudit.outputs.plantings import Found, Planted
from vaeaudit.outputs.record import BoolArray, IntArray
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.samples.planting import BrokenRows, plant_errors
from vaeaudit.statistics.multiplicity import benjamini_hochberg
from vaeaudit.workflow.planted_gaps import of_rows

if TYPE_CHECKING:
    from vaeaudit.workflow.trained.base import Trained

#: Share of the rows of a copy that are broken, and the rows that a copy has at most.
BROKEN = 0.01
MOST_ROWS = 20_000
#: Broken rows in all, in as many copies as that takes.
PLANTED = 400


@dataclass(frozen=True)
class Verdicts:
    """What an audit says of M broken rows; each array is [M].

    Attributes
    ----------
    first
        The row is among as many of the highest scores as rows are broken.
    cell_named
        A guilty cell is the first reason of the row.
    """

    first: BoolArray
    cell_named: BoolArray


def plant_rows(trained: Trained[Any, Any], dataset: Dataset, inputs: AuditInputs, seed: int) -> list[Planted]:
    """Plant a wrong cell in one row of a hundred of copies of a table, and count what the fitted model tells of them.

    Only the broken rows are scored again: all others have the scores that they have.

    Parameters
    ----------
    trained
        The model, fitted to the rows as they are.
    dataset, inputs
        The table; what is known of its rows.
    seed
        Of rows, cells and errors.

    Returns
    -------
    list
        By kind of error; empty where no column can hold one.
    """
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(dataset))[:PLANTED]
    broken = plant_errors(dataset.frame, planted_columns(inputs), rows, rng)
    if not len(broken):
        return []
    kinds, said = np.array(broken.kinds), _judged(trained, dataset, inputs, broken, rng)
    return [line for kind in dict.fromkeys(broken.kinds) for line in counted(kind, kinds == kind, said)]


def planted_columns(inputs: AuditInputs) -> list[str]:
    """Return the names of the columns that the model reads, but for those that were computed."""
    return [name for name in inputs.codes.columns if not inputs.schema[name].derived]


def counted(kind: str, of_kind: BoolArray, said: Verdicts) -> Iterator[Planted]:
    """Count the broken rows of one kind by what is said of them.

    Parameters
    ----------
    kind, of_kind
        Which error, and which of the M rows [M] have it.
    said
        Of all M rows.
    """
    found = of_kind & said.first
    ways: tuple[tuple[Found, BoolArray, BoolArray], ...] = (
        ("first", of_kind, said.first),
        ("cell named", found, said.cell_named),
    )
    for way, planted, told in ways:
        yield Planted("broken row", kind, BROKEN, (), way, int(planted.sum()), int((planted & told).sum()))


@dataclass(frozen=True)
class _Copy:
    """A copy: places among the M broken rows of those in it, and positions of the rows that are as they were."""

    broken: IntArray
    sound: IntArray


def _copies(n_rows: int, broken: BrokenRows, rng: np.random.Generator) -> Iterator[_Copy]:
    """Spread the broken rows over as many copies as it takes."""
    per_copy = max(1, round(BROKEN * min(n_rows, MOST_ROWS)))
    for start in range(0, len(broken), per_copy):
        places = np.arange(start, min(start + per_copy, len(broken)))
        sample = rng.permutation(n_rows)[:MOST_ROWS]
        yield _Copy(places, np.setdiff1d(sample, broken.source[places]))


def _judged(
    trained: Trained[Any, Any], dataset: Dataset, inputs: AuditInputs, broken: BrokenRows, rng: np.random.Generator
) -> Verdicts:
    """Score the broken rows, and say what a report of each copy would say of them."""
    copies = list(_copies(len(dataset), broken, rng))
    other = _as_other(dataset, broken)
    codes = trained.codes(other, lambda done: None)
    scores = trained.row_scores(codes)
    flagged, first = (np.zeros(len(broken), dtype=bool) for _ in range(2))
    for copy in copies:
        flagged[copy.broken], first[copy.broken] = _rows_told(copy, scores, inputs.scores)
    scores = replace(scores, outlier=flagged)
    cells = trained.cells(other.as_met, codes, scores)
    planted = replace(of_rows(inputs, broken.source), frame=other.as_met, codes=codes, scores=scores, cells=cells)
    reasons = describe_reasons(planted, np.arange(len(broken)))
    named = [bool(found) and found[0].column in names for found, names in zip(reasons, broken.guilty, strict=True)]
    return Verdicts(first, np.array(named, bool))


def _rows_told(copy: _Copy, scores: RowScores, sound: RowScores) -> tuple[BoolArray, BoolArray]:
    """Return which broken rows of a copy are flagged, and which come first, as a page ranks them."""
    p_value = np.concatenate([scores.p_value[copy.broken], sound.p_value[copy.sound]])
    score = np.concatenate([scores.outlier_score[copy.broken], sound.outlier_score[copy.sound]])
    flagged, n_broken = benjamini_hochberg(p_value) <= sound.fdr, len(copy.broken)
    first = np.lexsort((-score, ~flagged))[:n_broken]
    return flagged[:n_broken], np.isin(np.arange(n_broken), first)


def _as_other(dataset: Dataset, broken: BrokenRows) -> OtherData:
    """Return the broken rows as data that the run has not seen."""
    rows = len(broken)
    read = replace(
        dataset, frame=broken.frame, row_ids=dataset.row_ids[broken.source], accounting=RowAccounting(rows, rows, 0, 0)
    )
    return OtherData(read, broken.frame)
