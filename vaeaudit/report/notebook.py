"""The few lines of a report that a notebook shows: verdict, checks and first findings, without a script."""

from __future__ import annotations

from collections import Counter

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.report.html import environment
from vaeaudit.wording.phrases import SEVERITY, STATES, VERDICT, VERDICT_REASONS, shorten, states

#: Findings that are shown.
_MOST = 10
#: Characters of a sentence: names of columns may be as long as they like.
_LONGEST = 600


def to_card(results: AuditResults, page: str) -> str:
    """Render a piece of HTML of at most a few dozen kilobytes.

    Parameters
    ----------
    results
        What the analysis found.
    page
        Where the whole report is.
    """
    verdict, findings = results.verdict, results.findings[:_MOST]
    return (
        environment()
        .get_template("notebook.html")
        .render(
            verdict=(VERDICT[verdict.status], shorten(verdict.sentence, _LONGEST)),
            reasons=[
                (VERDICT_REASONS[reason.effect, reason.state], reason.code, shorten(reason.why, _LONGEST))
                for reason in verdict.checks
            ],
            states=states(Counter(check.state for check in results.checks)),
            checks=[
                (STATES[check.state], check.code, shorten(f"{check.question} {check.why}", _LONGEST))
                for check in results.checks
            ],
            findings=[
                (SEVERITY[entry.severity], shorten(entry.title, _LONGEST), shorten(entry.action, _LONGEST))
                for entry in findings
            ],
            left=len(results.findings) - len(findings),
            page=shorten(page, _LONGEST),
        )
    )
