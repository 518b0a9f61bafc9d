from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.audit.asking import ask_all
from vaeaudit.analysis.audit.policy import DEFAULT_POLICY, judge
from vaeaudit.analysis.checks.registry import all_checks
from vaeaudit.analysis.conclusions import Finding, PolicyRule, VerdictReason
from vaeaudit.analysis.coverage.results import GAP
from vaeaudit.analysis.inputs import Reference
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.dataset import RowAccounting
from vaeaudit.errors import UsageError
from vaeaudit.statistics.measures import Interval

BAD = RowAccounting(1_000, 900, 100, 0)
UNREAD = "100 of 1,000 records (10.0 %) could not be read"


@pytest.fixture
def groups(cell):
    """Women and men as the population has them."""
    return tuple(cell(500, reference=0.5, status="ok", group=(name,)) for name in ("female", "male"))


@pytest.fixture
def verdict(seen_of, census, groups):
    """The verdict on the healthy people with their shares, under changes."""

    def judged(**changes):
        return judge(*ask_all(seen_of(**({"population": census, "representation": groups} | changes))))

    return judged


@pytest.fixture
def answers(seen_of, census, groups):
    """The results of all checks with nothing to find, those named in other states."""
    results, _ = ask_all(seen_of(population=census, representation=groups))

    def made(**states):
        return [
            replace(result, state=states.get(result.code, "passed"), why=f"Of {result.code}.", findings=())
            for result in results
        ]

    return made


def finding(code, severity, title="It is so"):
    return Finding(code, "", "other", severity, title, {}, "Act.", "quality")


def test_where_nothing_speaks_against_it_the_dataset_passes_and_the_sentence_counts(verdict):
    answer = verdict()
    assert (answer.status, answer.checks, answer.policy) == ("pass", (), DEFAULT_POLICY)
    assert answer.sentence.startswith("Nothing that was checked speaks against training on it: ")
    assert answer.sentence.endswith(" checks passed.")


def test_less_grave_findings_are_counted_and_fail_nothing(verdict):
    answer = verdict(rows=RowAccounting(1_000, 999, 1, 0))
    assert answer.status == "pass"
    assert answer.sentence.endswith(" checks passed; 1 finding of less weight.")


def test_unreadable_records_fail_and_are_told(verdict):
    answer = verdict(rows=BAD)
    assert answer.status == "fail"
    assert answer.sentence == f"Not ready to train on as it is: {UNREAD}."
    assert answer.checks == (VerdictReason("VA801", "fail", "finding", UNREAD),)


def test_a_group_that_is_short_of_its_share_fails_and_is_named(verdict, cell, groups):
    answer = verdict(representation=(cell(330, reference=0.52, status="under"), groups[1]))
    assert answer.status == "fail"
    assert "sex = female: 33.0 % [30.2, 36.0] of the rows, 52.0 % of the population" in answer.sentence


def test_the_first_reason_is_spelled_out_and_the_others_are_counted(answers):
    findings = [finding(code, "high", f"{code} is bad") for code in ("VA801", "VA101", "VA601")]
    answer = judge(answers(), findings)
    assert answer.sentence == "Not ready to train on as it is: VA801 is bad; and 2 more."
    assert len(answer.checks) == 3


@pytest.mark.parametrize(
    ("code", "severity", "status"),
    [
        ("VA101", "high", "fail"),
        ("VA101", "medium", "fail"),
        ("VA101", "low", "pass"),
        ("VA801", "medium", "pass"),
        ("VA451", "medium", "pass"),
        ("VA451", "high", "inconclusive"),
    ],
)
def test_a_finding_fails_from_the_severity_that_the_policy_says(answers, code, severity, status):
    assert judge(answers(**{code: "finding"}), [finding(code, severity)]).status == status


def test_failures_come_before_what_could_not_be_told_and_both_are_said(verdict):
    answer = verdict(rows=RowAccounting(1_000, 100, 900, 0))
    assert answer.status == "fail"
    assert [(reason.code, reason.effect) for reason in answer.checks] == [("VA801", "fail"), ("VA701", "hold")]
    assert answer.sentence == (
        "Not ready to train on as it is: 900 of 1,000 records (90.0 %) could not be read. "
        "1 question could not be settled."
    )


