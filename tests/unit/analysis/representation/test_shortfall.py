"""A shortfall is told once, where it lies: in a group, or in the combination that makes its group short."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.representation.representation import assess_representation
from vaeaudit.analysis.representation.shortfall import Shortfalls, group_of, told_once
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.population_shares import Population, PopulationColumn
from vaeaudit.data.schema.columns import Column, Kind, Role, Schema

SEXES, AGES = ("female", "male"), ("old", "young")
CONFIG = AnalysisConfig()


def told(counts: dict[tuple[str, str], int]) -> Shortfalls:
    """What is told of so many people, of whom the population has as many of each kind."""
    rows = [key for key, held in counts.items() for _ in range(held)]
    frame = pd.DataFrame(
        {name: pd.Categorical([row[place] for row in rows], levels)
         for place, (name, levels) in enumerate((("sex", SEXES), ("age", AGES)))}
    )  # fmt: skip
    levels = {"sex": SEXES, "age": AGES}
    columns = tuple(
        Column(name, Kind.CATEGORY, role=Role.SENSITIVE, in_model=False, levels=held) for name, held in levels.items()
    )
    shares = Population("census", tuple(PopulationColumn(n, levels=held) for n, held in levels.items()), (0.25,) * 4)
    cells = assess_representation(frame, Schema(columns), CONFIG, shares).cells
    assert np.isclose(sum(cell.share for cell in cells if cell.attributes == ("sex", "age")), 1)
    return told_once(cells, CONFIG.min_ratio)


def named(cells: tuple) -> list[dict[str, str]]:
    return [group_of(cell) for cell in cells]


def test_a_group_that_lacks_one_combination_is_told_by_it_and_named_with_it() -> None:
    found = told({("female", "old"): 20, ("female", "young"): 500, ("male", "old"): 500, ("male", "young"): 500})
    assert named(found.groups) == []
    assert named(found.combinations) == [{"sex": "female", "age": "old"}]
    (explained,) = found.explained.values()
    assert {tuple(group_of(cell).values()) for cell in explained} == {("female",), ("old",)}


def test_combinations_of_a_group_that_is_short_everywhere_are_not_told_again() -> None:
    found = told({("female", "old"): 150, ("female", "young"): 150, ("male", "old"): 500, ("male", "young"): 500})
    assert named(found.groups) == [{"sex": "female"}]
    assert named(found.combinations) == []


def test_a_combination_that_is_surely_shorter_than_its_short_group_is_a_gap_of_its_own() -> None:
    found = told({("female", "old"): 10, ("female", "young"): 250, ("male", "old"): 500, ("male", "young"): 500})
    assert {"sex": "female"} in named(found.groups)
    assert {"sex": "female", "age": "old"} in named(found.combinations)


def test_nothing_short_is_nothing_told() -> None:
    found = told(dict.fromkeys([(sex, age) for sex in SEXES for age in AGES], 250))
    assert (found.groups, found.combinations, dict(found.explained)) == ((), (), {})


@pytest.mark.parametrize("held", [0, 1])
def test_an_empty_combination_is_told_like_any_other(held: int) -> None:
    counts = {("female", "old"): held, ("female", "young"): 400, ("male", "old"): 400, ("male", "young"): 400}
    assert named(told(counts).combinations) == [{"sex": "female", "age": "old"}]
