"""Slices of the table where a prediction errs most: searched on one half of the rows, tested on the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from vaeaudit.analysis.fairness.predicted import Predicted
from vaeaudit.analysis.fairness.rates import compare_rates
from vaeaudit.analysis.grouping.groups import Grouping, group_column
from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Role
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.cross_fit import random_half
from vaeaudit.statistics.intervals import wilson
from vaeaudit.statistics.measures import Count, Interval, Share
from vaeaudit.statistics.multiplicity import benjamini_hochberg
from vaeaudit.statistics.weighted import GroupSums

#: Slices that are listed, and that are tested after the search.
MOST_SLICES, MOST_TESTED = 5, 20
#: Columns whose pairs are searched: those along which errors differ most.
MOST_COLUMNS = 20
#: A column says the label or the prediction in other words where telling it by the column errs at most so many times
#: as often as always saying the most frequent value.
SAME_ERRORS = 0.25
#: A column of more groups is not searched.
MAX_GROUPS = 200
#: Candidates that are compared with one another before they are tested, by rank.
_MOST_CANDIDATES = 300
#: Confidence of the lower bound by which candidates are ranked: high, since thousands are looked at.
_SEARCH_LEVEL = 0.999
#: A slice of which others hold this much says nothing new unless the rest of it errs, too.
_MOSTLY = 0.5


@dataclass(frozen=True)
class ErrorSlice:
    """Rows on which a prediction errs more often than on all others.

    Attributes
    ----------
    rule, rows
        Conditions that pick it, and how many rows of the whole table satisfy them.
    n, error_rate, ci
        Of these, the rows with label and prediction that took no part in the search, and how often it errs on them.
    others
        How often it errs on all other rows that took no part.
    p_adjusted
        Of equal rates.
    """

    rule: tuple[Condition, ...]
    rows: Count
    n: Count
    error_rate: Share
    ci: Interval
    others: Share
    p_adjusted: Share


@dataclass(frozen=True)
class ErrorSlices:
    """What a search for slices found.

    Attributes
    ----------
    columns, without
        Columns that were looked at, and those left out since they say the label or the prediction in other words.
    searched, tested
        Slices of one or two conditions, and those of them that were tested.
    n_search, n_test
        Rows of the two halves.
    slices
        The highest error rates first.
    """

    columns: Count
    without: tuple[str, ...]
    searched: Count
    tested: Count
    n_search: Count
    n_test: Count
    slices: tuple[ErrorSlice, ...]


@dataclass(frozen=True)
class _Candidate:
    """A slice: the lower bound of its error rate, and what picks it as positions of columns and of their groups."""

    low: float
    parts: tuple[tuple[int, int], ...]


def find_error_slices(
    inputs: AuditInputs, told: Predicted, config: AnalysisConfig, seed: int, together: IntArray
) -> ErrorSlices | None:
    """Find the slices of one or two conditions on which a prediction surely errs most; None where nothing is predicted.

    On one random half of the rows slices are ranked by the lower bound of their error rate; those that others hold are
    dropped unless what is left of them errs as well, and so are pairs of conditions that err no more than each alone.
    The first `MOST_TESTED` are tested on the other half, adjusted by Benjamini-Hochberg. Slices of this kind: Chung and
    others (2019, Slice Finder), who search and test on the same rows.

    Parameters
    ----------
    inputs
        N rows; slices are sought along the columns of the model and the sensitive ones, grouped as everywhere, but for
        those that are the label or the prediction in other words: where these two differ is what an error is.
    told
        M rows that have a label and a prediction.
    config
        Gives the smallest slice (in each half), the false-discovery rate, and the confidence of the intervals.
    seed, together
        Of the halves; [N] rows that belong together fall into the same one.
    """
    if told.classes is None:
        return None
    wrong, weight = told.classes[0] != told.classes[1], None if inputs.weight is None else inputs.weight[told.rows]
    search = random_half(len(told.rows), np.random.default_rng(seed), together[told.rows])
    grouped = [replace(column, codes=column.codes[told.rows]) for column in _columns(inputs)]
    columns = [column for column in grouped if not any(_tells(column.codes, target) for target in told.classes)]
    halves = [
        ([_of(column, half) for column in columns], wrong[half], _some(weight, half)) for half in (search, ~search)
    ]
    searched, candidates = _search(*halves[0], config)
    chosen = _distinct(candidates, *halves[0])
    slices = [
        replace(each, rows=int(apply_rule(each.rule, inputs.frame).sum()))
        for each in _tested(chosen, *halves[1], config)
    ]
    return ErrorSlices(
        columns=len(columns),
        without=tuple(column.column for column in grouped if not any(column is kept for kept in columns)),
        searched=searched,
        tested=len(chosen),
        n_search=int(search.sum()),
        n_test=int((~search).sum()),
        slices=tuple(sorted(slices, key=lambda each: -each.error_rate)[:MOST_SLICES]),
    )


def _tells(codes: IntArray, target: IntArray) -> bool:
    """Whether groups tell a class [M] so well that the column says the same in other words."""
    if len(codes) == 0:
        return False
    counts = np.zeros((codes.max() + 1, target.max() + 1), dtype=np.int64)
    np.add.at(counts, (codes, target), 1)
    missed, always = counts.sum() - counts.max(axis=1).sum(), counts.sum() - counts.sum(axis=0).max()
    return bool(always and missed <= SAME_ERRORS * always)


def _of(column: Grouping, rows: BoolArray) -> Grouping:
    return replace(column, codes=column.codes[rows])


def _some(weight: FloatArray | None, rows: BoolArray) -> FloatArray | None:
    return None if weight is None else weight[rows]


def _columns(inputs: AuditInputs) -> list[Grouping]:
    frame = inputs.frame
    grouped = [
        group_column(frame[column.name], column)
        for column in inputs.schema
        if column.kind.can_be_modelled and (column.in_model or column.role is Role.SENSITIVE)
    ]
    return [each for each in grouped if np.count_nonzero(each.counts) > 1 and len(each) <= MAX_GROUPS]


def _search(
    columns: Sequence[Grouping], wrong: BoolArray, weight: FloatArray | None, config: AnalysisConfig
) -> tuple[int, list[_Candidate]]:
    """Return how many slices there are, and those that err more than all rows do, and than each part, best first."""
    alone = [GroupSums.of(column.codes, wrong, len(column), weight) for column in columns]
    (overall,) = GroupSums.of(np.zeros(len(wrong), int), wrong, 1, weight).share
    searched, found = 0, []
    for place, sums in enumerate(alone):
        searched += int((sums.n > 0).sum())
        found += [_Candidate(low, ((place, group),)) for low, (group,) in _above(sums, overall, config)]
    told = sorted(range(len(columns)), key=lambda place: -_spread(alone[place], overall))[:MOST_COLUMNS]
    for one, other in combinations(sorted(told), 2):
        first, second = columns[one], columns[other]
        cells = first.codes * len(second) + second.codes
        sums = GroupSums.of(cells, wrong, (len(first), len(second)), weight)
        searched += int((sums.n > 0).sum())
        parts = np.maximum(alone[one].share[:, None], alone[other].share[None, :])
        above = _above(sums, np.maximum(parts, overall), config)
        found += [_Candidate(low, ((one, cell[0]), (other, cell[1]))) for low, cell in above]
    return searched, sorted(found, key=lambda each: -each.low)[:_MOST_CANDIDATES]


def _above(
    sums: GroupSums, limit: float | FloatArray, config: AnalysisConfig
) -> Iterator[tuple[float, tuple[int, ...]]]:
    """Yield lower bound and place of each cell that surely errs more than `limit`."""
    low, _ = wilson(sums.count, sums.n, _SEARCH_LEVEL)
    for cell in np.argwhere((sums.n >= config.smallest_group) & (low > limit)).tolist():
        yield float(low[tuple(cell)]), tuple(cell)


def _spread(sums: GroupSums, overall: float) -> float:
    """By how much the error rates of groups differ, as a chi-square."""
    return float((sums.n * (sums.share - overall) ** 2).sum())


def _inside(candidate: _Candidate, columns: Sequence[Grouping]) -> BoolArray:
    masks = [columns[place].codes == group for place, group in candidate.parts]
    return np.asarray(np.logical_and.reduce(masks))


def _distinct(
    candidates: Sequence[_Candidate], columns: Sequence[Grouping], wrong: BoolArray, weight: FloatArray | None
) -> list[_Candidate]:
    """Keep candidates, best first, that err surely more than all rows also where no better one holds them."""
    chosen: list[_Candidate] = []
    held, (overall,) = np.zeros(len(wrong), dtype=bool), GroupSums.of(np.zeros(len(wrong), int), wrong, 1, weight).share
    for candidate in candidates:
        inside = _inside(candidate, columns)
        new = GroupSums.of(np.where(inside, held, -1), wrong, 2, weight)  # what is not held yet comes first
        low, _ = wilson(new.count, new.n, _SEARCH_LEVEL)
        if new.weight[0] > _MOSTLY * new.weight.sum() and low[0] > overall:
            chosen.append(candidate)
            held |= inside
        if len(chosen) == MOST_TESTED:
            break
    return chosen


def _tested(
    chosen: Sequence[_Candidate],
    columns: Sequence[Grouping],
    wrong: BoolArray,
    weight: FloatArray | None,
    config: AnalysisConfig,
) -> list[ErrorSlice]:
    """Test slices on rows that they were not found in; keep those that surely err more than all others."""
    compared = [
        compare_rates(np.where(_inside(candidate, columns), 0, 1), wrong, 2, config, weight) for candidate in chosen
    ]
    p = benjamini_hochberg(np.array([np.nan_to_num(each.p[0], nan=1.0) for each in compared]))
    return [
        ErrorSlice(
            rule=tuple(columns[place].conditions[group] for place, group in candidate.parts),
            rows=0,
            n=int(rates.n[0]),
            error_rate=float(rates.rate[0]),
            ci=Interval(float(rates.low[0]), float(rates.high[0]), config.confidence),
            others=float(rates.rate[1]),
            p_adjusted=float(adjusted),
        )
        for candidate, rates, adjusted in zip(chosen, compared, p, strict=True)
        if adjusted < config.fdr and rates.difference[0] > 0
    ]
