from __future__ import annotations

from dataclasses import replace

import pytest

from vaeaudit.analysis.checks.va301_rows_that_do_not_belong import CHECK
from vaeaudit.statistics.measures import Interval


@pytest.fixture
def ask(seen_of, healthy):
    """The answer where so many of 1,000 rows are flagged."""

    def asked(flagged, **changes):
        outliers = replace(healthy.outliers, flagged=flagged, by_column={"pay": flagged} if flagged else {})
        return CHECK.ask(seen_of(outliers=outliers, **changes))

    return asked


def test_flagged_rows_are_one_finding_with_number_share_and_column(ask):
    answer = ask(60)
    (finding,) = answer.findings
    assert (answer.state, answer.tested, finding.id) == ("finding", 1_000, "VA301")
    assert finding.title == "60 rows (6.0 %) do not belong with the rest, most often for pay (60)"
    assert (finding.evidence["flagged"], finding.evidence["share"]) == (60, 0.06)
    assert finding.action.startswith("Read flagged.csv from the top")
    assert ask(1).findings[0].title.startswith("1 row (0.10 %) does not belong")


@pytest.mark.parametrize(("flagged", "severity"), [(15, "low"), (25, "low"), (60, "medium")])
def test_it_is_graver_only_where_the_whole_interval_is_beyond_the_tolerated_share(ask, flagged, severity):
    assert ask(flagged).findings[0].severity == severity


def test_pictures_are_to_be_looked_at(ask, of_pictures):
    assert ask(15, inputs=of_pictures).findings[0].action.startswith("Look at the pictures named in flagged.csv")


def test_no_flagged_row_is_a_pass_that_claims_no_proof(ask):
    answer = ask(0)
    assert answer.state == "passed"
    assert answer.why.endswith("at a false-discovery rate of 5 %; that is no proof that all belong.")


def test_a_model_that_learned_nothing_calls_no_picture_an_outlier_but_rows_of_a_table_are_not_judged_by_it(
    ask, healthy, of_pictures
):
    blind = replace(healthy.model, gain_ci=Interval(-0.1, 0.1, 0.95))
    assert ask(60, model=blind) == ask(60)
    answer = ask(60, model=blind, inputs=of_pictures)
    assert (answer.state, answer.findings) == ("inconclusive", ())
    assert answer.why == "What the model gained could be chance (VA702), so no row can be called an outlier."
