"""How the verdict follows from the states of the checks: by a written policy, and by nothing else.

`fail`: a check that the policy names has a finding of its `fail_from` severity or a graver one. Else `inconclusive`: a
check that it names could not be answered, or one that it requires was not asked, or a finding of severity high is open
in a check that it does not name, which needs a person. Else `pass`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vaeaudit.analysis.audit.policy_files import policy_named
from vaeaudit.analysis.conclusions import (
    CheckResult,
    Finding,
    PolicyRule,
    Verdict,
    VerdictReason,
    VerdictStatus,
    gravity,
)
from vaeaudit.errors import UsageError
from vaeaudit.wording.phrases import listed, plural

#: Sex or age short of a population fails a dataset, unreadable records do, copies across splits do. Whether disparities
#: and proxies are the world's or the data's own, no figure tells: where they are grave, a person has to say.
DEFAULT_POLICY: Mapping[str, PolicyRule] = policy_named("default").rules


def judge(
    results: Sequence[CheckResult], findings: Sequence[Finding], policy: Mapping[str, PolicyRule] = DEFAULT_POLICY
) -> Verdict:
    """Draw the verdict.

    Parameters
    ----------
    results
        The state of every check.
    findings
        Those that are open, by rank.
    policy
        Code -> how the check bears on the verdict.
    """
    by_code = {result.code: result for result in results}
    reasons = [
        *_failures(findings, policy),
        *_unsettled(by_code, policy),
        *_for_a_person(findings, policy),
    ]
    status: VerdictStatus = "pass"
    if reasons:
        status = "fail" if reasons[0].effect == "fail" else "inconclusive"
    sentence = " ".join(_sentences(status, reasons, results, findings, policy))
    return Verdict(status, sentence, tuple(reasons), policy)


def _failures(findings: Sequence[Finding], policy: Mapping[str, PolicyRule]) -> Iterator[VerdictReason]:
    for finding in findings:
        rule = policy.get(finding.code)
        if rule and _is_beyond(finding, rule):
            yield VerdictReason(finding.code, "fail", "finding", finding.title)


def _is_beyond(finding: Finding, rule: PolicyRule) -> bool:
    if not rule.at_most and not rule.at_least:
        return gravity(finding.severity) <= gravity(rule.fail_from)
    figures = {name: _figure(finding, name) for name in (*rule.at_most, *rule.at_least)}
    above = any(not abs(figures[name]) <= limit for name, limit in rule.at_most.items())
    return above or any(not figures[name] >= limit for name, limit in rule.at_least.items())


def _figure(finding: Finding, name: str) -> float:
    """Return a figure of the evidence; what is not known is beyond every limit."""
    if name not in finding.evidence:
        known = [key for key, value in finding.evidence.items() if isinstance(value, (int, float))]
        raise UsageError(
            f"--policy: the findings of {finding.code} have no figure {name!r}.",
            hint=f"They have {listed(known, most=20)}.",
        )
    value = finding.evidence[name]
    if value is None:
        return float("nan")
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise UsageError(f"--policy: {name!r} of {finding.code} is no number, found {value!r}.")
    return float(value)


def _unsettled(results: Mapping[str, CheckResult], policy: Mapping[str, PolicyRule]) -> Iterator[VerdictReason]:
    """Yield what could not be told first, then what was not asked and should have been."""
    named = {code: results[code] for code in policy if code in results}
    unclear = {code: each for code, each in named.items() if each.state == "inconclusive"}
    for code, each in unclear.items():
        if each.rests_on not in unclear:  # else that one says it
            yield VerdictReason(code, "hold", "inconclusive", each.why)
    for code, each in named.items():
        rule = policy[code]
        same = [each, *(results[other] for other in rule.instead if other in results)]
        if rule.required and all(one.state in ("not_asked", "not_applicable") for one in same):
            yield VerdictReason(code, "hold", "not_asked", f"{rule.about[:1].upper()}{rule.about[1:]}.{_to_give(same)}")


def _to_give(unasked: Sequence[CheckResult]) -> str:
    """Say which options, alone or together, would let any of these checks be asked."""
    said = [one.why for one in unasked if one.state == "not_asked"]
    given = [frozenset(why.removeprefix("Give ").rstrip(".").split(" and ")) for why in said]
    least = [" and ".join(sorted(each)) for each in dict.fromkeys(given) if not any(other < each for other in given)]
    return f" Give {listed(least, most=9, last='or')}." if least else ""


def _for_a_person(findings: Sequence[Finding], policy: Mapping[str, PolicyRule]) -> Iterator[VerdictReason]:
    for finding in findings:
        if finding.severity == "high" and finding.code not in policy:
            yield VerdictReason(finding.code, "hold", "finding", finding.title)


def _sentences(
    status: VerdictStatus,
    reasons: Sequence[VerdictReason],
    results: Sequence[CheckResult],
    findings: Sequence[Finding],
    policy: Mapping[str, PolicyRule],
) -> Iterator[str]:
    """Say the verdict in one sentence with what was not checked; then who was not judged and what was set aside."""
    failed = [reason for reason in reasons if reason.effect == "fail"]
    held = [reason for reason in reasons if reason.effect == "hold"]
    for_a_person = sum(reason.state == "finding" for reason in held)
    unclear = sum(reason.state == "inconclusive" for reason in held)
    open_points = []
    if for_a_person:
        one = for_a_person == 1
        open_points.append(f"{plural(for_a_person, 'grave finding')} need{'s' if one else ''} a person's judgement")
    if unclear:
        open_points.append(f"{plural(unclear, 'question')} could not be settled")
    open_points += [f"{policy[reason.code].about} was not checked" for reason in held if reason.state == "not_asked"]
    beside = listed(open_points, most=9)
    if status == "fail":
        more = f"; and {len(failed) - 1} more" if len(failed) > 1 else ""
        yield f"Not ready to train on as it is: {failed[0].why.rstrip('.')}{more}."
        if open_points:
            yield f"{beside[:1].upper()}{beside[1:]}."
    elif status == "inconclusive":
        yield f"No verdict yet: {beside}."
    else:
        passed = sum(result.state == "passed" for result in results)
        allowed = sum(finding.severity == "high" for finding in findings)
        minor = f"; {plural(len(findings) - allowed, 'finding')} of less weight" if len(findings) > allowed else ""
        if allowed:
            minor += f"; {plural(allowed, 'grave finding')} within what the policy allows"
        yield f"Nothing that was checked speaks against training on it: {plural(passed, 'check')} passed{minor}."
    if any("--sensitive" in result.why for result in results if result.state == "not_asked"):
        yield "No sensitive attribute was declared, so nothing was judged about groups of people."
    muted = [result.code for result in results if result.muted]
    if muted:
        yield f"Set aside by a person: {listed(muted, most=9)}."
