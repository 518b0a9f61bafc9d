from __future__ import annotations

import unicodedata

import pandas as pd
import pytest

from vaeaudit.analysis.checks.va809_level_variants import CHECK
from vaeaudit.analysis.quality.variants import find_variants
from vaeaudit.config import ReadConfig
from vaeaudit.data.reading.load import load


@pytest.fixture
def ask(seen_as_read):
    """The answer about a table of these columns."""
    return lambda **columns: CHECK.ask(seen_as_read(columns))


def test_spellings_of_one_level_are_a_finding_with_the_rows_of_each(ask):
    cities = (
        ["Málaga"] * 20 + [unicodedata.normalize("NFD", "Málaga")] * 10 + ["New York"] * 20 + ["New\u00a0York"] * 10
    )
    answer = ask(sex=["Male"] * 32 + ["MALE"] * 14 + ["male"] * 14, city=cities)
    by_subject = {finding.subject: finding for finding in answer.findings}
    assert set(by_subject) == {"sex", "city"}
    assert "'Male' (32 rows), 'MALE' (14 rows)" in by_subject["sex"].title
    assert by_subject["sex"].evidence["rows_in_another_spelling"] == 28
    assert len(by_subject["city"].evidence["levels"]) == 2
    assert by_subject["sex"].severity == "medium"


def test_few_rows_in_another_spelling_are_low(ask):
    (finding,) = ask(sex=["f", "m"] * 120 + ["F"]).findings
    assert finding.severity == "low"


def test_levels_that_differ_by_a_letter_pass(ask):
    assert ask(sex=["f", "m", "d"] * 20).state == "passed"


def test_levels_that_no_row_holds_do_not_count():
    values = pd.Series(pd.Categorical(["a", "b"] * 30, categories=["a", "b", "A"]))
    dataset = load(pd.DataFrame({"x": range(60), "g": values}), ReadConfig())
    assert find_variants(dataset.frame, dataset.schema) == ()
