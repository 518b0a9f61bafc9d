from __future__ import annotations

from dataclasses import replace

import pytest

from vaeaudit.analysis.checks.base import unmet
from vaeaudit.analysis.checks.va302_cells_that_contradict import CHECK
from vaeaudit.analysis.outliers.results import CellSummary
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.statistics.measures import Interval


@pytest.fixture
def ask(seen_of, healthy):
    """The answer where so many of 1,000 rows hold a suspicious cell, and so many of these are flagged as a whole."""

    def asked(rows, flagged_rows=0, **changes):
        cells = CellSummary(
            definition="How much a cell surprises.",
            fdr=0.05,
            flagged=rows,
            n=8_000,
            rows=rows,
            share_of_rows=rows / 1_000,
            ci=share_interval(rows, 1_000, 0.95),
            rows_not_flagged=rows - flagged_rows,
            by_column={"hours": rows} if rows else {},
            top=(),
        )
        return CHECK.ask(seen_of(outliers=replace(healthy.outliers, cells=cells), **changes))

    return asked


def test_suspicious_cells_are_one_finding_that_counts_the_rows_that_are_not_flagged(ask):
    answer = ask(15, 5)
    (finding,) = answer.findings
    assert (answer.state, answer.tested, finding.id) == ("finding", 8_000, "VA302")
    assert finding.title == (
        "15 cells contradict the rest of their rows, in hours (15); 10 rows with such a cell are not flagged as a whole"
    )
    assert (finding.evidence["rows"], finding.evidence["rows_not_flagged"]) == (15, 10)
    assert finding.evidence["ci"][0] < finding.evidence["share_of_rows"] < finding.evidence["ci"][1]
    assert "cells.csv" in finding.action


@pytest.mark.parametrize(("rows", "severity"), [(25, "low"), (60, "medium")])
def test_it_is_graver_only_where_the_whole_interval_is_beyond_the_tolerated_share(ask, rows, severity):
    assert ask(rows).findings[0].severity == severity


def test_cells_of_rows_that_are_flagged_anyway_are_not_told_twice(ask):
    answer = ask(15, 15)
    assert (answer.state, answer.findings) == ("passed", ())
    assert "beside those of rows that are flagged as a whole" in answer.why


def test_cells_are_not_judged_by_the_model_of_latents(ask, healthy):
    assert ask(15, model=replace(healthy.model, gain_ci=Interval(-0.1, 0.1, 0.95))) == ask(15)


def test_a_run_that_did_not_look_at_cells_and_pictures_have_nothing_to_ask(seen_of, of_pictures):
    assert CHECK.ask(seen_of()).state == "not_applicable"
    assert unmet(CHECK, seen_of(inputs=of_pictures)) == ("not_applicable", "The data is of another kind.")
