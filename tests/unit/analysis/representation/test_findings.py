from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.analysis.representation.findings import representation_findings, rows_to_collect
from vaeaudit.analysis.representation.representation import Representation, assess_representation
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.population_shares import Population, PopulationColumn
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.statistics.intervals import wilson
from vaeaudit.statistics.measures import Interval

CONFIG = AnalysisConfig()


def cell(n, total, *, reference=None, status=None, attributes=("sex",), group=("Female",)):
    low, high = (float(bound) for bound in wilson(n, total, 0.95))
    return Representation(
        attributes=attributes,
        group=group,
        n=n,
        share=n / total,
        ci=Interval(low, high, 0.95),
        baseline="balance" if reference is None else "population",
        reference_share=reference,
        ratio=None if reference is None else n / total / reference,
        p_adjusted=None if reference is None else 1e-6,
        status=status,
    )


@given(st.integers(0, 900), st.floats(0.05, 0.9))
def test_the_rows_to_collect_bring_the_share_to_the_goal_and_no_fewer_do(n, reference):
    total = 1_000
    rows = rows_to_collect(cell(n, total, reference=reference), 1.0)
    assert (n + rows) / (total + rows) >= reference - 1e-9
    assert rows == 0 or (n + rows - 1) / (total + rows - 1) < reference + 1e-9


def test_one_group_that_is_short_is_named_with_its_figures():
    (finding,) = representation_findings([cell(330, 1_000, reference=0.52, status="under")], CONFIG)
    assert finding.id == "representation-sex-female"
    assert finding.severity == "high"
    assert finding.title == "sex = Female: 33.0 % [30.2, 36.0] of the rows, 52.0 % of the population"
    assert finding.evidence["n"] == 330
    assert finding.evidence["rows_to_tolerance"] == 148  # (330 + 148) / 1148 = 0.416 = 0.8 * 0.52
    assert "148" in finding.action


def test_many_short_groups_of_one_attribute_are_one_finding_that_starts_with_the_largest_gap():
    cells = [
        cell(40, 10_000, reference=0.01, status="under", attributes=("race",), group=("small",)),
        cell(1_000, 10_000, reference=0.4, status="under", attributes=("race",), group=("large",)),
        cell(8_960, 10_000, reference=0.59, status="over", attributes=("race",), group=("most",)),
    ]
    under, over = representation_findings(cells, CONFIG)
    assert under.title.startswith("race = large")
    assert under.evidence["groups"] == 2
    assert (under.id, over.id) == ("representation-race-under", "representation-race-over")
    assert over.severity == "low"


def test_combinations_of_groups_that_are_short_already_are_less_grave_than_new_ones():
    pair = {"attributes": ("sex", "race"), "group": ("Female", "Black")}
    hidden = cell(5, 1_000, reference=0.06, status="under", **pair)
    short = cell(330, 1_000, reference=0.52, status="under")
    explained = list(representation_findings([short, hidden], CONFIG))
    assert [finding.severity for finding in explained] == ["high", "medium"]
    (new,) = representation_findings([cell(500, 1_000, reference=0.5, status="ok"), hidden], CONFIG)
    assert (new.severity, new.id) == ("high", "representation-sex-race-female-black")


def test_groups_within_tolerance_or_undecided_are_no_finding():
    cells = [cell(500, 1_000, reference=0.5, status="ok"), cell(90, 200, reference=0.5, status="inconclusive")]
    assert list(representation_findings(cells, CONFIG)) == []


def planted_table(build, n_rows, *, empty):
    rng = np.random.default_rng(0)
    sex = rng.choice(["f", "m"], n_rows)
    region = rng.choice(["north", "south", "east"], n_rows)
    if empty:
        region = np.where((sex == "f") & (region == "east"), "north", region)
    table = {"sex": (sex, Kind.CATEGORY, Role.SENSITIVE), "region": (region, Kind.CATEGORY, Role.SENSITIVE)}
    return build(table, rng.normal(size=(n_rows, 1)))


def test_an_empty_combination_that_chance_does_not_explain_is_a_finding(build):
    inputs = planted_table(build, 600, empty=True)
    cells = assess_representation(inputs.frame, inputs.schema, CONFIG).cells
    (finding,) = representation_findings(cells, CONFIG)
    assert finding.id == "representation-sex-region-empty"
    assert "sex = f, region = east" in finding.title
    assert finding.evidence["empty"][0]["expected_if_independent"] == pytest.approx(50, rel=0.3)


def test_an_empty_combination_that_was_hardly_to_be_expected_is_not(build):
    inputs = planted_table(build, 12, empty=True)
    cells = assess_representation(inputs.frame, inputs.schema, CONFIG).cells
    assert any(entry.n == 0 for entry in cells)
    assert [finding.id for finding in representation_findings(cells, CONFIG)] == ["representation-small-groups"]


def test_small_groups_are_one_finding_smallest_first():
    cells = [cell(n, 1_000, attributes=("race",), group=(name,)) for n, name in ((29, "a"), (2, "b"), (969, "c"))]
    (finding,) = representation_findings(cells, CONFIG)
    assert finding.title == "Too small to judge: race = b (2 rows) and race = a (29 rows)"


def test_a_population_that_the_data_matches_gives_no_finding(build):
    inputs = planted_table(build, 3_000, empty=False)
    population = Population("p", (PopulationColumn("sex", levels=("f", "m")),), (0.5, 0.5))
    cells = assess_representation(inputs.frame, inputs.schema, CONFIG, population).cells
    assert list(representation_findings(cells, CONFIG)) == []
