"""The section on what an audit could have seen says shares with intervals, or that nothing was measured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vaeaudit.analysis.power.results import SmallestGap
from vaeaudit.analysis.power.summary import detectable, summarise_power
from vaeaudit.outputs.plantings import Planted, Plantings
from vaeaudit.report.sections.power import power

COUNTS = (
    Planted("gap", "reference", 0.9, (0.02, 0.05), "first five", 20, 18),
    Planted("gap", "reference", 0.9, (0.02, 0.05), "listed", 20, 19),
    Planted("gap", "reference", 0.5, (0.02, 0.05), "first five", 20, 2),
    Planted("gap", "reference", 0.9, (0.05, 0.1), "first five", 20, 20),
    Planted("broken row", "sentinel", 0.01, (), "first", 50, 25),
    Planted("broken row", "unit slip", 0.01, (), "first", 50, 15),
    Planted("broken row", "wrong level", 0.01, (), "cell named", 0, 0),
)
GAPS = (
    SmallestGap("sex", "female", "population", 300.0, 0.35),
    SmallestGap("sex", "other", "population", 2.0, None),
    SmallestGap("race", "a", None, None, None),
)
LINES = summarise_power(Plantings(1_000, COUNTS), 0.95)


def text_of(section: Any) -> str:
    return str(section)


def test_what_was_not_planted_is_said_to_be_not_measured(results: Any) -> None:
    assert "Not measured" in text_of(power(replace(results, power=(), smallest_gaps=())))


def test_shares_are_pooled_over_sizes_and_kinds_and_carry_an_interval() -> None:
    said = detectable(LINES, "gap", "reference")
    assert said.startswith("Of 40 gaps planted in copies of this data, 95.0 %")
    assert "where 90 % of the rows were deleted" in said
    assert "where 50 % of the rows were deleted" in said
    assert detectable(LINES, "broken row").startswith(
        "Of 100 rows with one wrong cell planted in copies of this data, 40.0 %"
    )
    assert detectable(LINES, "gap", "independence") == ""
    assert len(LINES) == len(COUNTS) - 1  # a share of none is no share


def test_the_smallest_gap_of_each_group_is_shown(results: Any) -> None:
    shown = text_of(power(replace(results, power=LINES, smallest_gaps=GAPS)))
    assert "35 %" in shown
    assert "not even its absence" in shown
    assert "no gap could be told" in shown
