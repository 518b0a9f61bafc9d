"""What says the same as the label, a sensitive column or an earlier column stays out of the model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.rules.exceptions import broken_cells
from vaeaudit.analysis.rules.find import find_rules
from vaeaudit.analysis.rules.repeats import without_repeats
from vaeaudit.config import ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.reading.load import load

N = 600
RNG = np.random.default_rng(8)
BORN = RNG.integers(0, 12_000, N)
SEX = RNG.integers(0, 2, N)
PASSED = RNG.integers(0, 2, N)
PART = RNG.integers(0, 4, N)
SCORE = np.round(RNG.normal(50, 9, N), 1)
FRAME = pd.DataFrame(
    {
        "score": SCORE,
        "score_in_halves": SCORE * 2,
        "woman": SEX,
        "man": 1 - SEX,
        "age": 80 - BORN // 365,
        "born": pd.Timestamp("1940-01-01") + pd.to_timedelta(BORN, "D"),
        "age_band": np.array(["young", "middle", "old"])[np.digitize(80 - BORN // 365, [58, 68])],
        **{f"home_{place}": (place == PART).astype(int) for place in range(4)},
        "passed": PASSED,
        "failed": np.where(PASSED == 1, "no", "yes"),
    }
)


def read(**options: object) -> Dataset:
    config = ReadConfig(**options)
    dataset = load(FRAME, config)
    return without_repeats(dataset, find_rules(dataset.frame, dataset.schema), config.include)


def test_other_spellings_of_the_label_and_of_sensitive_columns_stay_out_and_say_why() -> None:
    schema = read(label="passed", sensitive=("woman", "age", "home_1")).schema
    same = {column.name: column.same_as for column in schema if column.same_as}
    assert same == {
        "failed": "passed", "man": "woman", "born": "age", "age_band": "age", "score_in_halves": "score",
        "home_0": "home_1", "home_2": "home_1", "home_3": "home_1",
    }  # fmt: skip
    assert [column.name for column in schema.modelled] == ["score"]
    assert "says the same as the label passed" in schema["failed"].problems[-1]
    assert "--include born" in schema["born"].problems[-1]


def test_what_is_asked_in_stays_in() -> None:
    assert read(label="passed", include=("failed",)).schema["failed"].in_model


def test_a_table_of_which_nothing_would_be_left_keeps_its_columns() -> None:
    frame = FRAME[["passed", "failed"]]
    config = ReadConfig(label="passed")
    dataset = load(frame, config)
    kept = without_repeats(dataset, find_rules(dataset.frame, dataset.schema), ())
    assert [column.name for column in kept.schema.modelled] == ["failed"]


@pytest.fixture
def work() -> Dataset:
    """A table in which two people begin to work after they ended, and their names are personal data."""
    begun = RNG.integers(0, 5_000, N)
    ended = begun + RNG.exponential(300, N).astype(int)
    ended[[7, 11]] = begun[[7, 11]] - 40
    start = pd.Timestamp("2000-01-01")
    return load(
        pd.DataFrame(
            {
                "x": RNG.normal(size=N),
                "begun": start + pd.to_timedelta(begun, "D"),
                "ended": start + pd.to_timedelta(ended, "D"),
            }
        ),
        ReadConfig(),
    )


def test_cells_that_break_a_rule_are_listed_with_what_they_do_not_go_with(work: Dataset) -> None:
    rules = find_rules(work.frame, work.schema)
    lines = broken_cells(rules, work.frame, work.schema, work.row_ids, np.zeros(N, dtype=bool))
    assert lines["row_id"].tolist() == ["7", "11"]
    assert set(lines["column"]) | set(lines["partner"]) == {"begun", "ended"}
    assert lines["rule"].tolist() == ["begun is never after ended"] * 2


def test_columns_that_are_set_aside_take_part_in_no_rule_and_keep_their_place() -> None:
    dataset = load(FRAME, ReadConfig())
    rules = find_rules(dataset.frame, dataset.schema, aside=dataset.schema.names[:-2])
    assert {name for rule in rules.rules for name in rule.columns} == {"passed", "failed"}
    assert rules.order == dataset.schema.names