def test_too_few_rows_are_inconclusive_and_never_a_pass(verdict):
    answer = verdict(rows=RowAccounting(239, 239, 0, 0))
    assert answer.status == "inconclusive"
    assert answer.sentence == "No verdict yet: 1 question could not be settled."
    assert answer.checks[0].why == "With 239 rows there are too few to tell."


def test_a_model_without_gain_leaves_the_verdict_open(verdict, healthy):
    answer = verdict(model=replace(healthy.model, gain_ci=Interval(-0.1, 0.1, 0.95)))
    assert answer.status == "inconclusive"
    assert {"VA702"} == {reason.code for reason in answer.checks}  # what rests on it is not told again


def test_regions_that_could_not_be_tested_are_no_pass(verdict):
    assert verdict(regions_tested=0).status == "inconclusive"


def test_a_check_that_the_policy_does_not_name_may_stay_open(answers):
    assert judge(answers(VA603="inconclusive", VA204="not_asked", VA601="not_asked"), []).status == "pass"


def test_a_grave_finding_of_a_check_that_is_not_named_needs_a_person(answers):
    answer = judge(answers(VA451="finding"), [finding("VA451", "high", "Women are hired half as often")])
    assert answer.status == "inconclusive"
    assert answer.sentence == "No verdict yet: 1 grave finding needs a person's judgement."
    assert answer.checks == (VerdictReason("VA451", "hold", "finding", "Women are hired half as often"),)
    failed = judge(answers(), [finding("VA801", "high", "Unread"), finding("VA451", "high", "Unequal")])
    assert failed.sentence == "Not ready to train on as it is: Unread. 1 grave finding needs a person's judgement."


def test_a_required_check_that_was_not_asked_holds_the_verdict_back_and_says_what_to_give(seen_of):
    answer = judge(*ask_all(seen_of()))
    assert answer.status == "inconclusive"
    assert answer.sentence == "No verdict yet: whether it is representative was not checked."
    assert answer.checks[0].why == "Whether it is representative. Give --population FILE or --reference DATA."
    assert [(reason.code, reason.effect) for reason in answer.checks] == [("VA101", "hold")]


def test_where_nobody_was_declared_it_is_said_that_no_group_was_judged(seen_of, people, census):
    nobody = replace(people, schema=type(people.schema)(tuple(people.schema)[:5]))
    alone = judge(*ask_all(seen_of(inputs=nobody)))
    assert alone.sentence.endswith(
        "whether it is representative was not checked. No sensitive attribute was declared, so nothing was judged "
        "about groups of people."
    )
    assert alone.checks[0].why == "Whether it is representative. Give --reference DATA or --population FILE."
    assert judge(*ask_all(seen_of(inputs=nobody, population=census))).status == "pass"


def test_a_check_that_stands_in_for_it_is_enough(seen_of, people):
    reference = Reference("before.csv", "0" * 64, people.frame, people.codes, np.zeros(len(people.frame), dtype=bool))
    answer = judge(*ask_all(seen_of(inputs=replace(people, reference=reference))))
    assert answer.status == "pass"
    assert "not checked" not in answer.sentence


def test_what_cannot_be_given_is_not_asked_for(answers):
    policy = {"VA302": PolicyRule("high", required=True, about="whether cells fit")}
    results = [
        replace(result, why="The data is of another kind.") if result.code == "VA302" else result
        for result in answers(VA302="not_applicable")
    ]
    answer = judge(results, [], policy)
    assert (answer.status, answer.sentence) == ("inconclusive", "No verdict yet: whether cells fit was not checked.")


