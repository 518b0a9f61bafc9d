from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from vaeaudit.analysis.fairness.proxies import MOST_GROUPS, find_proxies, judge_attribute
from vaeaudit.analysis.grouping.together import rows_together
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind, Role, Schema
from vaeaudit.statistics.cross_fit import FOLDS, stratified_folds


@pytest.fixture(scope="module")
def proxies(people):
    return {(proxy.attribute, proxy.from_): proxy for proxy in find_proxies(people, AnalysisConfig(), seed=0).proxies}


def test_a_leaked_attribute_is_found_in_columns_and_in_latents(proxies):
    for source in ("columns", "latents"):
        proxy = proxies["sex", source]
        assert proxy.ci.low > 0.8
        assert proxy.auc > proxy.null_auc
        assert proxy.ci.low <= proxy.auc <= proxy.ci.high


def test_the_column_that_leaks_comes_first_and_the_others_are_near_one_half(proxies):
    by_column = proxies["sex", "columns"].by_column
    assert next(iter(by_column)) == "job"
    assert by_column["job"] > 0.8
    assert all(0.4 < auc < 0.6 for name, auc in by_column.items() if name != "job")


def test_an_attribute_that_no_column_knows_stays_within_what_shuffling_gives(proxies):
    assert proxies["age", "columns"].auc < 0.55
    assert proxies["age", "columns"].null_auc == pytest.approx(0.52, abs=0.03)


def test_independent_attributes_seldom_pass_their_null(build):
    passed = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        sex = rng.choice(["f", "m"], 200)
        table = {"a": (rng.normal(size=200), Kind.REAL), "sex": (sex, Kind.CATEGORY, Role.SENSITIVE)}
        found = find_proxies(build(table, rng.normal(size=(200, 2))), AnalysisConfig(), seed).proxies
        passed += sum(proxy.auc > proxy.null_auc and proxy.ci.low > 0.5 for proxy in found)
    assert passed <= 5  # of 40, with a chance of 1 in 21 each at most


def test_what_only_two_latents_together_tell_is_found(build):
    rng = np.random.default_rng(5)
    mean = rng.normal(size=(1_000, 2))
    sex = np.where(mean[:, 0] * mean[:, 1] > 0, "f", "m")
    inputs = build({"a": (mean[:, 0], Kind.REAL), "sex": (sex, Kind.CATEGORY, Role.SENSITIVE)}, mean)
    latents = next(proxy for proxy in find_proxies(inputs, AnalysisConfig(), 0).proxies if proxy.from_ == "latents")
    assert latents.auc > 0.9


def test_the_attribute_itself_is_no_column_that_gives_it_away(build):
    rng = np.random.default_rng(0)
    sex = rng.choice(["f", "m"], 300)
    inputs = build({"a": (rng.normal(size=300), Kind.REAL), "sex": (sex, Kind.CATEGORY)}, rng.normal(size=(300, 1)))
    sensitive = replace(inputs.schema["sex"], role=Role.SENSITIVE)
    declared = Schema(tuple(sensitive if column.name == "sex" else column for column in inputs.schema))
    search = find_proxies(type(inputs)(**{**vars(inputs), "schema": declared}), AnalysisConfig(), 0)
    assert list(search.proxies[0].by_column) == ["a"]
    assert search.proxies[0].auc < 0.6
    assert any("input of the model" in note for note in search.notes)


def test_tiny_groups_and_missing_values_are_set_aside_and_named():
    codes = np.repeat([0, 1, 2, 3], [100, 80, 5, 50])
    attribute, notes = judge_attribute("race", ["a", "b", "tiny", "(missing)"], codes, 30)
    assert attribute is not None
    assert attribute.member.sum(axis=0).tolist() == [100, 80]
    assert "tiny and (missing)" in notes[0]


def test_fewer_than_two_groups_are_answered_in_words():
    attribute, notes = judge_attribute("race", ["a", "b"], np.repeat([0, 1], [500, 1]), 30)
    assert attribute is None
    assert "not measured" in notes[-1]


def test_of_too_many_groups_the_largest_are_judged():
    sizes = np.arange(40, 40 + MOST_GROUPS + 5)
    attribute, _ = judge_attribute("zip", [str(k) for k in range(len(sizes))], np.repeat(range(len(sizes)), sizes), 30)
    assert attribute is not None
    assert attribute.member.sum(axis=0).tolist() == sizes[5:].tolist()


