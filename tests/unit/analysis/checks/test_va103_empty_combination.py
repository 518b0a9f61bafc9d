from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.checks.base import unmet
from vaeaudit.analysis.checks.va103_empty_combination import CHECK
from vaeaudit.analysis.representation.representation import assess_representation
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind, Role

CONFIG = AnalysisConfig()


@pytest.fixture
def ask(build, seen_of):
    """The answer about so many rows of two sexes in three regions, with or without women in the east."""

    def asked(n_rows, *, empty):
        rng = np.random.default_rng(0)
        sex = rng.choice(["f", "m"], n_rows)
        region = rng.choice(["north", "south", "east"], n_rows)
        if empty:
            region = np.where((sex == "f") & (region == "east"), "north", region)
        table = {"sex": (sex, Kind.CATEGORY, Role.SENSITIVE), "region": (region, Kind.CATEGORY, Role.SENSITIVE)}
        inputs = build(table, rng.normal(size=(n_rows, 1)))
        cells = assess_representation(inputs.frame, inputs.schema, CONFIG).cells
        return CHECK.ask(seen_of(inputs=inputs, representation=cells))

    return asked


def test_an_empty_combination_that_chance_does_not_explain_is_a_finding(ask):
    answer = ask(600, empty=True)
    (finding,) = answer.findings
    assert (answer.state, answer.tested) == ("finding", 6)
    assert (finding.id, finding.severity) == ("VA103-sex-region", "medium")
    assert finding.title.startswith("1 combination of sensitive groups without a single row")
    assert "sex = f, region = east" in finding.title
    assert finding.evidence["empty"][0]["expected_if_independent"] == pytest.approx(50, rel=0.3)
    assert [condition.value for condition in finding.rule] == [["f"], ["east"]]


def test_an_empty_combination_that_was_hardly_to_be_expected_is_not(ask):
    answer = ask(12, empty=True)
    assert (answer.state, answer.findings) == ("passed", ())


def test_where_every_combination_has_rows_it_passes(ask):
    answer = ask(600, empty=False)
    assert answer.why == "None of 6 combinations is empty although its groups are large enough for some rows."


def test_one_attribute_alone_or_given_shares_leave_nothing_to_ask(seen_of, cell):
    alone = (cell(400), cell(600, group=("male",)))
    assert CHECK.ask(seen_of(representation=alone)).state == "not_applicable"
    crossed = cell(0, reference=0.1, status="under", attributes=("sex", "race"), group=("female", "black"))
    assert CHECK.ask(seen_of(representation=(*alone, crossed))).state == "not_applicable"


def test_without_a_sensitive_column_it_is_not_asked(seen_of, people):
    nobody = replace(people, schema=type(people.schema)(tuple(people.schema)[:5]))
    assert unmet(CHECK, seen_of(inputs=nobody)) == ("not_asked", "Give --sensitive COL.")