@pytest.mark.parametrize("baseline", ["reference", "population"])
def test_a_region_fails_against_stated_shares_and_only_where_it_comes_back(answers, baseline, seen_of, short_region):
    code = {"reference": "VA201", "population": "VA202"}[baseline]
    for stable, status in ((True, "fail"), (False, "pass")):
        seen = seen_of(regions=(short_region(baseline=baseline, stable=stable),))
        found = all_checks()[code].ask(seen).findings
        assert judge(answers(**{code: "finding"}), found).status == status


@pytest.mark.parametrize("changes", [{"high": 0.1}, {"high": 0.1, "gap_share": GAP}, {"column": "job"}])
def test_questions_against_independence_never_hold_the_verdict_back(verdict, short_region, changes):
    answer = verdict(regions=(short_region(level="nurse", **changes),))
    assert answer.status == "pass"
    assert "1 finding of less weight" in answer.sentence


def test_unless_one_were_of_the_gravest_kind(answers):
    assert judge(answers(VA203="finding"), [finding("VA203", "high")]).status == "inconclusive"


def test_an_even_spread_is_a_wish_and_neither_fails_nor_holds_back(verdict, short_region):
    regions = (short_region(baseline="uniform", high=0.1),)
    assert verdict(config=AnalysisConfig(uniform=True), regions=regions).status == "pass"


def test_what_was_muted_is_settled_and_said(verdict):
    answer = verdict(rows=BAD, config=AnalysisConfig(mutes={"VA801": "lost for good"}))
    assert answer.status == "pass"
    assert answer.sentence.endswith(" Set aside by a person: VA801.")


def test_one_muted_subject_is_said_too_and_leaves_other_findings_to_fail(verdict, cell):
    short = (
        cell(330, reference=0.52, status="under"),
        cell(10, reference=0.2, status="under", attributes=("age",), group=("old",)),
    )
    answer = verdict(representation=short, config=AnalysisConfig(mutes={"VA101:sex": "as planned"}))
    assert answer.status == "fail"
    assert "age = old" in answer.sentence
    assert "sex = female" not in answer.sentence
    assert answer.sentence.endswith("Set aside by a person: VA101.")


def test_a_required_check_that_is_muted_is_not_asked_for_again(seen_of):
    answer = judge(*ask_all(seen_of(config=AnalysisConfig(mutes={"VA101": "no shares are known"}))))
    assert answer.status == "pass"
    assert answer.sentence.endswith("Set aside by a person: VA101.")


def test_the_policy_speaks_of_checks_that_there_are():
    known = all_checks()
    for code, rule in DEFAULT_POLICY.items():
        assert code in known or code == "VA401"
        assert set(rule.instead) <= known.keys()
        assert rule.about or not rule.required


@pytest.mark.parametrize(
    ("rule", "ratio", "fails"),
    [
        (PolicyRule(at_least={"ratio": 0.8}), 0.79, True),
        (PolicyRule(at_least={"ratio": 0.8}), 0.8, False),
        (PolicyRule(at_least={"ratio": 0.8}), None, True),
        (PolicyRule(at_most={"difference": 0.1}), -0.11, True),
        (PolicyRule(at_most={"difference": 0.1}), 0.1, False),
    ],
)
def test_a_limit_decides_whatever_the_severity_is(answers, rule, ratio, fails):
    for severity in ("high", "low"):
        found = replace(finding("VA451", severity), evidence={"ratio": ratio, "difference": ratio})
        answer = judge(answers(VA451="finding"), [found], {"VA451": rule})
        assert answer.status == ("fail" if fails else "pass")


def test_a_limit_on_a_figure_that_there_is_not_is_refused(answers):
    found = replace(finding("VA451", "low"), evidence={"ratio": 0.5, "groups": []})
    with pytest.raises(UsageError, match="the findings of VA451 have no figure 'raito'") as refused:
        judge(answers(VA451="finding"), [found], {"VA451": PolicyRule(at_least={"raito": 0.8})})
    assert "They have ratio." in str(refused.value)
    with pytest.raises(UsageError, match="'groups' of VA451 is no number"):
        judge(answers(VA451="finding"), [found], {"VA451": PolicyRule(at_least={"groups": 0.8})})
