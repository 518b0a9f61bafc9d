"""Cleaning harm: whom the usual cleaning would remove, step by step and all steps together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from vaeaudit.analysis.fairness.group_rates import (
    MOST_COMBINATIONS,
    MOST_SETS,
    GroupRate,
    against_others,
)
from vaeaudit.analysis.fairness.rates import RateComparison, compare_rates
from vaeaudit.analysis.grouping.groups import Grouping, GroupProduct, product, product_size
from vaeaudit.analysis.representation.representation import attribute_sets
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Role, Schema
from vaeaudit.outputs.record import BoolArray
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.outputs.table_rules import NO_RULES, TableRules
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.statistics.measures import Count, Share, finite
from vaeaudit.statistics.multiplicity import adjusted_where_tested
from vaeaudit.wording import numbers, phrases

#: Columns that lack this share of their cells or more are dropped as columns: nobody deletes most rows for them.
MOSTLY_MISSING = 0.5

#: What cleaning deletes; `all` is every row that any of the steps deletes, counted once.
Step = Literal["outliers", "incomplete rows", "copies", "doubted labels", "all"]


@dataclass(frozen=True)
class Removal:
    """What one step of cleaning deletes.

    Attributes
    ----------
    step, statement
        Which, and in words what is deleted.
    rows
        [N]; the rows that go.
    """

    step: Step
    statement: str
    rows: BoolArray


@dataclass(frozen=True)
class CleaningStep:
    """One step: in words what it deletes, and how many of the n rows these are."""

    step: Step
    statement: str
    removed: Count
    n: Count


@dataclass(frozen=True)
class StepLoss(GroupRate):
    """What one step takes from a group; the rows that are hit are those that go."""

    step: Step


@dataclass(frozen=True)
class GroupLosses:
    """What cleaning takes from the `n` rows of a group, or of a combination of groups.

    Attributes
    ----------
    attributes, group, rule
        Its columns and levels, and the conditions that pick its rows.
    share_before, share_after
        Its share of all rows, and of those that are left by all steps together; None where none is left.
    losses
        By step, `all` last; steps that delete no row are left out. Of a combination only the worst step and `all`.
    """

    attributes: tuple[str, ...]
    group: tuple[str, ...]
    rule: tuple[Condition, ...]
    n: Count
    share_before: Share
    share_after: Share | None
    losses: tuple[StepLoss, ...]

    @property
    def together(self) -> StepLoss:
        """By all steps."""
        return self.losses[-1]

    @property
    def worst_step(self) -> StepLoss:
        """By the single step that takes most from this group beyond what it takes from others."""
        return max(self.losses[:-1], key=lambda loss: (loss.difference or 0.0, loss.rate))


@dataclass(frozen=True)
class Cleaning:
    """Whom the usual cleaning would remove.

    Attributes
    ----------
    steps
        What is deleted; those that could not be asked are left out.
    groups, combinations
        Every group of one sensitive attribute, and the combinations of two or three that hold rows; empty where no step
        deletes a row.
    """

    steps: tuple[CleaningStep, ...]
    groups: tuple[GroupLosses, ...]
    combinations: tuple[GroupLosses, ...]

    @property
    def removed(self) -> int:
        """Rows that any of the steps deletes."""
        return self.steps[-1].removed if self.steps else 0

    @property
    def beyond_their_groups(self) -> tuple[GroupLosses, ...]:
        """Combinations that lose more than all others, and surely more than each larger group that they are part of.

        Surely: with the whole interval, at a level raised by Bonferroni's correction over all that were judged, since a
        combination of a group that is hit is no worse off for being asked about.
        """
        known = {(each.attributes, each.group): each.together.rate for each in (*self.groups, *self.combinations)}
        judged = sum(each.together.p_adjusted is not None for each in self.combinations)
        hit = [each for each in self.combinations if each.together.status == "harder"]
        return tuple(
            each
            for each in hit
            if _low_of_many(each.together, judged) > max(known.get(part, 0.0) for part in _parts(each))
        )


NOTHING_CLEANED = Cleaning((), (), ())


def measure_cleaning(
    groupings: Sequence[Grouping], removals: Sequence[Removal], config: AnalysisConfig, rules: TableRules = NO_RULES
) -> Cleaning:
    """Compare what each step of cleaning, and all together, takes from every group with what it takes from all others.

    What such cleaning does to the fairness of models is measured by Guha, Khan, Stoyanovich and Schelter (2023, ICDE).
    Shares are compared by Fisher's exact test, adjusted by Holm within a set of attributes and a step, and by
    Benjamini-Hochberg across these; a group loses more where also the whole interval of the ratio lies beyond the
    tolerance (`GroupRate.status`).

    Parameters
    ----------
    groupings
        The sensitive attributes, over the same N rows. Sets of two or three are crossed, unless a rule ties them.
    removals
        The steps; none of them is `all`.
    config
        Gives `confidence`, `fdr`, the tolerance and the smallest group that is judged.
    rules
        What holds by construction.
    """
    if not groupings or not removals:
        return NOTHING_CLEANED
    gone = np.any([removal.rows for removal in removals], axis=0)
    steps = [*removals, Removal("all", "what any of the steps deletes, each row counted once", gone)]
    summed = tuple(CleaningStep(each.step, each.statement, int(each.rows.sum()), len(gone)) for each in steps)
    deleting = {each.step: each.rows for each in steps if each.rows.any()}
    if not deleting:
        return Cleaning(summed, (), ())
    crossed = [product(chosen) for chosen in _chosen(groupings, rules)]
    found = [entry for entries in _compared(crossed, deleting, config) for entry in entries]
    return Cleaning(
        summed,
        tuple(entry for entry in found if len(entry.attributes) == 1),
        tuple(
            replace(entry, losses=(entry.worst_step, entry.together))
            for entry in found
            if len(entry.attributes) > 1 and entry.n
        ),
    )


def missing_cells(frame: pd.DataFrame, schema: Schema) -> tuple[pd.DataFrame, list[str]]:
    """Return which cells are missing, and the names of the columns left out since most of their cells are.

    Looked at are the columns of the model and the label. Sensitive columns are not: that the group of rows without a
    value lacks a cell would be true by construction.

    Parameters
    ----------
    frame, schema
        [N, C] rows and their columns.
    """
    names = [column.name for column in schema if column.in_model and column.role is not Role.SENSITIVE]
    if schema.label is not None and schema.label.name not in names:
        names.append(schema.label.name)
    missing = frame[names].isna()
    dropped = missing.columns[missing.mean() >= MOSTLY_MISSING].tolist()
    return missing.drop(columns=dropped), dropped


def incomplete_rows(frame: pd.DataFrame, schema: Schema) -> Removal:
    """Return the rows that lack any of their `missing_cells`."""
    missing, dropped = missing_cells(frame, schema)
    columns = phrases.plural(missing.shape[1], "column")
    statement = f"rows with a missing cell in any of {columns}" if missing.shape[1] else "there are no cells to lack"
    if dropped:
        have, are = ("lacks", "is") if len(dropped) == 1 else ("lack", "are")
        statement += (
            f" ({phrases.listed(dropped)}, which {have} {numbers.rate(MOSTLY_MISSING)} of the cells or more, {are} "
            "dropped instead)"
        )
    return Removal("incomplete rows", statement, missing.any(axis=1).to_numpy(bool))


def _chosen(groupings: Sequence[Grouping], rules: TableRules) -> Iterator[tuple[Grouping, ...]]:
    """Yield each grouping, and the sets of two or three that are crossed."""
    yield from ((grouping,) for grouping in groupings)
    crossed = [
        chosen
        for chosen in attribute_sets(groupings, fewest=2)
        if product_size(chosen) <= MOST_COMBINATIONS and not rules.any_tied(grouping.column for grouping in chosen)
    ]
    yield from crossed[:MOST_SETS]


def _compared(
    crossed: Sequence[GroupProduct], deleting: Mapping[Step, BoolArray], config: AnalysisConfig
) -> Iterator[list[GroupLosses]]:
    """Yield the losses of the cells of each set, the p-values adjusted over all of them."""
    tests = [(cells, step) for cells in crossed for step in deleting]
    compared = [compare_rates(cells.codes, deleting[step], len(cells), config) for cells, step in tests]
    family = np.repeat(np.arange(len(tests)), [len(cells) for cells, _ in tests])
    p = adjusted_where_tested(np.concatenate([each.p for each in compared]), family)
    kept = ~deleting["all"]
    for place, cells in enumerate(crossed):
        first = place * len(deleting)
        own = range(first, first + len(deleting))
        by_step = [_losses(tests[test][1], compared[test], p[family == test], config) for test in own]
        after = np.bincount(cells.codes[kept], minlength=len(cells)) / max(kept.sum(), 1)
        yield [
            GroupLosses(
                attributes=cells.attributes,
                group=cells.labels[cell],
                rule=cells.rules[cell],
                n=int(n),
                share_before=float(n) / len(kept),
                share_after=finite(after[cell]) if kept.any() else None,
                losses=tuple(losses[cell] for losses in by_step),
            )
            for cell, n in enumerate(cells.counts)
        ]


def _losses(step: Step, compared: RateComparison, p: np.ndarray, config: AnalysisConfig) -> list[StepLoss]:
    return [StepLoss(**vars(rate), step=step) for rate in against_others(compared, p, config)]


def _low_of_many(loss: StepLoss, judged: int) -> float:
    """Return the lower end of the interval of a rate that holds with those of so many others."""
    return share_interval(loss.hits, loss.n, 1 - (1 - loss.ci.level) / judged).low or 0.0


def _parts(losses: GroupLosses) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the larger groups that a combination is part of, as attributes and groups."""
    pairs = list(zip(losses.attributes, losses.group, strict=True))
    subsets = [subset for subset in attribute_sets(pairs) if len(subset) < len(pairs)]
    return [(tuple(name for name, _ in subset), tuple(group for _, group in subset)) for subset in subsets]
