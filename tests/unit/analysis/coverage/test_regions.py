from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.coverage.regions import find_regions
from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.analysis.order.changes import find_changes
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.population_shares import Population, PopulationColumn
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.outputs.region_rules import Condition, region_id

CONFIG = AnalysisConfig()


def independent_columns(seed, n_rows):
    """Eight unrelated columns: skewed, heaped and even numbers, few and many levels, one of them mostly one value."""
    rng = np.random.default_rng(seed)
    return {
        "age": (np.exp(rng.normal(3.6, 0.3, n_rows)).round(), Kind.COUNT, Role.SENSITIVE),
        "sex": (rng.choice(["f", "m"], n_rows), Kind.CATEGORY, Role.SENSITIVE),
        "hired": (rng.choice(["no", "yes"], n_rows, p=[0.8, 0.2]), Kind.BOOLEAN, Role.LABEL),
        "pay": (np.exp(rng.normal(10, 0.6, n_rows)).round(2), Kind.POSITIVE),
        "hours": (np.where(rng.random(n_rows) < 0.45, 40, rng.normal(40, 10, n_rows).round()), Kind.REAL),
        "city": (rng.choice(list("abcdefghijkl"), n_rows, p=np.arange(12, 0, -1) / 78), Kind.CATEGORY),
        "plan": (rng.choice(["A", "B", "C", "D"], n_rows, p=[0.4, 0.3, 0.2, 0.1]), Kind.CATEGORY),
        "score": (rng.normal(size=n_rows), Kind.REAL),
    }


def without(columns, removed):
    return {name: (np.asarray(values)[~removed], *rest) for name, (values, *rest) in columns.items()}


def values_of(columns, name):
    return np.asarray(columns[name][0])


def search(build, columns, mean=None, **options):
    rows = len(columns[next(iter(columns))][0])
    mean = np.zeros((rows, 1)) if mean is None else mean
    inputs = build(columns, mean, outlier=options.pop("outlier", None))
    return inputs, find_regions(inputs, options.pop("config", CONFIG), **options)


def planted_rows(name, columns):
    """Say which rows satisfy a rule over two columns that holds for 2 to 10 % of them."""
    age, sex, hired, pay, hours, city, plan, score = (np.asarray(columns[column][0]) for column in columns)
    rules = {
        "hours and plan": (hours < 36) & (plan == "B"),
        "pay and sex": (pay > 30_000) & (pay < 45_000) & (sex == "f"),
        "age and score": (age < 31) & (np.abs(score - 0.5) < 0.4),
        "cities and label": np.isin(city, ["a", "c", "d"]) & (hired == "yes"),
        "cities and plans": np.isin(city, ["b", "f"]) & np.isin(plan, ["B", "D"]),
    }
    assert 0.02 <= rules[name].mean() <= 0.1
    return rules[name]


@pytest.mark.parametrize(
    "name", ["hours and plan", "pay and sex", "age and score", "cities and label", "cities and plans"]
)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_planted_gap_is_among_the_first_regions(build, name, seed):
    columns = independent_columns(seed, 6_000)
    planted = planted_rows(name, columns)
    everyone = build(columns, np.zeros((6_000, 1))).frame
    removed = planted & (np.random.default_rng(seed).random(6_000) < 0.9)
    _, found = search(build, without(columns, removed))
    overlaps = []
    for region in found.regions[:5]:
        inside = apply_rule(region.rule, everyone)
        overlaps.append(2 * (inside & planted).sum() / (inside.sum() + planted.sum()))
    assert max(overlaps, default=0) >= 0.5


def test_independent_columns_raise_no_false_alarm(build):
    alarms = [bool(search(build, independent_columns(seed, 2_000))[1].regions) for seed in range(10)]
    assert sum(alarms) == 0


def test_a_gap_between_three_columns_is_told_with_three_conditions(build):
    columns = independent_columns(3, 12_000)
    planted = (
        (values_of(columns, "sex") == "f") & (values_of(columns, "plan") == "A") & (values_of(columns, "score") > 0)
    )
    _, found = search(build, without(columns, planted & (np.random.default_rng(0).random(12_000) < 0.9)))
    assert {condition.column for condition in found.regions[0].rule} == {"sex", "plan", "score"}


def test_a_pair_that_is_short_does_not_return_in_triples(build):
    columns = independent_columns(4, 12_000)
    planted = (values_of(columns, "sex") == "f") & (values_of(columns, "plan") == "A")
    _, found = search(build, without(columns, planted & (np.random.default_rng(0).random(12_000) < 0.9)))
    assert [{condition.column for condition in region.rule} for region in found.regions] == [{"sex", "plan"}]


