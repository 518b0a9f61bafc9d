from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from vaeaudit.analysis.coverage.axes import search_axes
from vaeaudit.analysis.coverage.crossed_columns import ExpectedCounts, crossings, pair_tables
from vaeaudit.analysis.coverage.results import GAP
from vaeaudit.analysis.coverage.search import find_shortfalls, pruned
from vaeaudit.analysis.coverage.shortages import MAX_MERGED_LEVELS
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind

CONFIG = AnalysisConfig()
CITIES = tuple("abcdefghij")


@pytest.fixture
def searched(build):
    """Search all pairs of the given columns; the short cells of the first pair's columns, as sets of labels."""

    def run(columns, config=CONFIG):
        rows = len(next(iter(columns.values()))[0])
        inputs = build(columns, np.zeros((rows, 1)))
        axes, _ = search_axes(inputs.frame, inputs.schema)
        tables = pair_tables(axes)
        found, tested = find_shortfalls(
            [ExpectedCounts.testable(pair, tables[pair.axes]) for pair in crossings(axes, 2)], axes, config
        )
        return axes, tables, found, tested

    return run


def cities_without_women(missing, rows=20_000, seed=0):
    rng = np.random.default_rng(seed)
    city, sex = rng.choice(CITIES, rows), rng.choice(["f", "m"], rows, p=[0.3, 0.7])
    kept = ~(np.isin(city, missing) & (sex == "f") & (rng.random(rows) < 0.9))
    return {"city": (city[kept], Kind.CATEGORY), "sex": (sex[kept], Kind.CATEGORY)}


def test_levels_with_the_same_gap_are_told_as_one(searched):
    axes, _, found, _ = searched(cities_without_women(["b", "c", "h"]))
    assert sorted(axes[0].condition(found[0].groups[0]).value) == ["b", "c", "h"]
    assert axes[1].condition(found[0].groups[1]).value == ["f"]
    assert len(found) == 1


def test_no_more_levels_are_told_as_one_than_can_be_read(searched):
    _, _, found, _ = searched(cities_without_women(list(CITIES[:7]), rows=40_000))
    assert max(int(entry.groups[0].sum()) for entry in found) == MAX_MERGED_LEVELS


def test_gaps_come_before_signs_of_dependence_and_of_either_the_strongest_first(searched):
    rng = np.random.default_rng(0)
    columns = cities_without_women(["b"])
    woman = columns["sex"][0] == "f"
    plan = np.where(woman & (rng.random(woman.size) < 0.9), "A", rng.choice(["A", "B"], woman.size))
    columns["plan"] = (plan, Kind.CATEGORY)
    _, _, found, _ = searched(columns)
    gaps = [entry.shortage for entry in found if (entry.shortage.gap_share or 0.0) >= GAP]
    signs = [entry.shortage for entry in found if entry.shortage.gap_share is not None and entry.shortage not in gaps]
    assert gaps or signs
    assert [entry.shortage for entry in found if entry.shortage.gap_share is not None] == [*gaps, *signs]
    for part in (gaps, signs):
        assert [shortage.strength for shortage in part] == sorted((each.strength for each in part), reverse=True)
    assert all(entry.shortage.ci.high < CONFIG.min_ratio and entry.shortage.p_adjusted < CONFIG.fdr for entry in found)


def test_intervals_are_wider_the_fewer_of_the_cells_tested_are_short(searched):
    _, _, found, tested = searched(cities_without_women(["b"]))
    assert tested > 10
    assert len(found) == 1
    assert found[0].shortage.threshold.level == pytest.approx(1 - 0.05 / tested)


def test_a_stricter_rate_finds_no_more(searched):
    columns = cities_without_women(["b"], rows=1_500)
    lenient = searched(columns, replace(CONFIG, fdr=0.2))[2]
    strict = searched(columns, replace(CONFIG, fdr=1e-9))[2]
    assert len(strict) <= len(lenient)
    assert all(entry.shortage.p_adjusted < 1e-9 for entry in strict)


def test_the_same_gap_seen_through_a_related_column_is_told_once(searched):
    columns = cities_without_women(["b"])
    rng = np.random.default_rng(1)
    city = columns["city"][0]
    blurred = np.where(rng.random(len(city)) < 0.95, city, rng.choice(CITIES, len(city)))
    columns["town"] = (blurred, Kind.CATEGORY)
    axes, tables, found, _ = searched(columns)
    with_sex = [entry for entry in found if axes[entry.axes[0]].column == "sex" or axes[entry.axes[1]].column == "sex"]
    assert len(with_sex) == 2
    assert len(list(islice(pruned(with_sex, axes, tables), 5))) == 1
    assert list(islice(pruned(with_sex, axes, tables), 0)) == []


def test_opposite_conditions_on_one_column_never_say_the_same(searched):
    columns = cities_without_women(["b"])
    sex, city = columns["sex"][0], columns["city"][0]
    rng = np.random.default_rng(2)
    kept = ~((city == "d") & (sex == "m") & (rng.random(len(city)) < 0.9))
    columns = {"city": (city[kept], Kind.CATEGORY), "sex": (sex[kept], Kind.CATEGORY)}
    axes, tables, found, _ = searched(columns)
    assert len(list(islice(pruned(found, axes, tables), 5))) == len(found) == 2
