"""The smallest gap that is printed is told about four times in five when it is planted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.power.groups import POWER, by_population, smallest_gaps
from vaeaudit.analysis.representation.representation import assess_representation
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.population_shares import Population, PopulationColumn
from vaeaudit.data.schema.columns import Column, Kind, Role, Schema

CONFIG = AnalysisConfig()
SHARES = {"a": 0.1, "b": 0.3, "c": 0.6}


def of_population() -> Population:
    column = PopulationColumn("sex", levels=tuple(SHARES))
    return Population("census", (column,), tuple(SHARES.values()))


@pytest.mark.parametrize("n_rows", [400, 2_000])
def test_a_gap_of_the_size_that_is_printed_is_told_four_times_in_five(n_rows: int) -> None:
    missing = by_population(SHARES["b"], n_rows, CONFIG.fdr / 3, CONFIG)
    assert missing is not None
    schema = Schema((Column("sex", Kind.CATEGORY, Role.SENSITIVE, in_model=False, levels=tuple(SHARES)),))
    rng = np.random.default_rng(0)

    def told(share: float) -> float:
        weights = np.array([SHARES["a"], SHARES["b"] * (1 - share), SHARES["c"]])
        hits = 0
        for _ in range(300):
            codes = rng.choice(3, n_rows, p=weights / weights.sum())
            frame = pd.DataFrame({"sex": pd.Categorical.from_codes(codes, list(SHARES))})
            cells = assess_representation(frame, schema, CONFIG, of_population()).cells
            hits += next(cell for cell in cells if cell.group == ("b",)).status == "under"
        return hits / 300

    assert told(missing) >= POWER - 0.07
    assert told(missing - 0.05) < POWER + 0.02


def test_in_few_rows_not_even_the_absence_of_a_small_group_is_told() -> None:
    assert by_population(0.01, 50, CONFIG.fdr, CONFIG) is None
    assert by_population(0.0, 50, CONFIG.fdr, CONFIG) is None


def test_more_rows_let_smaller_gaps_be_told() -> None:
    found = [by_population(0.2, n_rows, CONFIG.fdr, CONFIG) for n_rows in (200, 1_000, 10_000)]
    assert found == sorted(found, reverse=True)


def test_without_anything_to_compare_with_no_gap_can_be_told(people: Any) -> None:
    cells = assess_representation(people.frame, people.schema, CONFIG).cells
    gaps = smallest_gaps(replace(people, reference=None), CONFIG, cells, 500)
    assert gaps
    assert {(gap.baseline, gap.expected, gap.missing) for gap in gaps} == {(None, None, None)}
