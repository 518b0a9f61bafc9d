"""Generated rows are offered where the truth says that they help, and only there; nothing held out makes them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.generation import repair, utility
from vaeaudit.analysis.generation.group_rows import Generator, trees_generator
from vaeaudit.analysis.generation.offered import FOR, rows_for_gaps
from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.analysis.rebalancing.results import GapSummary, Repair
from vaeaudit.analysis.rules.find import find_rules
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.measures import Interval
from vaeaudit.wording.repairs import repair_in_words, repairs_in_words

FEW = (Condition("g", "in", ["few"]),)
CONFIG = AnalysisConfig()


def columns(n, seed, *, tells=2.0, few=0.15):
    """A group of a few rows that is like all others; how much two columns tell of the label is asked for."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    label = np.where(rng.random(n) < 1 / (1 + np.exp(-tells * (x[:, 0] + x[:, 1]))), "yes", "no").astype(object)
    return of_groups(x, few, rng) | {"y": (label, Kind.CATEGORY, Role.LABEL)}


def columns_with_a_group_of_its_own(n, seed, *, few=0.15):
    """In the group the label is the sum of four columns, elsewhere another column: a few rows cannot tell that."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 6))
    made = of_groups(x, few, rng)
    label = np.where(made["g"][0] == "few", x[:, 1:5].sum(axis=1), x[:, 0]) + 0.1 * rng.normal(size=n)
    return made | {"y": (label, Kind.REAL, Role.LABEL)}


def of_groups(x, few, rng):
    group = np.where(rng.random(len(x)) < few, "few", "many").astype(object)
    made = {f"x{place}": (column, Kind.REAL) for place, column in enumerate(x.T)}
    doubled = np.where(group == "few", "1", "2").astype(object)
    return made | {"g2": (doubled, Kind.CATEGORY), "g": (group, Kind.CATEGORY)}


@pytest.fixture
def table(build, monkeypatch):
    """Make inputs of such columns; two repeats and few trees are enough for what is asserted."""
    monkeypatch.setattr(repair, "REPEATS", 2)
    monkeypatch.setattr(utility, "_TREES", 40)

    def make(n=800, seed=0, of=columns, **how):
        inputs = build(of(n, seed, **how), np.zeros((n, 2)), outlier=np.zeros(n, bool))
        return replace(inputs, rules=find_rules(inputs.frame, inputs.schema))

    return make


def gap(inputs, rule=FEW, rows=300, name="G1", question=None):
    n, total = int(apply_rule(rule, inputs.frame).sum()), len(inputs.frame)
    return GapSummary(
        id=name,
        name="few",
        kind="group",
        baseline="population",
        rule=rule,
        n=n,
        total=total,
        share=n / total,
        ci=Interval(0.0, 1.0, 0.95),
        target=0.4,
        tolerance=0.3,
        rows_to_collect=rows,
        rows_to_collect_range=(rows, rows),
        question=question,
    )


def judged(inputs, *gaps, generator=None):
    def trees(rules):
        return trees_generator(inputs, rules) if generator is None else generator

    return repair.judge_repairs(inputs, gaps or (gap(inputs),), CONFIG, trees, 0)


def true_rows(pool, inputs):
    """What gives rows of the population that the table does not have, stored as its own are."""
    kept = {name: pool[name].cat.set_categories(inputs.frame[name].cat.categories) for name in ("g", "g2")}
    pool = pool.assign(**kept)

    def draw(rule, n, rng):
        return pool[apply_rule(rule, pool)].iloc[:n].reset_index(drop=True)

    return Generator("trees", lambda rows, rng: draw)


def test_rows_that_truly_are_what_is_missing_are_said_to_help(table):
    inputs = table(of=columns_with_a_group_of_its_own)
    pool = table(n=4000, seed=1, of=columns_with_a_group_of_its_own, few=0.5).frame
    found = judged(inputs, gap(inputs, rows=600), generator=true_rows(pool, inputs))[0]
    assert found.outcome == "helps"
    assert found.over_nothing.ci.low > 0
    assert found.over_weighting.ci.low > 0
    assert found.over_nothing.value < found.loss
    assert "generated rows help: with 600 rows" in repair_in_words(vars_of(found))


@pytest.mark.parametrize("tells", [0.0, 2.0])
def test_where_the_group_is_like_all_others_generated_rows_are_not_offered(table, tells):
    found = judged(table(tells=tells))[0]
    assert found.outcome in ("does not repair", "inconclusive")
    assert found.over_nothing.ci.low < 0
    assert "shows what is missing" in repair_in_words(vars_of(found))
    assert "% [" in repair_in_words(vars_of(found))


def test_the_rows_of_the_group_once_more_are_no_better_than_weights_and_not_offered(table):
    inputs = table()

    def learn(rows, rng):
        own = inputs.frame.iloc[rows]
        own = own[apply_rule(FEW, own)]
        return lambda rule, n, rng: own.iloc[np.arange(n) % len(own)].reset_index(drop=True)

    found = judged(inputs, generator=Generator("trees", learn))[0]
    assert found.outcome != "helps"
    assert found.over_weighting.value < 0.05 * found.loss


def test_what_is_held_out_never_makes_the_rows(table):
    inputs, seen = table(n=600), []
    trees = trees_generator(inputs, [FEW])

    def learn(rows, rng):
        draw = trees.learn(rows, rng)

        def watched(rule, n, rng):
            made = draw(rule, n, rng)
            seen.append((set(rows), set(made["x0"])))
            return made

        return watched

    judged(inputs, gap(inputs, rows=80), generator=Generator("trees", learn))
    assert len(seen) == 10  # two repeats of five folds
    for rows, made in seen:
        assert made <= set(inputs.frame["x0"].iloc[sorted(rows)])
    left = [set(range(600)) - rows for rows, _ in seen[:5]]
    assert sorted(row for part in left for row in part) == list(range(600))


def test_a_generator_that_cannot_be_fitted_anew_is_judged_by_the_rows_that_it_has_not_seen(table):
    inputs = table(few=0.4)
    split = (np.arange(500), np.arange(500, 800))
    asked = []

    def learn(rows, rng):
        asked.append(rows)
        return trees_generator(inputs, [FEW]).learn(rows, rng)

    found = judged(inputs, generator=Generator("model", learn, split))[0]
    assert all(np.array_equal(rows, split[0]) for rows in asked)
    assert found.held_out == int(apply_rule(FEW, inputs.frame.iloc[500:]).sum())
    assert found.source == "model"
    assert "the run's model" in repair_in_words(vars_of(found))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"rule": (Condition("y", "in", ["yes"]),)}, "its rule names y, which is what is learned"),
        ({"rule": (Condition("z_1", "between", [0, 1]),)}, "its rule names what is in no column"),
        ({"rule": (*FEW, Condition("x0", "between", [1.0, None]))}, "would miss even a gain of a fifth"),
    ],
)
def test_what_cannot_be_checked_says_why_and_costs_nothing(table, change, why):
    inputs = table()

    def never(rules):
        raise AssertionError("nothing is to be learned")

    asked = replace(gap(inputs), **change)
    found = repair.judge_repairs(inputs, (asked,), CONFIG, never, 0)[0]
    assert (found.outcome, found.source) == ("not checked", None)
    assert why in found.why
    assert repair_in_words(vars_of(found)).startswith("shows what is missing; not checked whether it repairs it: ")


def test_questions_are_left_alone_and_without_a_label_nothing_is_learned(table, build):
    inputs = table()
    assert judged(inputs, gap(inputs, question="only if independent")) == ()
    bare = {name: column for name, column in columns(500, 0).items() if name != "y"}
    inputs = build(bare, np.zeros((500, 2)), outlier=np.zeros(500, bool))
    assert "there is no label" in judged(inputs, gap(inputs))[0].why


def test_only_so_many_gaps_are_checked_and_all_of_their_intervals_hold_together(table, monkeypatch):
    monkeypatch.setattr(repair, "MOST_CHECKED", 1)
    inputs = table(n=500, few=0.3)
    found = judged(inputs, gap(inputs, rows=5, name="G1"), gap(inputs, rows=9, name="G2"))
    assert [each.outcome == "not checked" for each in found] == [True, False]
    assert "only the 1 that ask for most rows" in found[0].why
    assert found[1].level == 0.95


def test_a_number_is_learned_by_its_squared_error_and_trees_do_not_repair_a_group_of_its_own(table):
    found = judged(table(n=500, of=columns_with_a_group_of_its_own))[0]
    assert 0.1 < found.loss < 5
    assert found.outcome != "helps"


def test_the_interval_carries_rows_and_refits_and_counts_copies_once():
    rng = np.random.default_rng(0)
    one = rng.normal(size=200)
    same, alone = np.stack([one] * 3), np.arange(200)
    steady = repair._gain(same, alone, 1.0, 0.95)
    assert steady.value == pytest.approx(one.mean())
    width = steady.ci.high - steady.ci.low
    assert width == pytest.approx(2 * 1.97 * one.std() / np.sqrt(200), rel=0.02)
    moved = repair._gain(same + np.array([[-0.3], [0.0], [0.3]]), alone, 1.0, 0.95)
    assert moved.ci.high - moved.ci.low > 2 * width
    copies = repair._gain(np.repeat(same, 2, axis=1), np.repeat(alone, 2), 1.0, 0.95)
    assert copies.ci.high - copies.ci.low == pytest.approx(width)
    assert repair._gain(same, alone, 2.25, 0.95).detectable > 1.4 * steady.detectable


# --- rows that are written ------------------------------------------------------------------------------------------


def test_rows_of_a_group_meet_its_rule_and_keep_the_rules_of_the_table(table):
    inputs = table()
    rng = np.random.default_rng(0)
    made = trees_generator(inputs, [FEW]).learn(np.arange(800), rng)(FEW, 150, rng)
    assert len(made) == 150
    assert apply_rule(FEW, made).all()
    assert (made["g2"] == "1").all()


@pytest.mark.parametrize(("outcome", "wanted", "rows"), [("helps", False, 40), ("inconclusive", False, 0)])
def test_rows_are_written_where_they_help_or_where_somebody_wants_them(table, outcome, wanted, rows):
    inputs = table(n=400)
    asked = gap(inputs, rows=40)

    def trees(rules):
        return trees_generator(inputs, rules)

    repairs, made = rows_for_gaps(inputs, [asked], [Repair(id="G1", outcome=outcome)], trees, wanted=wanted, seed=0)
    assert repairs[0].written == rows
    assert (0 if made is None else len(made)) == rows
    repairs, made = rows_for_gaps(inputs, [asked], [Repair(id="G1", outcome=outcome)], trees, wanted=True, seed=0)
    assert set(made[FOR]) == {"G1"}
    assert (repairs[0].source, repairs[0].broke_rules, repairs[0].unseen_pairs) == ("trees", 0, 0)
    said = repairs_in_words({"repairs": [vars_of(repairs[0])], "gaps": [{"id": "G1", "name": "few"}]}, 0)
    assert said[-1].strip().startswith("generated.csv: 40 rows, of which 0 break a rule")


def vars_of(found):
    from vaeaudit.report.document import plain

    return plain(found)


@pytest.mark.slow
def test_on_tables_without_truth_rows_are_hardly_ever_offered(table):
    offered = [judged(table(seed=seed, tells=0.0))[0].outcome == "helps" for seed in range(30)]
    assert sum(offered) <= 2
