"""What other programs read: JUnit XML and SARIF, each read by a program that knows its form."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest
from junitparser import JUnitXml
from sarif_pydantic import Sarif

from vaeaudit.analysis.audit.policy import judge
from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.conclusions import PolicyRule
from vaeaudit.report.gates import to_junit, to_sarif

HOSTILE = "\x00\x1b[31m\u202e\ufffe]]><script>&amp;\ud800"


@pytest.fixture
def hostile(results: AuditResults) -> AuditResults:
    finding = replace(results.findings[0], title=HOSTILE, action=HOSTILE)
    checks = tuple(replace(check, why=HOSTILE) for check in results.checks)
    data = replace(results.run.data, name=f"{HOSTILE} %20.csv")
    return replace(results, checks=checks, findings=(finding,), run=replace(results.run, data=data))


def test_every_check_is_a_test_that_failed_is_in_error_is_skipped_or_passed(results: AuditResults) -> None:
    gravest = results.findings[0]
    policy = {gravest.code: PolicyRule(gravest.severity)}
    verdict = judge(results.checks, results.findings, policy)
    suite = next(iter(JUnitXml.fromstring(to_junit(results, verdict).encode())))
    cases = {case.name.split()[0]: [type(told).__name__ for told in case.result] for case in suite}
    assert list(cases) == [check.code for check in results.checks]
    assert cases[gravest.code] == ["Failure"]
    for check in results.checks:
        if check.state in ("not_asked", "not_applicable", "muted"):
            assert cases[check.code] == ["Skipped"]
        elif check.state == "passed":
            assert cases[check.code] == []
    counted = Counter(told for case in cases.values() for told in case)
    assert (suite.failures, suite.errors, suite.skipped) == (counted["Failure"], counted["Error"], counted["Skipped"])


def test_a_check_that_could_not_be_told_never_passes(results: AuditResults) -> None:
    unclear = replace(results.checks[0], state="inconclusive", why="Too few rows.", findings=(), rests_on="")
    checks = (unclear, *results.checks[1:])
    verdict = judge(checks, (), {unclear.code: PolicyRule("high")})
    case = next(iter(next(iter(JUnitXml.fromstring(to_junit(replace(results, checks=checks), verdict).encode())))))
    assert verdict.status == "inconclusive"
    assert [(type(told).__name__, told.message) for told in case.result] == [("Error", "Too few rows.")]


def test_sarif_has_a_rule_per_check_and_a_result_per_finding_that_keeps_its_id(results: AuditResults) -> None:
    verdict = judge(results.checks, results.findings)
    text = to_sarif(results, verdict)
    (run,) = Sarif.model_validate_json(text).runs
    assert [rule.id for rule in run.tool.driver.rules] == [check.code for check in results.checks]
    assert all(results.checks[told.rule_index].code == told.rule_id for told in run.results)
    raw = json.loads(text)["runs"][0]
    ids = [told["partialFingerprints"]["vaeaudit/v1"] for told in raw["results"] if "partialFingerprints" in told]
    assert ids == [finding.id for finding in results.findings]
    assert raw["properties"]["verdict"] == verdict.status
    kinds = {told["ruleId"]: told.get("kind") for told in raw["results"]}
    for check in results.checks:
        if check.state == "passed":
            assert kinds[check.code] == "pass"


def test_hostile_text_breaks_neither(hostile: AuditResults) -> None:
    verdict = judge(hostile.checks, hostile.findings)
    xml, sarif = to_junit(hostile, verdict), to_sarif(hostile, verdict)
    assert len(next(iter(JUnitXml.fromstring(xml.encode())))) == len(hostile.checks)
    Sarif.model_validate_json(sarif)
    for text in (xml, sarif):
        assert "\u202e" not in text
        assert "\x1b" not in text
        text.encode("utf-8")
