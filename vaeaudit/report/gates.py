"""A verdict for machines: JUnit XML for those that show tests, SARIF for those that show findings in code."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

from vaeaudit import __version__
from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.conclusions import CheckResult, Severity, Verdict, VerdictReason
from vaeaudit.report.document import plain
from vaeaudit.wording.phrases import clean

_LEVEL: Mapping[Severity, str] = {"high": "error", "medium": "warning", "low": "note", "info": "note"}
#: State of a check -> kind of a result that is no failure.
_KIND = {
    "passed": "pass",
    "inconclusive": "open",
    "not_asked": "open",
    "not_applicable": "notApplicable",
    "muted": "informational",
}
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def to_junit(results: AuditResults, verdict: Verdict) -> str:
    """Write one test per check: failed where it fails the verdict, in error where it holds it back.

    Checks that had nothing to look at, or were set aside, are skipped; one whose finding the policy lets pass has
    passed, with the finding as its output.

    Parameters
    ----------
    results, verdict
        The checks and findings, and what a policy makes of them.
    """
    reasons = _by_code(verdict)
    suite = ET.Element("testsuite", name=f"vaeaudit {_xml(results.run.data.name)}", timestamp=results.run.created[:19])
    counts = {"tests": len(results.checks), "failures": 0, "errors": 0, "skipped": 0}
    for check in results.checks:
        case = ET.SubElement(suite, "testcase", classname=f"vaeaudit.{check.code}", name=f"{check.code} {check.name}")
        held = reasons.get(check.code, [])
        outcome = _outcome(check, held)
        if outcome is not None:
            counts[{"failure": "failures", "error": "errors", "skipped": "skipped"}[outcome]] += 1
            told = ET.SubElement(case, outcome, message=_xml(held[0].why if held else check.why))
            told.text = "\n".join(_xml(reason.why) for reason in held) or None
        elif check.state == "finding":
            ET.SubElement(case, "system-out").text = _xml(check.why)
    for name, count in counts.items():
        suite.set(name, str(count))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _xml(text: str) -> str:
    """Leave out what XML cannot hold."""
    return clean(text).translate({0xFFFE: None, 0xFFFF: None})


def _outcome(check: CheckResult, held: Sequence[VerdictReason]) -> str | None:
    if any(reason.effect == "fail" for reason in held):
        return "failure"
    if held:
        return "error"
    return "skipped" if check.state in ("not_asked", "not_applicable", "muted") else None


def _by_code(verdict: Verdict) -> dict[str, list[VerdictReason]]:
    reasons: dict[str, list[VerdictReason]] = {}
    for reason in verdict.checks:
        reasons.setdefault(reason.code, []).append(reason)
    return reasons


def to_sarif(results: AuditResults, verdict: Verdict) -> str:
    """Write SARIF 2.1.0: a rule per check, a result per finding, and one per check without any.

    `partialFingerprints` hold the id of a finding, which stays the same from run to run.

    Parameters
    ----------
    results, verdict
        As for `to_junit`; the verdict stands among the properties of the run.
    """
    driver = {
        "name": "vaeaudit",
        "version": __version__,
        "rules": [
            {"id": check.code, "name": check.name, "shortDescription": {"text": check.question}}
            for check in results.checks
        ],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True}],
        "results": list(_results(results, verdict)),
        "properties": {"verdict": verdict.status, "sentence": clean(verdict.sentence), "run": results.run.id},
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _results(results: AuditResults, verdict: Verdict) -> Iterator[dict[str, Any]]:
    place = {check.code: position for position, check in enumerate(results.checks)}
    location = {"physicalLocation": {"artifactLocation": {"uri": quote(clean(results.run.data.name))}}}
    beyond = {(reason.code, reason.why): reason.effect for reason in verdict.checks}
    for finding in results.findings:
        effect = beyond.get((finding.code, finding.title), "none")
        yield {
            "ruleId": finding.code,
            "ruleIndex": place[finding.code],
            "level": _LEVEL[finding.severity],
            "message": {"text": f"{clean(finding.title)}. {clean(finding.action)}"},
            "locations": [location],
            "partialFingerprints": {"vaeaudit/v1": finding.id},
            "properties": {"severity": finding.severity, "effect": effect, "evidence": plain(dict(finding.evidence))},
        }
    for check in results.checks:
        if check.state != "finding":
            yield {
                "ruleId": check.code,
                "ruleIndex": place[check.code],
                "kind": _KIND[check.state],
                "level": "none",
                "message": {"text": clean(check.why) or check.question},
                "locations": [location],
            }
