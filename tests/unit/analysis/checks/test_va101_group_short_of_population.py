from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.analysis.checks.base import unmet
from vaeaudit.analysis.checks.va101_group_short_of_population import CHECK, noticed
from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.analysis.representation.representation import assess_representation
from vaeaudit.analysis.representation.shortfall import rows_to_collect
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.population_shares import Population, PopulationColumn
from vaeaudit.data.schema.columns import Kind, Role

CONFIG = AnalysisConfig()
BOTH = {"attributes": ("sex", "race"), "group": ("female", "black")}


@pytest.fixture
def ask(seen_of, census):
    """The answer about these groups."""
    return lambda *cells, **changes: CHECK.ask(seen_of(representation=cells, population=census, **changes))


def test_a_planted_shortfall_is_found_and_its_rule_picks_the_rows_that_the_title_counts(people, seen_of):
    shares = (0.5, 0.5)
    census = Population("census.csv", (PopulationColumn("sex", levels=("female", "male")),), shares)
    cells = assess_representation(people.frame, people.schema, CONFIG, census).cells
    answer = CHECK.ask(seen_of(representation=cells, population=census))
    (finding,) = answer.findings
    assert (answer.state, finding.id, finding.severity) == ("finding", "VA101-sex", "high")
    women = int(np.count_nonzero(people.frame["sex"] == "female"))
    assert finding.evidence["n"] == women == np.count_nonzero(apply_rule(finding.rule, people.frame))
    assert finding.title.startswith(f"sex = female: {100 * women / 1_500:.1f} %")


@given(n=st.integers(0, 900), reference=st.floats(0.05, 0.9))
def test_the_rows_to_collect_bring_the_share_to_the_goal_and_no_fewer_do(cell, n, reference):
    total = 1_000
    rows = rows_to_collect(cell(n, total, reference=reference), 1.0)
    assert (n + rows) / (total + rows) >= reference - 1e-9
    assert rows == 0 or (n + rows - 1) / (total + rows - 1) < reference + 1e-9


def test_one_group_that_is_short_is_named_with_its_figures(ask, cell):
    answer = ask(cell(330, reference=0.52, status="under"))
    (finding,) = answer.findings
    assert finding.id == "VA101-sex"
    assert finding.title == "sex = female: 33.0 % [30.2, 36.0] of the rows, 52.0 % of the population"
    assert (finding.evidence["n"], finding.evidence["group"]) == (330, {"sex": "female"})
    assert finding.evidence["rows_to_collect"] == 148  # (330 + 148) / 1148 = 0.416 = 0.8 * 0.52
    assert finding.action.startswith("Collect at least 148 with sex = female (to reach 80 % of the share)")
    assert answer.why == f"{finding.title}."


def test_many_short_groups_of_one_attribute_are_one_finding_that_starts_with_the_one_that_lacks_most_rows(ask, cell):
    answer = ask(
        cell(40, 10_000, reference=0.01, status="under", attributes=("race",), group=("small",)),
        cell(1_000, 10_000, reference=0.4, status="under", attributes=("race",), group=("large",)),
        cell(8_960, 10_000, reference=0.59, status="over", attributes=("race",), group=("most",)),
    )
    (finding,) = answer.findings
    assert finding.title.startswith("race = large")
    assert finding.title.endswith("; 1 more group short of their share")
    assert finding.evidence["groups"] == 2
    assert [gap["group"]["race"] for gap in finding.evidence["largest_gaps"]] == ["large", "small"]
    assert "each alone to reach" in finding.action
    assert answer.tested == 3


def test_combinations_of_groups_that_are_short_already_are_less_grave_than_new_ones(ask, cell):
    hidden = cell(5, reference=0.06, status="under", **BOTH)
    explained = ask(cell(330, reference=0.52, status="under"), hidden)
    assert [finding.severity for finding in explained.findings] == ["high", "medium"]
    assert explained.why.endswith(" And 1 more.")
    (new,) = ask(cell(500, reference=0.5, status="ok"), hidden).findings
    assert (new.severity, new.id) == ("high", "VA101-sex-race")


def test_of_combinations_of_several_attributes_the_worst_is_named_and_the_others_are_counted(ask, cell):
    other = cell(9, reference=0.1, status="under", attributes=("sex", "age"), group=("female", "< 30"))
    (finding,) = ask(other, cell(3, reference=0.1, status="under", **BOTH)).findings
    assert finding.id == "VA101-combinations"
    assert finding.title.startswith("sex = female, race = black: 0.30 %")
    assert finding.title.endswith("; 1 more group short of their share")


def test_groups_within_tolerance_pass_and_it_is_said_what_would_have_been_noticed(ask, cell):
    answer = ask(cell(500, reference=0.5, status="ok"), cell(500, reference=0.5, status="ok", group=("male",)))
    assert (answer.state, answer.tested, answer.findings) == ("passed", 2, ())
    assert answer.why == "None of 2 groups and combinations is surely below 80 % of its share."
    assert answer.detectable == noticed(1_000, CONFIG)


def test_a_single_group_that_cannot_be_told_leaves_the_check_open_but_an_intersection_does_not(ask, cell):
    fine = cell(500, reference=0.5, status="ok")
    alone = ask(fine, cell(40, reference=0.05, status="inconclusive", group=("other",)))
    assert alone.state == "inconclusive"
    assert alone.why == "The share of sex = other cannot be told from so few rows."
    assert ask(fine, cell(2, reference=0.004, status="inconclusive", **BOTH)).state == "passed"


def test_a_population_that_describes_no_sensitive_attribute_is_no_pass(ask, cell):
    assert ask(cell(500)).state == ask().state == "inconclusive"
    assert "describes none of the sensitive attributes" in ask(cell(500)).why


def test_a_population_that_the_data_matches_gives_no_finding(build, seen_of):
    rng = np.random.default_rng(0)
    table = {"sex": (rng.choice(["f", "m"], 3_000), Kind.CATEGORY, Role.SENSITIVE)}
    inputs = build(table, rng.normal(size=(3_000, 1)))
    census = Population("p", (PopulationColumn("sex", levels=("f", "m")),), (0.5, 0.5))
    cells = assess_representation(inputs.frame, inputs.schema, CONFIG, census).cells
    assert CHECK.ask(seen_of(inputs=inputs, representation=cells, population=census)).state == "passed"


@pytest.mark.parametrize("n_rows", [1_000, 5_000])
def test_a_group_at_the_share_that_would_be_noticed_is_noticed_four_times_in_five(n_rows):
    share = float(noticed(n_rows, CONFIG).split(" once it is ")[1].removesuffix(" % or less.")) / 100
    rng = np.random.default_rng(0)
    from vaeaudit.statistics.intervals import wilson

    high = wilson(rng.binomial(n_rows, share, size=2_000), n_rows, CONFIG.confidence)[1]
    assert 0.7 < np.mean(high < CONFIG.min_ratio * 0.1) < 0.95


def test_with_too_few_rows_it_is_said_that_nothing_would_be_noticed():
    assert noticed(20, CONFIG) == "Among 20 rows not even the absence of a group of 10 % is sure."


def test_without_shares_or_groups_it_is_not_asked_and_says_what_to_give(seen_of, build, census):
    assert unmet(CHECK, seen_of()) == ("not_asked", "Give --population FILE.")
    assert unmet(CHECK, seen_of(population=census)) is None
    bare = build({"x": (np.arange(9), Kind.REAL)}, np.zeros((9, 1)))
    assert unmet(CHECK, seen_of(inputs=bare)) == ("not_asked", "Give --sensitive COL and --population FILE.")