@pytest.fixture(scope="module")
def gap(build):
    """A table of two thirds of its rows in which women under 30 are nearly absent, with its search."""
    columns = independent_columns(5, 6_000)
    planted = (values_of(columns, "age") < 31) & (values_of(columns, "sex") == "f")
    columns = without(columns, planted & (np.random.default_rng(0).random(6_000) < 0.9))
    rows = len(columns["age"][0])
    mean = np.stack([np.log(values_of(columns, "age")), np.random.default_rng(1).normal(size=rows)], axis=1)
    return search(build, columns, mean=mean)


def test_the_figures_of_a_region_are_those_of_its_rule(gap):
    inputs, found = gap
    for region in found.regions:
        inside = apply_rule(region.rule, inputs.frame)
        first, second = (apply_rule((condition,), inputs.frame).mean() for condition in region.rule)
        assert region.observed == inside.sum()
        assert region.expected == pytest.approx(first * second * len(inputs.frame))
        assert region.ratio == pytest.approx(region.observed / region.expected)
        assert region.ci.low <= region.ratio <= region.ci.high < CONFIG.min_ratio
        assert region.ci.level > CONFIG.confidence
        assert region.p_adjusted < CONFIG.fdr


def test_collecting_the_rows_asked_for_closes_the_gap_even_from_the_lower_end_of_the_interval(gap):
    inputs, found = gap
    region = found.regions[0]
    first, second = (int(apply_rule((condition,), inputs.frame).sum()) for condition in region.rule)
    for ratio, added in zip((region.ci.high, region.ci.low), region.rows_to_collect_range, strict=True):
        now, total = ratio * region.expected, len(inputs.frame) + added
        reached = (now + added) * total / ((first + added) * (second + added))
        assert reached == pytest.approx(CONFIG.min_ratio, abs=0.005)
    assert region.rows_to_collect == region.rows_to_collect_range[1] >= region.rows_to_collect_range[0]


def test_a_region_is_called_by_what_it_is_and_counts_the_rows_that_anybody_counts(gap):
    inputs, found = gap
    assert len({region.id for region in found.regions}) == len(found.regions)
    for region in found.regions:
        assert region.id == region_id(region.baseline, region.rule)
        assert region.observed == np.count_nonzero(apply_rule(region.rule, inputs.frame))
        assert region.ratio == (region.observed - region.set_aside) / region.expected


def test_outliers_in_a_region_are_shown_and_said_to_be_set_aside(gap, with_scores):
    inputs, found = gap
    inside = apply_rule(found.regions[0].rule, inputs.frame)
    flagged = inside & (np.cumsum(inside) <= 2)
    again = find_regions(with_scores(inputs, outlier=flagged), CONFIG, None)
    region = next(each for each in again.regions if each.id == found.regions[0].id)
    assert (region.observed, region.set_aside) == (found.regions[0].observed, flagged.sum())


def test_rows_carry_the_highest_ranked_region_that_holds_them(gap):
    inputs, found = gap
    inside = apply_rule(found.regions[0].rule, inputs.frame)
    assert np.array_equal(found.row_region == found.regions[0].id, inside)
    assert set(found.row_region) <= {None, *(region.id for region in found.regions)}


def test_a_region_says_where_in_the_active_latents_it_lies(gap):
    inputs, found = gap
    (box,) = [box for box in found.regions[0].latent_box if box.latent == 0]
    age = next(condition for condition in found.regions[0].rule if condition.column == "age")
    assert np.exp(box.low) < np.exp(box.high) <= age.value[1]
    assert {box.latent for box in found.regions[0].latent_box} == set(np.flatnonzero(inputs.codes.active))


def test_at_most_as_many_regions_as_asked_for_are_listed(build):
    columns = independent_columns(6, 4_000)
    age = values_of(columns, "age")
    columns["pay"] = (age * 1_000 + np.random.default_rng(0).normal(0, 15_000, 4_000), Kind.REAL)
    columns["score"] = (age + np.random.default_rng(1).normal(0, 15, 4_000), Kind.REAL)
    _, many = search(build, columns)
    _, few = search(build, columns, config=replace(CONFIG, max_regions=1))
    assert len(many.regions) > 1
    assert few.regions == many.regions[:1]
    assert few.tested == many.tested


def test_two_codings_of_one_fact_are_not_searched_and_that_is_said(build):
    columns = independent_columns(7, 2_000)
    codes = np.char.add("code ", values_of(columns, "plan").astype(str))
    columns["plan code"] = (codes, Kind.CATEGORY)
    _, found = search(build, columns)
    assert found.regions == ()
    assert "one column nearly determines the other: plan and plan code" in found.notes[0]


