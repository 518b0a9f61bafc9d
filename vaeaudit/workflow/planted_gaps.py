"""Gaps planted in copies of the audited rows, and whether the search for regions tells them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from vaeaudit.analysis.coverage.axes import is_searchable
from vaeaudit.analysis.coverage.latent_points import with_named_latents
from vaeaudit.analysis.coverage.regions import find_regions, regions_against_reference
from vaeaudit.analysis.coverage.results import Baseline, Region
from vaeaudit.analysis.grouping.rules import apply_rule, f1
from vaeaudit.analysis.inputs import AuditInputs, Reference
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.population_shares import Population
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.plantings import Planted
from vaeaudit.outputs.record import BoolArray, IntArray
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.samples.planting import DrawnRule, draw_rule

#: Share of a rule's rows that is deleted, and of all rows that the rule holds for.
DELETED = (0.9, 0.7, 0.5)
SIZES = ((0.02, 0.05), (0.05, 0.10))
#: Rows of either table that a copy has at most: a search of so many takes about a second.
MOST_ROWS = 5_000
#: Regions that a reader looks at first, and the least agreement at which one of them is the planted gap.
FIRST = 5
LEAST_F1 = 0.5


@dataclass(frozen=True)
class PlantedGaps:
    """Copies of the audited rows that gaps can be planted in.

    Attributes
    ----------
    inputs
        The rows; no more than `MOST_ROWS`, nor of the reference.
    config, population
        As the audit has them.
    known
        What the search finds in the copy as it is: rows [N] of each region.
    baseline
        Which regions count: those by the reference where there is one, else those by independence.
    """

    inputs: AuditInputs
    config: AnalysisConfig
    population: Population | None
    known: tuple[BoolArray, ...]
    baseline: Baseline

    @classmethod
    def of(cls, inputs: AuditInputs, config: AnalysisConfig, population: Population | None, seed: int) -> PlantedGaps:
        """Take the rows of an audit, or a sample of them."""
        rng = np.random.default_rng(seed)
        taken = of_rows(inputs, _sample(len(inputs.frame), rng))
        other = inputs.reference
        if other is not None:
            taken = replace(taken, reference=_reference_of_rows(other, _sample(len(other.frame), rng)))
        made = cls(taken, config, population, (), "independence" if other is None else "reference")
        return replace(made, known=made.regions(np.ones(len(taken.frame), dtype=bool)))

    def regions(self, kept: BoolArray) -> tuple[BoolArray, ...]:
        """Search the rows that are kept [N]; return by rank the rows [N] of each region, deleted ones included."""
        copy = of_rows(self.inputs, np.flatnonzero(kept))
        if self.baseline == "reference":
            found = regions_against_reference(copy, self.config, self.population)
        else:
            found = [
                region
                for region in find_regions(copy, self.config, self.population).regions
                if region.baseline == self.baseline
            ]
        return tuple(self._rows(region) for region in found)

    def _rows(self, region: Region) -> BoolArray:
        return apply_rule(region.rule, with_named_latents(self.inputs.frame, [region], self.inputs.codes))

    def draw(self, rng: np.random.Generator, size: tuple[float, float]) -> DrawnRule | None:
        """Draw a rule over two columns that no rule of the table ties and no region of the copy as it is tells."""
        inputs = self.inputs
        lacking = () if inputs.reference is None else inputs.reference.lacking
        names = [column.name for column in inputs.schema if is_searchable(column) and column.name not in lacking]

        def is_news(rule: DrawnRule) -> bool:
            return not inputs.rules.tied(*rule.columns) and rank_of(self.known, rule.rows) is None

        return draw_rule(inputs.frame, names, rng, size, is_news)

    def ranks(self, rule: DrawnRule, rng: np.random.Generator) -> Iterator[int | None]:
        """Yield for each share that is deleted the rank, from 1 on, of the region that tells the gap; None for none.

        The rows of the smaller gaps are among those of the larger ones.
        """
        drawn = rng.random(len(self.inputs.frame))
        for share in DELETED:
            yield rank_of(self.regions(~(rule.rows & (drawn < share))), rule.rows)


def plant_gaps(gaps: PlantedGaps, rules: int, seed: int, on_done: Callable[[int], None]) -> list[Planted]:
    """Delete most rows of random rules from copies of the data, and count the gaps that are told.

    Parameters
    ----------
    gaps
        The copies.
    rules
        How many rules of each size.
    seed
        Of rules and deletions.
    on_done
        Told how many rules are done.

    Returns
    -------
    list
        By size and share deleted; empty where the table has no such rule.
    """
    rng = np.random.default_rng(seed)
    found = []
    for place, size in enumerate(SIZES):
        ranks = []
        for done in range(rules):
            rule = gaps.draw(rng, size)
            if rule is None:
                break
            ranks.append(tuple(gaps.ranks(rule, rng)))
            on_done(place * rules + done + 1)
        found += [line for at, share in enumerate(DELETED) for line in _counted(gaps, size, share, ranks, at)]
    return found


def _counted(
    gaps: PlantedGaps, size: tuple[float, float], share: float, ranks: Sequence[tuple[int | None, ...]], at: int
) -> Iterator[Planted]:
    if not ranks:
        return
    reached = [rank for found in ranks if (rank := found[at]) is not None]
    yield Planted("gap", gaps.baseline, share, size, "first five", len(ranks), sum(rank <= FIRST for rank in reached))
    yield Planted("gap", gaps.baseline, share, size, "listed", len(ranks), len(reached))


def rank_of(regions: Sequence[BoolArray], planted: BoolArray) -> int | None:
    """Return the rank, from 1 on, of the first region that is the planted gap, by F1 of their rows; None for none."""
    for rank, rows in enumerate(regions, start=1):
        if f1(rows, planted) >= LEAST_F1:
            return rank
    return None


# --- some of the rows -------------------------------------------------------------------------------------------------


def of_rows(inputs: AuditInputs, rows: IntArray) -> AuditInputs:
    """Return what an audit starts from for some of its rows, as far as regions and reasons are found from it.

    Parameters
    ----------
    inputs
        Of all rows.
    rows
        [M]; positions of those to take.
    """
    means = inputs.member_means
    return replace(
        inputs,
        frame=inputs.frame.iloc[rows].reset_index(drop=True),
        row_ids=inputs.row_ids[rows],
        codes=codes_of_rows(inputs.codes, rows),
        scores=scores_of_rows(inputs.scores, rows),
        member_means=None if means is None else means[:, rows],
        rules=replace(inputs.rules, rules=tuple(replace(rule, exception_rows=()) for rule in inputs.rules.rules)),
        pairs=None,
        aspects=None,
        label_doubts=None,
        cells=None,
    )


def codes_of_rows(codes: LatentCodes, rows: IntArray) -> LatentCodes:
    """Return the codes of some rows."""
    return replace(codes, **_of_rows(codes, rows))


def scores_of_rows(scores: RowScores, rows: IntArray) -> RowScores:
    """Return the scores of some rows, with their flags as they are."""
    return replace(scores, **_of_rows(scores, rows))


def _of_rows(record: LatentCodes | RowScores, rows: IntArray) -> dict[str, Any]:
    """Return the arrays of a record, each of which has one entry per row, for some rows."""
    values = {entry.name: getattr(record, entry.name) for entry in fields(record)}
    return {name: value[rows] for name, value in values.items() if isinstance(value, np.ndarray)}


def _reference_of_rows(other: Reference, rows: IntArray) -> Reference:
    return replace(
        other,
        frame=other.frame.iloc[rows].reset_index(drop=True),
        codes=codes_of_rows(other.codes, rows),
        outlier=other.outlier[rows],
    )


def _sample(n_rows: int, rng: np.random.Generator) -> IntArray:
    return np.sort(rng.permutation(n_rows)[:MOST_ROWS])