def test_every_fold_holds_its_share_of_every_group():
    member = np.eye(3, dtype=bool)[np.repeat([0, 1, 2], [100, 30, 7])]
    folds = stratified_folds(member, np.random.default_rng(0))
    for group in range(3):
        sizes = np.bincount(folds[member[:, group]], minlength=FOLDS)
        assert sizes.max() - sizes.min() <= 1


def test_no_sensitive_column_means_no_proxies(build):
    inputs = build({"a": (np.arange(50), Kind.REAL)}, np.zeros((50, 1)))
    assert find_proxies(inputs, AnalysisConfig(), 0).proxies == ()


def test_the_same_seed_gives_the_same_figures(people, proxies):
    again = find_proxies(people, AnalysisConfig(), seed=0).proxies
    assert {(proxy.attribute, proxy.from_): proxy for proxy in again} == proxies


def test_copies_do_not_give_an_attribute_away(build):
    twice, areas = np.tile(np.arange(200), 2), {False: [], True: []}
    for seed in range(6):
        rng = np.random.default_rng(seed)
        table = {
            "a": (rng.normal(size=200)[twice], Kind.REAL),
            "b": (rng.choice(100, 200)[twice].astype(str), Kind.CATEGORY),
            "sex": (rng.choice(["f", "m"], 200)[twice], Kind.CATEGORY, Role.SENSITIVE),
        }
        inputs = build(table, rng.normal(size=(200, 2))[twice])
        for apart in areas:
            together = rows_together(inputs) if apart else None
            areas[apart] += [proxy.auc for proxy in find_proxies(inputs, AnalysisConfig(), seed, together).proxies]
    assert np.mean(areas[False]) > 0.6  # each row is judged by a fit that saw its twin
    assert np.mean(areas[True]) == pytest.approx(0.5, abs=0.04)


def test_all_columns_tell_no_less_than_the_best_of_them(build):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        sex = rng.choice(["f", "m"], 300)
        noise = {f"x{place}": (rng.normal(size=300), Kind.REAL) for place in range(6)}
        leaky = {"a": (np.where(rng.random(300) < 0.2, 0.0, sex == "f"), Kind.REAL)}
        table = {**leaky, **noise, "sex": (sex, Kind.CATEGORY, Role.SENSITIVE)}
        proxy = find_proxies(build(table, rng.normal(size=(300, 1))), AnalysisConfig(), seed).proxies[0]
        assert proxy.auc >= max(proxy.by_column.values())
        assert proxy.ci.low <= proxy.auc <= proxy.ci.high


def test_what_only_two_columns_together_tell_is_found(build):
    rng = np.random.default_rng(5)
    first, second = rng.choice([0.0, 1.0, 2.0], (2, 1_000))
    sex = np.where((first > 0.5) & (second > 0.5), "f", "m")
    table = {"a": (first, Kind.COUNT), "b": (second, Kind.COUNT), "sex": (sex, Kind.CATEGORY, Role.SENSITIVE)}
    assert find_proxies(build(table, rng.normal(size=(1_000, 1))), AnalysisConfig(), 0).proxies[0].auc > 0.97


def test_the_attribute_in_other_words_is_said_and_no_proxy(build):
    rng = np.random.default_rng(0)
    age = rng.integers(18, 80, 500)
    born = 2020 - age - rng.random(500)
    table = {
        "born": (born, Kind.REAL),
        "x": (rng.normal(size=500), Kind.REAL),
        "age": (age, Kind.COUNT, Role.SENSITIVE),
    }
    search = find_proxies(build(table, rng.normal(size=(500, 1))), AnalysisConfig(), 0)
    assert search.proxies[0].same == ("born",)
    assert list(search.proxies[0].by_column) == ["x"]
    assert any("born is age in other words" in note for note in search.notes)


def test_the_interval_holds_what_normal_columns_tell_by_a_closed_form(build):
    apart, held = 1.2, 0
    for seed in range(20):
        rng, telling = np.random.default_rng(seed), 1 if seed % 2 else 5
        sex = rng.random(600) < 0.4
        values = rng.normal(size=(600, 8))
        values[:, :telling] += apart / np.sqrt(telling) * sex[:, None]
        columns = {f"x{place}": (column, Kind.REAL) for place, column in enumerate(values.T)}
        columns["sex"] = (np.where(sex, "f", "m"), Kind.CATEGORY, Role.SENSITIVE)
        (proxy,) = find_proxies(build(columns, np.zeros((600, 0))), AnalysisConfig(), seed).proxies
        held += proxy.ci.low <= norm.cdf(apart / np.sqrt(2)) <= proxy.ci.high
        assert proxy.auc >= max(proxy.by_column.values())
    assert held >= 17
