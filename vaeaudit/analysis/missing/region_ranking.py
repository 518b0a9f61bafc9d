"""One ranking of the shortages of all baselines, in which no gap is told twice."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from vaeaudit.analysis.missing.baselines import BaselineSearch, Shortage
from vaeaudit.analysis.missing.latent_columns import computed_columns
from vaeaudit.analysis.missing.region_axes import is_asked_about
from vaeaudit.analysis.results.coverage import Baseline
from vaeaudit.analysis.rules import apply_rule, same_conditions
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema import Schema

#: Stated expectations come before the question whether columns go together, and that before a wish.
_ORDER = ("reference", "population", "independence", "uniform")

#: Of the regions listed, one in so many is kept for an even spread where it was asked for: columns that go together
#: would fill the list otherwise.
_PART_OF_UNIFORM = 4


def ranked_shortages(
    searches: Sequence[BaselineSearch],
    frame: pd.DataFrame,
    schema: Schema,
    latents: Collection[str],
    config: AnalysisConfig,
) -> list[tuple[Baseline, Shortage]]:
    """Return baselines and their shortages by rank, at most `max_regions`.

    Empty combinations of declared columns lead; then the order is that of the baselines, of rules over a person's
    columns before rules over what is computed from pictures and over latents (against independence), and of
    `Shortage.rank`. A quarter of the list is kept for an even spread where that was asked for. Left out is what a
    baseline ahead tells already, condition by condition, and what is short only because its rows were set aside as
    outliers.

    Parameters
    ----------
    searches
        What was found against each baseline.
    frame, schema
        [N]; all rows, outliers and latents included, and their columns.
    latents
        Which columns are latents.
    config
        Gives `min_ratio` and `max_regions`.
    """
    declared = {column.name for column in schema if is_asked_about(column)}
    unnamed = computed_columns(schema) | set(latents)

    def rank(entry: tuple[Baseline, Shortage]) -> tuple[float, ...]:
        baseline, shortage = entry
        named = {condition.column for condition in shortage.rule}
        empty = shortage.observed == 0 and len(named) > 1 and named <= declared
        told = (len(named & unnamed), len(named & set(latents))) if baseline == "independence" else (0, 0)
        return (not empty, _ORDER.index(baseline), *told, *shortage.rank)

    found = [(search.baseline, shortage) for search in searches for shortage in search.shortages]
    listed: list[tuple[Baseline, Shortage]] = []
    wished = sum(baseline == "uniform" for baseline, _ in found)
    others = config.max_regions - min(wished, config.max_regions // _PART_OF_UNIFORM)
    for baseline, shortage in sorted(found, key=rank):
        if len(listed) >= (config.max_regions if baseline == "uniform" else others):
            continue
        filled = apply_rule(shortage.rule, frame).sum() >= config.min_ratio * shortage.expected
        told = any(other != baseline and same_conditions(shortage.rule, better.rule, frame) for other, better in listed)
        if not (filled or told):
            listed.append((baseline, shortage))
    return listed
