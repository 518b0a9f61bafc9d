from __future__ import annotations

from typing import get_args

import pytest

from vaeaudit.analysis.audit.asking import ask_all, rank, read_mutes
from vaeaudit.analysis.checks.base import Answer, Check, Need, answered
from vaeaudit.analysis.checks.registry import all_checks
from vaeaudit.analysis.conclusions import Finding, MutedBy, Severity
from vaeaudit.config import AnalysisConfig
from vaeaudit.errors import UsageError


def finding(subject, severity="low", code="VA501"):
    return Finding(code, subject, "proxy", severity, f"{subject} is given away", {}, "Act.", "proxies")


def check(*findings, code="VA501", needs=()):
    return Check(code, "a-check", "Is it?", "proxy", lambda seen: answered(findings, "It is.", tested=7), needs)


@pytest.fixture
def ask(seen_of):
    """Results and open findings of some checks under these mutes."""

    def asked(*checks, muted_by="", **mutes):
        written = {key.replace("__", ":"): reason for key, reason in mutes.items()}
        seen = seen_of(config=AnalysisConfig(mutes=written, muted_by=muted_by))
        return ask_all(seen, {each.code: each for each in checks})

    return asked


def test_every_check_of_the_registry_gets_a_result_in_its_order(seen_of):
    results, findings = ask_all(seen_of())
    assert [result.code for result in results] == list(all_checks())
    for result, asked in zip(results, all_checks().values(), strict=True):
        assert (result.name, result.question) == (asked.name, asked.question)
        assert result.why.endswith((".", "?"))
        assert (result.state == "finding") == bool(result.findings)
    assert {finding.id for finding in findings} == {each for result in results for each in result.findings}


def test_a_check_that_lacks_what_it_needs_is_not_called_and_says_what_to_give(seen_of):
    unasked = Check("VA501", "a-check", "Is it?", "proxy", lambda seen: 1 / 0, needs=(Need.POPULATION, Need.UNIFORM))
    (result,), findings = ask_all(seen_of(), {"VA501": unasked})
    assert (result.state, result.why, findings) == ("not_asked", "Give --population FILE and --uniform.", ())


def test_findings_are_ranked_by_severity_and_keep_their_order_among_equals(ask):
    first = check(finding("a", "info"), finding("b", "high"))
    second = check(finding("c", "low", "VA601"), finding("d", "high", "VA601"), code="VA601")
    results, ranked = ask(first, second)
    assert [entry.subject for entry in ranked] == ["b", "d", "c", "a"]
    assert [get_args(Severity).index(entry.severity) for entry in rank(ranked)] == [0, 0, 2, 3]
    assert [result.findings for result in results] == [("VA501-b", "VA501-a"), ("VA601-d", "VA601-c")]


def test_a_whole_check_that_is_muted_is_not_even_asked(ask):
    crashes = Check("VA501", "a-check", "Is it?", "proxy", lambda seen: 1 / 0)
    (result,), findings = ask(crashes, VA501="Known since 2019.", muted_by="Ada")
    assert (result.state, result.why, findings) == ("muted", "Known since 2019.", ())
    assert result.muted == (MutedBy("", "Known since 2019.", "Ada"),)


def test_a_check_may_be_muted_by_its_name_in_any_case(ask):
    (result,), _ = ask(check(), **{"Attribute-Given-Away": "known"})
    assert result.state == "muted"


def test_one_subject_that_is_muted_leaves_the_others_open_and_what_it_hides_is_told(ask):
    (result,), findings = ask(check(finding("sex", "high"), finding("age")), VA501__sex="by law", muted_by="Ada")
    assert (result.state, result.findings) == ("finding", ("VA501-age",))
    assert [entry.subject for entry in findings] == ["age"]
    assert result.muted == (MutedBy("sex", "by law", "Ada", ("sex is given away",)),)


def test_where_every_finding_is_muted_the_check_is_set_aside(ask):
    (result,), findings = ask(check(finding("sex"), finding("age")), VA501__sex="by law", VA501__age="known")
    assert (result.state, result.why, findings) == ("muted", "Set aside: 2 findings.", ())
    assert [muted.subject for muted in result.muted] == ["sex", "age"]


@pytest.mark.parametrize("written", ["R0a1b2c3d", "r0a1b2c3d", "R0A1B2C3D"])
def test_a_subject_is_muted_in_either_case_as_regions_and_columns_have_capitals(ask, written):
    (result,), findings = ask(check(finding("R0a1b2c3d")), **{f"VA501__{written}": "no such people"})
    assert (result.state, findings) == ("muted", ())


def test_a_mute_without_effect_is_said_and_hides_nothing(ask):
    (passed,), _ = ask(check(), VA501__sex="by law")
    assert (passed.state, passed.why) == ("passed", "It is. Muted without effect: sex.")
    (found,), findings = ask(check(finding("age")), VA501__sex="by law")
    assert found.why == "age is given away. Muted without effect: sex."
    assert len(findings) == 1


def test_a_mute_of_no_check_asks_which_was_meant(ask):
    with pytest.raises(UsageError, match="There is no check 'VA5O1'") as refused:
        ask(check(), VA5O1="known")
    assert refused.value.hint.startswith("Did you mean VA")


@pytest.mark.parametrize("reason", ["", " \n"])
def test_a_mute_without_a_reason_is_refused(ask, reason):
    with pytest.raises(UsageError, match="--mute VA501:sex: say why, for whoever reads the report"):
        ask(check(), VA501__sex=reason)


def test_mutes_are_read_without_the_blanks_around_them():
    assert read_mutes({" VA501 : Sex ": " by law ", "va601": "known"}) == {
        "VA501": {"sex": "by law"},
        "VA601": {"": "known"},
    }


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (check(finding("sex", code="VA601")), "VA501: expected findings with its code and different subjects"),
        (check(finding("sex"), finding("sex")), r"different subjects, found \['VA501-sex', 'VA501-sex'\]"),
        (
            Check("VA501", "a", "?", "proxy", lambda seen: Answer("finding", "!")),
            "VA501: state finding with 0 findings",
        ),
        (
            Check("VA501", "a", "?", "proxy", lambda seen: Answer("passed", "!", findings=(finding("sex"),))),
            "VA501: state passed with 1 findings",
        ),
    ],
)
def test_an_answer_that_contradicts_itself_is_refused(ask, wrong, said):
    with pytest.raises(ValueError, match=said):
        ask(wrong)
