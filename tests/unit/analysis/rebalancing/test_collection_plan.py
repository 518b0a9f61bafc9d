"""The plan asks for the fewest rows, for rows that can exist, and closes what it says that it closes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.coverage.regions import RegionSearch
from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.analysis.rebalancing.collection_candidates import candidates_of, implies, with_planned_rows
from vaeaudit.analysis.rebalancing.rebalance import rebalance
from vaeaudit.config import AnalysisConfig, Weighting
from vaeaudit.data.population_shares import Population, PopulationColumn
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.measures import Interval

N = 3000
FEW = {"bootstraps": 0}


def region(name, rule, expected, *, observed=10, baseline="population", stable=None):
    return Region(
        id=name,
        baseline=baseline,
        rule=rule,
        latent_box=(),
        observed=observed,
        set_aside=0,
        expected=expected,
        ratio=observed / expected,
        ci=Interval(0.5 * observed / expected, 1.5 * observed / expected, 0.95),
        p_adjusted=1e-6,
        rows_to_collect=40,
        rows_to_collect_range=(30, 50),
        stability=None,
        stable=stable,
    )


def found(*regions, n_rows=N):
    return RegionSearch(tuple(regions), len(regions), np.full(n_rows, None, dtype=object), ())


@pytest.fixture(scope="module")
def table(build):
    generator = np.random.default_rng(0)
    sex = np.where(np.arange(N) < N // 5, "f", "m").astype(object)
    town = np.where(np.arange(N) % 10 == 0, "b", "a").astype(object)
    age = generator.integers(20, 70, N).astype(float)
    columns = {
        "sex": (sex, Kind.CATEGORY, Role.SENSITIVE),
        "town": (town, Kind.CATEGORY, Role.SENSITIVE),
        "age": (age, Kind.COUNT),
    }
    return build(columns, generator.normal(size=(N, 2)), outlier=np.zeros(N, bool))


@pytest.fixture(scope="module")
def shares():
    columns = (PopulationColumn("sex", ("f", "m")), PopulationColumn("town", ("a", "b")))
    return Population("shares", columns, (0.3, 0.1, 0.5, 0.1))


@pytest.fixture(scope="module")
def closed(table, shares):
    return rebalance(table, found(), AnalysisConfig(**FEW), shares)


def test_one_row_that_serves_two_findings_is_asked_for_once(closed):
    plan = closed.results.plan
    gaps = {gap.id: gap for gap in closed.results.gaps}
    assert {"sex = f", "town = b"} <= {gap.name for gap in gaps.values()}
    assert plan.at_least <= plan.rows < sum(gap.rows_to_collect for gap in gaps.values())
    both = max(plan.lines, key=lambda line: len(line.closes))
    assert {condition.column for condition in both.rule} == {"sex", "town"}
    assert plan.fewest <= plan.rows <= plan.most


def test_the_plan_closes_every_fault_and_opens_none_when_rows_are_counted_anew(closed):
    plan = closed.results.plan
    assert plan.expected
    assert all(share.closed and share.after >= share.tolerance - 1e-9 for share in plan.expected)
    assert plan.newly_short == ()


def test_raking_closes_on_held_out_rows_what_density_does_not_know_of(closed):
    results = {result.method: result for result in closed.results.methods}
    targets = results["targets"]
    assert 0 < targets.closed <= targets.faults
    assert not any(change.held_out == "still fails" for change in targets.gaps)
    assert all(change.status_before == "still fails" for change in targets.gaps)
    assert results["joint"].closed == 0
    assert targets.newly_short == ()


def test_weights_have_mean_one_keep_the_cap_and_stand_in_their_columns(closed):
    weights = closed.weights
    assert list(weights.columns) == [
        "row_id",
        "weight",
        "weight_joint",
        "weight_dbvae_product",
        "weight_dbvae_max",
        "weight_targets",
    ]
    for result in closed.results.methods:
        column = weights[f"weight_{result.method.replace('-', '_')}"].to_numpy()
        assert column.mean() == pytest.approx(1.0)
        assert column.max() == pytest.approx(result.largest)
        assert column.max() <= 10 * max(1.0, np.median(column)) + 1e-9
        assert result.effective_size <= N + 1e-6
    assert weights["weight"].equals(weights["weight_targets"])


def test_questions_stand_apart_and_are_not_counted(table):
    rule = (Condition("sex", "in", ["f"]), Condition("town", "in", ["b"]))
    search = found(
        region("R1", rule, 100.0, observed=20, baseline="independence"),
        region("R2", rule[:1], 500.0, observed=200, baseline="uniform", stable=False),
    )
    made = rebalance(table, search, AnalysisConfig(**FEW), method=Weighting.JOINT).results
    assert made.plan.lines == ()
    assert made.plan.rows == 0
    assert [(line.rows, line.fewest, line.most) for line in made.plan.questions] == [(40, 30, 50)] * 2
    assert [gap.question is not None for gap in made.gaps] == [True, True]
    assert "nothing to close" in made.notes[0]


def test_without_any_finding_weights_are_still_written(table):
    made = rebalance(table, found(), AnalysisConfig(**FEW))
    assert made.results.gaps == made.results.plan.lines == ()
    assert (made.weights["weight"] == 1.0).all()
    assert made.weights["weight_joint"].std() > 0


def test_a_group_without_rows_cannot_be_weighted_and_is_collected(table):
    shares = Population("shares", (PopulationColumn("sex", ("f", "m", "x")),), (0.2, 0.7, 0.1))
    made = rebalance(table, found(), AnalysisConfig(**FEW), shares).results
    (targets,) = (result for result in made.methods if result.method == "targets")
    assert "there is no such row" in targets.unreachable[0]
    assert made.plan.lines[0].name == "sex is x"
    assert made.plan.lines[0].existing == 0
    assert all(share.closed for share in made.plan.expected)


def test_a_gap_that_is_a_group_and_a_region_is_one_fault_with_the_regions_rows_to_collect(table, shares):
    rule = (Condition("sex", "in", ["f"]),)
    unconfirmed = region("R1", rule, 1200.0, observed=600, stable=False)
    made = rebalance(table, found(unconfirmed), AnalysisConfig(**FEW), shares).results
    (gap,) = (gap for gap in made.gaps if gap.rule == rule)
    assert (gap.id, gap.rows_to_collect_range, gap.question) == ("R1", (30, 50), None)


@pytest.mark.parametrize("latents", [1, 2])
def test_rows_that_are_all_alike_and_a_single_latent_are_answered(build, latents):
    columns = {"a": (np.full(40, "x", object), Kind.CATEGORY, Role.SENSITIVE)}
    inputs = build(columns, np.zeros((40, latents)), outlier=np.zeros(40, bool))
    made = rebalance(inputs, found(n_rows=40), AnalysisConfig(**FEW))
    assert np.isfinite(made.weights.drop(columns="row_id").to_numpy()).all()
    assert made.weights["weight_joint"].mean() == pytest.approx(1.0)


def test_rules_that_no_row_satisfies_together_are_not_combined(table):
    old, young = Condition("age", "between", [65.0, None]), Condition("age", "between", [None, 25.0])
    woman = Condition("sex", "in", ["f"])
    kinds, complete = candidates_of([(old,), (young,), (woman,)], table.frame)
    assert complete
    assert {kind.serves for kind in kinds} == {frozenset(s) for s in ({0}, {1}, {2}, {0, 2}, {1, 2})}


def test_one_rule_implies_another_only_where_its_conditions_say_so():
    some, none = Condition("a", "between", [1.0, 2.0]), Condition("a", "missing", None)
    assert implies((some,), (Condition("a", "between", [None, None]),))
    assert not implies((none,), (Condition("a", "between", [None, None]),))
    assert implies((none,), (none,))
    assert implies((Condition("b", "in", ["x"]), some), (Condition("b", "in", ["x", "y"]),))
    assert not implies((Condition("b", "in", ["x", "y"]),), (Condition("b", "in", ["x"]),))
    dates = Condition("d", "between", ["2020-02-01", "2020-03-01"])
    assert implies((dates,), (Condition("d", "between", ["2020-01-01", None]),))


def test_planned_rows_satisfy_their_rules_also_where_no_row_does(people):
    rule = (
        Condition("age", "between", [130.0, None]),
        Condition("sex", "in", ["another"]),
        Condition("pay", "missing", None),
        Condition("since", "between", [None, "1990-01-01"]),
    )
    frame = people.frame
    made = with_planned_rows(frame, [(rule, 7)], np.ones(len(frame), bool), np.random.default_rng(0))
    assert apply_rule(rule, made)[-7:].all()
    assert made.iloc[: len(frame)].drop(columns="sex").equals(frame.drop(columns="sex"))


def test_the_same_seed_gives_the_same_results(table, shares, closed):
    again = rebalance(table, found(), AnalysisConfig(**FEW), shares)
    assert again.results == closed.results
    assert again.weights.equals(closed.weights)
    assert replace(again.results, seed=1) != closed.results
