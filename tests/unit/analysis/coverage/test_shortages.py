"""What becomes of the shortages of several baselines: one ranking, with stability, neighbours and words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.coverage.regions import find_regions, regions_against_reference
from vaeaudit.analysis.coverage.shortages import BaselineSearch, Recount, Shortage, Threshold, ranked_shortages
from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.analysis.inputs import AuditInputs, Reference
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind, Role, Schema
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.measures import Interval
from vaeaudit.statistics.two_samples import OneSample, TwoSamples

Build = Callable[..., AuditInputs]
CONFIG = AnalysisConfig()


def columns(rng: np.random.Generator, n_rows: int) -> dict[str, tuple[Any, ...]]:
    return {
        "age": (rng.normal(45, 14, n_rows).round(), Kind.COUNT, Role.SENSITIVE),
        "sex": (rng.choice(["f", "m"], n_rows), Kind.CATEGORY, Role.SENSITIVE),
        "race": (rng.choice(list("pqrs"), n_rows, p=[0.6, 0.25, 0.1, 0.05]), Kind.CATEGORY, Role.SENSITIVE),
        "job": (rng.choice(list("abcdef"), n_rows), Kind.CATEGORY),
        "hired": (rng.choice(["no", "yes"], n_rows), Kind.BOOLEAN, Role.LABEL),
    }


GAP = (Condition("sex", "in", ["f"]), Condition("job", "in", ["a"]))


def against(build: Build, rows: np.ndarray, others: np.ndarray, seed: int = 0, **changes: Any) -> AuditInputs:
    """Inputs of some rows of a table, with others of it as their reference; latent 0 follows age."""
    rng = np.random.default_rng(seed)
    drawn = columns(rng, len(rows))
    age = np.asarray(drawn["age"][0])
    mean = np.stack([(age - 45) / 14 + rng.normal(0, 0.3, len(rows)), rng.normal(size=len(rows))], axis=1)
    everything = build(drawn, mean)
    gap = rows & apply_rule(GAP, everything.frame) & (rng.random(len(rows)) < 0.9)

    def part(chosen: np.ndarray) -> AuditInputs:
        inputs = build({name: (np.asarray(values)[chosen], *kind) for name, (values, *kind) in drawn.items()},
                       mean[chosen])  # fmt: skip
        return replace(inputs, frame=everything.frame[chosen].reset_index(drop=True), schema=everything.schema)

    audited, reference = part(rows & ~gap), part(others)
    other = Reference("before.csv", "0" * 64, reference.frame, reference.codes, np.zeros(int(others.sum()), bool))
    return replace(audited, reference=replace(other, **changes))


@pytest.fixture(scope="module")
def compared(build: Build) -> AuditInputs:
    first = np.random.default_rng(1).random(9_000) < 0.5
    return against(build, first, ~first)


def test_a_gap_is_told_once_and_by_the_baseline_that_was_stated(compared: AuditInputs) -> None:
    found = find_regions(compared, CONFIG)
    assert [region.baseline for region in found.regions] == ["reference"]
    assert {condition.column for condition in found.regions[0].rule} == {"sex", "job"}
    without = find_regions(replace(compared, reference=None), CONFIG)
    assert [region.baseline for region in without.regions] == ["independence"]


def test_regions_against_the_reference_alone_are_those_of_the_whole_search(compared: AuditInputs) -> None:
    for config in (CONFIG, replace(CONFIG, uniform=True)):
        whole = [region for region in find_regions(compared, config).regions if region.baseline == "reference"]
        alone = regions_against_reference(compared, config)
        assert [(each.id, each.observed, each.p_adjusted, each.stability) for each in alone] == [
            (each.id, each.observed, each.p_adjusted, each.stability) for each in whole
        ]
        assert alone


def test_a_clear_gap_comes_back_on_resampled_rows(compared: AuditInputs) -> None:
    region = find_regions(compared, CONFIG).regions[0]
    assert region.stability == 1.0
    assert region.stable is True
    silent = find_regions(compared, replace(CONFIG, bootstraps=0)).regions[0]
    assert (silent.stability, silent.stable) == (None, None)


def test_the_same_seed_gives_the_same_stability(compared: AuditInputs) -> None:
    config = replace(CONFIG, bootstraps=7)
    assert find_regions(compared, config).regions == find_regions(compared, config).regions


def test_what_seldom_comes_back_is_marked_and_ranks_last(compared: AuditInputs) -> None:
    found = find_regions(compared, replace(CONFIG, min_stability=1.0, bootstraps=50, uniform=True)).regions
    marks = [region.stable is False for region in found]
    assert marks == sorted(marks)
    assert all(region.stable == (region.stability >= 1.0) for region in found if region.stability is not None)


def test_the_nearest_rows_lie_in_the_region_first(compared: AuditInputs) -> None:
    region = find_regions(compared, CONFIG).regions[0]
    inside = set(compared.row_ids[apply_rule(region.rule, compared.frame)])
    assert 1 <= len(region.nearest) <= 5
    assert set(region.nearest) <= inside
    empty = replace(compared, frame=compared.frame.assign(job=compared.frame["job"].where(lambda job: job != "a", "b")))
    gap = next(region for region in find_regions(empty, CONFIG).regions if region.baseline == "reference")
    assert gap.observed == 0
    assert len(gap.nearest) == 5


def test_a_column_that_the_reference_lacks_is_named_and_not_compared(build: Build) -> None:
    first = np.random.default_rng(1).random(4_000) < 0.5
    inputs = against(build, first, ~first, lacking=("job",), notes=("Its column zip is not in the data.",))
    found = find_regions(inputs, CONFIG)
    assert not [region for region in found.regions if region.baseline == "reference"]
    assert "Not compared with before.csv, which lacks them: job." in found.notes
    assert "Its column zip is not in the data." in found.notes


def test_a_reference_of_five_rows_is_said_to_tell_little(build: Build) -> None:
    first = np.random.default_rng(1).random(4_000) < 0.5
    few = ~first & (np.cumsum(~first) <= 5)
    assert any(
        "before.csv has 5 rows: too few" in note for note in find_regions(against(build, first, few), CONFIG).notes
    )


def test_a_reference_of_outliers_only_leaves_nothing_to_compare(build: Build) -> None:
    first = np.random.default_rng(1).random(2_000) < 0.5
    inputs = against(build, first, ~first, outlier=np.ones(int((~first).sum()), dtype=bool))
    assert any("No row was left" in note for note in find_regions(inputs, CONFIG).notes)


def test_an_even_spread_is_searched_only_where_it_is_asked_for(build: Build) -> None:
    rng = np.random.default_rng(0)
    inputs = build(columns(rng, 6_000), np.zeros((6_000, 1)))
    assert "uniform" not in {region.baseline for region in find_regions(inputs, CONFIG).regions}
    even = find_regions(inputs, replace(CONFIG, uniform=True)).regions
    rules = [region.rule for region in even if region.baseline == "uniform"]
    assert (Condition("race", "in", ["s"]),) in rules
    assert not any(len(rule) > 1 and Condition("race", "in", ["s"]) in rule for rule in rules)


def test_an_empty_combination_of_declared_columns_leads(build: Build) -> None:
    rng = np.random.default_rng(0)
    drawn = columns(rng, 8_000)
    sex, race, job, age = (np.asarray(drawn[name][0]) for name in ("sex", "race", "job", "age"))
    empty = (sex == "f") & (race == "r")
    thin = (job == "b") & (age < 50) & (rng.random(8_000) < 0.95)
    kept = ~(empty | thin)
    inputs = build({name: (np.asarray(values)[kept], *kind) for name, (values, *kind) in drawn.items()},
                   np.zeros((int(kept.sum()), 1)))  # fmt: skip
    found = find_regions(inputs, CONFIG).regions
    assert found[0].observed == 0
    assert {condition.column for condition in found[0].rule} == {"sex", "race"}
    assert len(found) == 2


def test_empty_combinations_too_small_to_tell_are_counted_in_words(build: Build) -> None:
    rng = np.random.default_rng(0)
    n_rows = 300
    sex = rng.choice(["f", "m"], n_rows)
    race = np.where(np.arange(n_rows) < 3, "s", "p")
    sex[:3] = "m"
    inputs = build(
        {"sex": (sex, Kind.CATEGORY, Role.SENSITIVE), "race": (race, Kind.CATEGORY, Role.SENSITIVE)},
        np.zeros((n_rows, 1)),
    )
    found = find_regions(inputs, CONFIG)
    assert found.regions == ()
    assert any(note.startswith("1 combination of sex x race has no row") for note in found.notes)


def rotated_rings(n_rows: int, rng: np.random.Generator) -> np.ndarray:
    """Two latents with an empty corner that independence would fill."""
    mean = rng.normal(size=(4 * n_rows, 2))
    return mean[~((mean[:, 0] > 0.5) & (mean[:, 1] > 0.5))][:n_rows]


def pictures(build: Build, mean: np.ndarray, seed: int = 0) -> AuditInputs:
    rng = np.random.default_rng(seed)
    corner = (mean[:, 0] > 0.3) | (rng.random(len(mean)) < 0.1)
    inputs = build({"kind": (np.where(corner, "disc", "square"), Kind.CATEGORY)}, mean)
    return replace(inputs, codes=replace(inputs.codes, image_statistics=np.zeros((len(mean), 3))))


def test_a_region_of_latents_is_stable_where_refits_have_it_under_other_names(build: Build) -> None:
    rng = np.random.default_rng(0)
    mean = rotated_rings(5_000, rng)
    inputs = pictures(build, mean)
    unsaid = find_regions(inputs, CONFIG).regions
    assert unsaid
    assert all(region.stability is None and region.stable is None for region in unsaid)
    swapped = -mean[:, ::-1] + rng.normal(0, 0.05, mean.shape)
    accident = rng.normal(size=mean.shape)
    found = find_regions(replace(inputs, member_means=np.stack([swapped, swapped * 2, accident])), CONFIG).regions
    assert found[0].stability == pytest.approx(2 / 3)
    assert found[0].stable is True


def test_a_region_of_latents_against_a_reference_is_described_in_columns(build: Build) -> None:
    rng = np.random.default_rng(0)
    mean = rng.normal(size=(6_000, 2))
    kind = np.where(mean[:, 0] > 0.8, "disc", rng.choice(["square", "heart"], 6_000))
    inputs = build({"kind": (kind, Kind.CATEGORY)}, mean)
    corner = (mean[:, 0] > 0.8) & (mean[:, 1] > 0.2)
    reference = Reference("all", "0" * 64, inputs.frame, inputs.codes, np.zeros(6_000, dtype=bool))
    kept = np.flatnonzero(~corner | (rng.random(6_000) < 0.1))
    audited = build({"kind": (kind[kept], Kind.CATEGORY)}, mean[kept])
    audited = replace(audited, frame=inputs.frame.iloc[kept].reset_index(drop=True), schema=inputs.schema)
    region = find_regions(replace(audited, reference=reference), CONFIG).regions[0]
    assert "z_1" in {condition.column for condition in region.rule}
    assert region.description == (Condition("kind", "in", ["disc"]),)
    assert region.precision is not None
    assert region.recall is not None
    assert 0 < region.precision < region.recall <= 1


@pytest.mark.parametrize("n_rows", [1, 2, 30])
def test_few_rows_or_rows_that_are_all_alike_give_no_region_and_no_error(build: Build, n_rows: int) -> None:
    drawn = columns(np.random.default_rng(0), n_rows)
    alike = {name: (np.repeat(np.asarray(values)[:1], n_rows), *kind) for name, (values, *kind) in drawn.items()}
    config = replace(CONFIG, uniform=True)
    for table in (drawn, alike):
        inputs = build(table, np.zeros((n_rows, 1)))
        reference = Reference("same", "0" * 64, inputs.frame, inputs.codes, np.zeros(n_rows, dtype=bool))
        assert find_regions(replace(inputs, reference=reference), config).regions == ()


def test_a_sensitive_column_that_is_mostly_missing_and_a_group_of_one_are_no_error(build: Build) -> None:
    rng = np.random.default_rng(0)
    n_rows = 3_000
    drawn = columns(rng, n_rows)
    sex = pd.Series(drawn["sex"][0], dtype=object).where(rng.random(n_rows) < 0.1)
    race = np.where(np.arange(n_rows) == 0, "only", np.asarray(drawn["race"][0]))
    drawn |= {"sex": (sex, Kind.CATEGORY, Role.SENSITIVE), "race": (race, Kind.CATEGORY, Role.SENSITIVE)}
    found = find_regions(build(drawn, np.zeros((n_rows, 1))), replace(CONFIG, uniform=True))
    assert all(np.isfinite(region.ratio) for region in found.regions)
    assert any(region.rule == (Condition("race", "in", ["only"]),) for region in found.regions)


def test_a_gap_of_twenty_rows_is_short_though_its_widened_interval_reaches_beyond_the_tolerance() -> None:
    cells = TwoSamples(np.array([0.0, 330.0]), np.array([24.0, 440.0]), 500, 500)
    level = 1 - 1e-6
    assert Threshold(1e-3, level, 0.8).is_short(cells).tolist() == [False, False]
    # the second is surely less than by the reference, but not by more than a fifth
    assert Threshold(1e-3, level, 0.8, confidence=0.95).is_short(cells).tolist() == [True, False]


def test_what_could_be_as_many_as_the_reference_has_is_not_short_at_any_confidence() -> None:
    cell = TwoSamples(np.array([0.0]), np.array([12.0]), 500, 500)
    assert cell.ratio_interval(0.95)[1] < 0.8
    assert not Threshold(1e-3, 1 - 1e-6, 0.8, confidence=0.95).is_short(cell).any()


def shortages(baseline: str, count: int) -> BaselineSearch:
    """As many shortages, each of another level of its own column, none of which has a row."""
    threshold = Threshold(0.01, 0.99, 0.8)
    recount = Recount((np.array([0]),), lambda tables: OneSample(*(np.zeros(1),) * 2, None, None))
    found = (
        Shortage((Condition(baseline, "in", [f"level {place}"]),), 0, 50.0, Interval(0.0, 0.1, 0.95), 1e-9, -place,
                 (30, 40), threshold, recount)
        for place in range(count)
    )  # fmt: skip
    return BaselineSearch(baseline, tuple(found), 100, ())


def test_an_even_spread_that_was_asked_for_keeps_its_part_of_the_list() -> None:
    names = ("uniform", "independence", "reference")
    frame = pd.DataFrame({name: pd.Categorical(["x"], categories=["x"]) for name in names})

    def listed(**counts: int) -> list[str]:
        searches = [shortages(name, count) for name, count in counts.items()]
        return [
            baseline
            for baseline, _ in ranked_shortages(searches, frame, Schema(()), (), replace(CONFIG, max_regions=8))
        ]

    assert listed(uniform=9, independence=20) == ["independence"] * 6 + ["uniform"] * 2
    assert listed(uniform=1, independence=20) == ["independence"] * 7 + ["uniform"]
    assert listed(uniform=9, independence=2) == ["independence"] * 2 + ["uniform"] * 6
    assert listed(independence=5, reference=6) == ["reference"] * 6 + ["independence"] * 2