def test_what_changes_along_a_date_is_no_region_over_that_date(build):
    rng, n_rows = np.random.default_rng(11), 3_000
    day = pd.Timestamp("2013-01-01") + pd.to_timedelta(np.arange(n_rows) // 4, unit="D")
    paid = np.where((rng.random(n_rows) < 0.3) | (day >= "2014-06-01"), "yes", "no")
    columns = independent_columns(11, n_rows) | {
        "asked": (day, Kind.DATETIME),
        "hired": (paid, Kind.BOOLEAN, Role.LABEL),
    }
    inputs, found = search(build, columns)
    told = [{condition.column for condition in region.rule} for region in found.regions]
    assert {"asked", "hired"} in told
    changes = find_changes(inputs.frame, inputs.schema, CONFIG)
    assert find_regions(replace(inputs, changes=changes), CONFIG).regions == ()


def test_outlying_rows_are_set_aside_first(build):
    columns = independent_columns(8, 4_000)
    outlier = np.zeros(4_000, dtype=bool)
    outlier[:100] = True
    inputs, found = search(build, columns, outlier=outlier)
    assert found.notes[0] == "Regions were sought without 100 outlying rows; their figures count all rows."
    assert found.row_region.shape == (len(inputs.frame),)


def test_a_cell_that_only_setting_rows_aside_has_emptied_is_no_region(build):
    columns = independent_columns(9, 6_000)
    outlier = (values_of(columns, "sex") == "f") & (values_of(columns, "plan") == "C")
    _, found = search(build, columns, outlier=outlier)
    assert found.regions == ()


def test_missing_values_are_neither_searched_nor_counted(build):
    columns = independent_columns(10, 5_000)
    pay = values_of(columns, "pay").copy()
    pay[(values_of(columns, "sex") == "m") | (np.random.default_rng(0).random(5_000) < 0.3)] = np.nan
    columns["pay"] = (pay, Kind.POSITIVE)
    _, found = search(build, columns)
    assert found.regions == ()


@pytest.fixture(scope="module")
def population():
    sex = PopulationColumn("sex", levels=("f", "m"))
    age = PopulationColumn("age", intervals=((0.0, 30.0), (30.0, 40.0), (40.0, 60.0), (60.0, None)))
    return Population("p.csv", (age, sex), (0.1, 0.1, 0.15, 0.15, 0.15, 0.15, 0.1, 0.1))


def test_a_cell_below_its_share_of_the_population_is_a_region(build, population):
    rng = np.random.default_rng(0)
    cell = rng.choice(8, 4_000, p=population.shares)
    age, sex = np.array([20.0, 35.0, 50.0, 70.0])[cell // 2], np.array(["f", "m"])[cell % 2]
    gap = (age > 40) & (sex == "f") & (rng.random(4_000) < 0.7)
    columns = {"age": (age[~gap], Kind.REAL, Role.SENSITIVE), "sex": (sex[~gap], Kind.CATEGORY, Role.SENSITIVE)}
    inputs, found = search(build, columns, population=population)
    region = next(region for region in found.regions if region.baseline == "population")
    assert region.rule == (Condition("age", "between", [40.0, None]), Condition("sex", "in", ["f"]))
    assert region.expected == pytest.approx(0.25 * len(inputs.frame))
    for ratio, added in zip((region.ci.high, region.ci.low), region.rows_to_collect_range, strict=True):
        reached = (ratio * region.expected + added) / (0.25 * (len(inputs.frame) + added))
        assert reached == pytest.approx(CONFIG.min_ratio, abs=0.002)


def test_rows_drawn_from_the_population_hold_no_region_of_it(build, population):
    rng = np.random.default_rng(1)
    for _ in range(5):
        cell = rng.choice(8, 3_000, p=population.shares)
        columns = {
            "age": (np.array([20.0, 35.0, 50.0, 70.0])[cell // 2], Kind.REAL, Role.SENSITIVE),
            "sex": (np.array(["f", "m"])[cell % 2], Kind.CATEGORY, Role.SENSITIVE),
        }
        assert search(build, columns, population=population)[1].regions == ()


def test_a_population_of_one_column_is_searched_too(build):
    population = Population("p.csv", (PopulationColumn("sex", levels=("f", "m")),), (0.5, 0.5))
    columns = {"sex": (np.array(["f"] * 100 + ["m"] * 900), Kind.CATEGORY, Role.SENSITIVE)}
    _, found = search(build, columns, population=population)
    assert [(region.baseline, region.observed, region.expected) for region in found.regions] == [
        ("population", 100, 500)
    ]


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_hardly_any_rows_give_no_region_and_no_error(build, rows):
    inputs, found = search(build, without(independent_columns(0, 50), np.arange(50) >= rows))
    assert found.regions == ()
    assert found.row_region.tolist() == [None] * rows
    assert len(inputs.frame) == rows


def test_time_grows_no_faster_than_rows(build):
    seconds = {}
    for n_rows in (5_000, 50_000):
        inputs = build(independent_columns(0, n_rows), np.zeros((n_rows, 1)))
        start = time.process_time()
        find_regions(inputs, CONFIG)
        seconds[n_rows] = time.process_time() - start
    assert seconds[50_000] < 15 * max(seconds[5_000], 0.1)
