from __future__ import annotations

import pytest

from vaeaudit.analysis.coverage.findings import MOST_REGIONS, comparison_findings, region_findings
from vaeaudit.analysis.coverage.results import GAP, Comparison, Difference, Region
from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.measures import Interval, Measure

CONFIG = AnalysisConfig()


def region(rank=1, *, baseline="independence", column="sex", high=0.6, **changes):
    return Region(
        id=f"R{rank}",
        baseline=baseline,
        rule=(Condition("age", "between", [60.0, None]), Condition(column, "in", ["Female"])),
        latent_box=(),
        observed=1,
        expected=80.4,
        ratio=1 / 80.4,
        ci=Interval(0.001, high, 0.95),
        p_adjusted=1e-5,
        rows_to_collect=64,
        rows_to_collect_range=(20, 64),
        **{"stability": None, **changes},
    )


def test_a_region_is_told_as_rows_a_rule_and_what_was_to_be_expected():
    (finding,) = region_findings([region()], {"sex"})
    assert finding.id == "region-age-sex"
    assert finding.title.startswith(
        "1 row where age is 60 or more and sex is Female; if these columns were independent"
    )
    assert (finding.kind, finding.anchor) == ("region", "regions")
    assert finding.evidence == {
        "region": "R1",
        "baseline": "independence",
        "observed": 1,
        "expected": 80.4,
        "ratio": 1 / 80.4,
        "ci": [0.001, 0.6],
        "p_adjusted": 1e-5,
        "rows_to_collect": 64,
        "rows_to_collect_range": [20, 64],
        "stability": None,
        "gap_share": None,
    }
    assert "unstable" not in finding.title


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({"baseline": "population", "high": 0.4}, "high"),
        ({"baseline": "population", "high": 0.7}, "medium"),
        ({"column": "sex"}, "medium"),
        ({"column": "job", "high": 0.6}, "low"),
        ({"column": "job", "high": 0.2}, "medium"),
    ],
)
def test_independence_alone_never_makes_a_region_grave(changes, severity):
    (finding,) = region_findings([region(**changes)], {"sex"})
    assert finding.severity == severity


def test_against_independence_the_action_asks_before_it_sends_anyone_out():
    (question,) = region_findings([region()], {"sex"})
    (order,) = region_findings([region(baseline="population")], {"sex"})
    assert question.action.startswith("Ask first")
    assert order.action == "Collect at least 64 such rows."


def test_one_sign_of_many_that_columns_go_together_is_a_hint_and_a_gap_is_more():
    (sign,) = region_findings([region(high=0.1, gap_share=GAP - 0.01)], {"sex"})
    (gap,) = region_findings([region(high=0.1, gap_share=GAP)], {"sex"})
    assert (sign.severity, gap.severity) == ("low", "medium")
    assert sign.action.startswith("These columns go together in other ways too.")
    assert gap.action.startswith("Ask first")


@pytest.mark.parametrize(
    ("gap_share", "high", "severity"), [(0.9, 0.4, "medium"), (0.9, 0.5, "low"), (None, 0.4, "low")]
)
def test_a_gap_in_columns_that_are_otherwise_unrelated_strikes_earlier(gap_share, high, severity):
    (finding,) = region_findings([region(column="job", high=high, gap_share=gap_share)], {"sex"})
    assert finding.severity == severity


@pytest.mark.parametrize("baseline", ["reference", "population", "independence"])
def test_what_seldom_comes_back_is_never_more_than_a_hint_and_says_so(baseline):
    (finding,) = region_findings([region(baseline=baseline, high=0.1, stability=0.2, stable=False)], {"sex"})
    assert finding.severity == "low"
    assert "seldom comes back" in finding.title
    assert finding.evidence["stability"] == 0.2


def test_the_baseline_is_named_in_words():
    (by_reference,) = region_findings([region(baseline="reference", high=0.1)], {"sex"})
    assert "; by the reference data it would be about 80" in by_reference.title
    assert by_reference.severity == "high"
    assert by_reference.evidence["rows_to_collect_range"] == [20, 64]
    (even,) = region_findings([region(baseline="uniform", high=0.1)], {"sex"})
    assert even.severity == "low"
    assert even.action.startswith("Only if a model has to do equally well")


def comparison(auc=None, *columns):
    measure = None if auc is None else Measure(auc, Interval(auc - 0.02, auc + 0.02, 0.95), 900, 0.5)
    return Comparison("before.csv", "0" * 64, 500, 400, measure, columns, ())


def test_a_reference_that_differs_is_one_finding_which_names_where():
    column = Difference("job", "total variation", 0.3, 1e-9, True, "clerk: 40 % here, 10 % in the reference")
    (finding,) = comparison_findings(comparison(0.7, column))
    assert finding.title == (
        "The data differs from before.csv, most of all in job (clerk: 40 % here, 10 % in the reference)"
    )
    assert (finding.kind, finding.severity, finding.evidence["auc"]) == ("representation", "low", 0.7)
    assert (finding.id, finding.anchor) == ("reference-differs", "comparison")
    assert finding.evidence == {
        "n": 500,
        "n_reference": 400,
        "columns": {"job": 0.3},
        "auc": 0.7,
        "ci": [pytest.approx(0.68), pytest.approx(0.72)],
    }
    (apart,) = comparison_findings(comparison(0.95))
    assert (apart.severity, apart.title) == ("medium", "The data differs from before.csv")
    (unasked,) = comparison_findings(comparison(None, column))
    assert (unasked.severity, "auc" in unasked.evidence) == ("low", False)


def test_a_reference_that_does_not_differ_is_no_finding():
    unlikely = Difference("job", "total variation", 0.3, 0.2, False, "clerk: 40 % here, 10 % in the reference")
    tiny = Difference("age", "ks", 0.01, 1e-9, True, "up to 30: 40 % here, 41 % in the reference")
    assert list(comparison_findings(None)) == []
    assert list(comparison_findings(comparison(0.51, unlikely, tiny))) == []


def test_many_regions_share_one_finding_after_the_first():
    found = list(region_findings([region(rank) for rank in range(1, 12)], {"sex"}))
    assert len(found) == MOST_REGIONS + 1
    rest = range(MOST_REGIONS + 1, 12)
    last = found[-1]
    assert (last.id, last.kind, last.severity, last.anchor) == ("region-others", "region", "low", "regions")
    rule = "age is 60 or more and sex is Female"
    assert last.title == f"{len(rest)} more combinations short of rows, such as {rule}"
    assert last.evidence == {
        "regions": len(rest),
        "observed": len(rest),
        "ci": [0.001, 0.6],
        "rules": {f"R{rank}": rule for rank in rest},
    }


@pytest.mark.parametrize(("latents", "severity"), [((), "medium"), (("sex",), "low")])
def test_what_is_told_by_a_latent_is_for_looking_at(latents, severity):
    (finding,) = region_findings([region(high=0.1)], {"sex"}, latents=latents)
    assert finding.severity == severity
