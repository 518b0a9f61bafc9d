from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.checks.va806_placeholder_values import CHECK
from vaeaudit.analysis.grouping.rules import satisfies
from vaeaudit.config import ReadConfig
from vaeaudit.data.reading.load import load


@pytest.fixture
def ask(people, seen_of):
    def asked(**columns):
        data = load(pd.DataFrame(columns), ReadConfig())
        return CHECK.ask(seen_of(inputs=replace(people, frame=data.frame, schema=data.schema))), data.frame

    return asked


@pytest.fixture
def weight(people):
    return np.random.default_rng(2).normal(60, 12, len(people.frame)).round(1)


@pytest.mark.parametrize(("rows", "severity"), [(300, "medium"), (8, "low")])
def test_a_code_is_told_with_count_option_and_rule(ask, weight, rows, severity):
    weight[:rows] = -999
    clinic = np.where(np.arange(len(weight)) < rows, "b", "a")
    answer, frame = ask(weight=weight, clinic=clinic)
    (finding,) = answer.findings
    assert (finding.severity, finding.evidence["rows"]) == (severity, rows)
    assert finding.title.startswith(f"weight is -999 in {rows} rows of 1,500; the nearest other value is ")
    assert finding.title.endswith(f"; {rows} of them where clinic = b, which holds {rows} rows in all")
    assert "--na 'weight=-999'" in finding.action
    assert int(satisfies(finding.rule[0], frame["weight"]).sum()) == rows


def test_the_option_that_is_named_makes_them_missing(weight):
    weight[:30] = -999
    frame = load(pd.DataFrame({"weight": weight, "row": weight[::-1]}), ReadConfig(na=("weight=-999",))).frame
    assert frame["weight"].isna().sum() == 30


def test_columns_without_codes_pass_and_none_to_judge_is_not_asked(ask, weight):
    assert (ask(weight=weight)[0].state, ask(weight=weight)[0].tested) == ("passed", 1)
    assert ask(word=["a", "b", "c"] * 500)[0].state == "not_applicable"
