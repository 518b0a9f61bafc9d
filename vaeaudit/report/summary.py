"""The top of the page: what was audited, the verdict, and the findings by rank."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args

import numpy as np

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.conclusions import CheckResult, Finding, State
from vaeaudit.analysis.latents.results import ModelSummary
from vaeaudit.report.parts.tables import Badge, Cell, Table, plain, table, wide
from vaeaudit.report.sections import SECTION_IDS
from vaeaudit.report.sections.model import what_is_modelled
from vaeaudit.statistics.measures import Interval
from vaeaudit.wording import numbers, phrases

#: Status, state or severity -> tone of its badge.
_TONE = {"pass": "good", "fail": "bad", "inconclusive": "unsure"}
_TONE |= {"finding": "warn", "passed": "good", "not_asked": "unsure", "not_applicable": "neutral", "muted": "neutral"}
_TONE |= {"high": "bad", "medium": "warn", "low": "unsure", "info": "neutral"}
#: Where a finding of a kind is shown, should its own anchor not be on the page; else in the section of that name.
_SECTION_OF_KIND = {
    **{"region": "regions", "outlier": "outliers", "duplicate": "duplicates", "latent": "latents"},
    **{"disparity": "disparities", "proxy": "proxies"},
}

#: Findings that are seen at once; the others are folded.
FIRST_FINDINGS = 15
#: Checks whose findings only somebody who knows the field can judge.
QUESTIONS = ("VA203",)

#: Word in the name of a piece of evidence -> how it is written; whole numbers are counts, others ratios.
_KINDS: Mapping[str, Callable[[float], str]] = {
    **dict.fromkeys(("share", "shares", "rate", "stability"), numbers.share),
    "expected": numbers.expected,
    "p": numbers.p_value,
    "difference": numbers.points,
    "detectable": partial(numbers.points, sign=False),
    "fdr": numbers.rate,
    "nats": numbers.nats,
    "threshold": numbers.number,
}
#: Names of evidence in report.json -> for people; others are shown by their own name.
_TERMS = {
    "n": "rows",
    "ci": "interval",
    "difference_ci": "interval of the difference",
    "p_adjusted": "adjusted p",
    "reference_share": "population share",
    "fdr": "false-discovery rate",
    "minimum_detectable": "detectable difference",
    "auc": "AUC",
    "null_auc": "AUC after shuffling",
    "elbo_nats": "ELBO (nats)",
    "baseline_nats": "independent columns (nats)",
    "kl_nats": "KL (nats)",
}


@dataclass(frozen=True)
class Card:
    """One finding as the page shows it."""

    id: str
    code: str
    severity: Badge
    kind: str
    title: str
    evidence: tuple[tuple[str, str], ...]
    action: str
    anchor: str


@dataclass(frozen=True)
class Summary:
    """Everything above the sections; `more_findings` are folded at first, `questions` stand apart."""

    name: str
    facts: tuple[tuple[str, str], ...]
    verdict: Badge
    sentence: str
    reasons: tuple[tuple[str, str, str], ...]
    checks: Table
    states: str
    findings: tuple[Card, ...]
    more_findings: tuple[Card, ...] = ()
    questions: tuple[Card, ...] = ()


def summarise(results: AuditResults) -> Summary:
    """Arrange the top of the page."""
    run = results.run
    cards = tuple(_card(finding) for finding in results.findings if finding.code not in QUESTIONS)
    facts = (
        ("Rows", phrases.accounting(vars(results.rows))),
        ("Modelled", what_is_modelled(results)),
        ("Model", model_in_one_line(results.model)),
        ("Made", f"{numbers.moment(run.created)}, seed {run.seed}"),
    )
    return Summary(
        name=phrases.name(run.data.name),
        facts=facts,
        verdict=_answer(results.verdict.status),
        sentence=results.verdict.sentence,
        reasons=tuple(
            (phrases.VERDICT_REASONS[reason.effect, reason.state], reason.code, reason.why)
            for reason in results.verdict.checks
        ),
        checks=_checks(results.checks),
        states=phrases.states(Counter(result.state for result in results.checks)),
        findings=cards[:FIRST_FINDINGS],
        more_findings=cards[FIRST_FINDINGS:],
        questions=tuple(_card(finding) for finding in results.findings if finding.code in QUESTIONS),
    )


def _checks(results: Sequence[CheckResult]) -> Table:
    """List every check by its state, those that found something first."""
    ordered = sorted(results, key=lambda result: get_args(State).index(result.state))
    columns = plain("Check", "Question") + wide("What was found") + plain("State")
    return table("What was checked", columns, [_check_row(result) for result in ordered])


def _check_row(result: CheckResult) -> tuple[Cell, ...]:
    about = " ".join(filter(None, (result.why, result.detectable)))
    for muted in result.muted:
        by = f" by {muted.by}" if muted.by else ""
        what = f"{phrases.listed(muted.findings, separator='; ')}: " if muted.findings else ""
        about += f" Set aside{by}: {what}{muted.reason}."
    return result.code, result.question, about, Badge(phrases.STATES[result.state], _TONE[result.state])


def _answer(status: str) -> Badge:
    return Badge(phrases.VERDICT[status], _TONE[status])


def _card(finding: Finding) -> Card:
    return Card(
        id=finding.id,
        code=finding.code,
        severity=Badge(phrases.SEVERITY[finding.severity], _TONE[finding.severity]),
        kind=finding.kind,
        title=finding.title,
        evidence=evidence(finding.evidence),
        action=finding.action,
        anchor=finding.anchor if finding.anchor in SECTION_IDS else _SECTION_OF_KIND.get(finding.kind, finding.kind),
    )


def evidence(found: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Write the evidence of a finding under names for people; lists of groups are left to the finding's section.

    Examples
    --------
    >>> evidence({"n": 1200, "p_adjusted": 0.004, "groups": [{"group": "a"}]})
    (('rows', '1,200'), ('adjusted p', '0.0040'))
    """
    written = [(_TERMS.get(key, key.replace("_", " ")), _evidence(key, value, found)) for key, value in found.items()]
    return tuple((term, value) for term, value in written if value is not None)


def _evidence(key: str, value: Any, found: Mapping[str, Any]) -> str | None:
    """Write one value of the evidence, or return None for what a card has no room for."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number(key, value)
    if isinstance(value, str):
        return phrases.shorten(value, 160)
    if key.endswith("ci") and isinstance(value, Sequence) and len(value) == 2:
        return numbers.interval(Interval(value[0], value[1], 0.0), _unit(key, found))
    return _texts(key, value)


def _unit(key: str, found: Mapping[str, Any]) -> numbers.Unit:
    """Say what an interval is of: its own name tells, or what stands beside it; most are of a share."""
    if key.startswith("difference"):
        return "points"
    if "elbo_nats" in found:
        return "nats"
    return "ratio" if key.startswith("ratio") or found.keys() & {"auc", "observed"} else "share"


def _texts(key: str, value: Any) -> str | None:
    """List a sequence of text, or a mapping of text or numbers; anything deeper has no room on a card."""
    if isinstance(value, Mapping) and all(isinstance(held, str | int | float) for held in value.values()):
        value = [f"{name}: {held if isinstance(held, str) else _number(key, held)}" for name, held in value.items()]
    if not isinstance(value, Sequence) or not value or not all(isinstance(part, str) for part in value):
        return None
    return phrases.listed([phrases.shorten(part, 100) for part in value])


def _number(key: str, value: float) -> str:
    """Write a number of the evidence by its kind, which its name tells."""
    if isinstance(value, int):
        return numbers.count(value)
    return next((_KINDS[word] for word in key.split("_") if word in _KINDS), numbers.ratio)(value)


def model_in_one_line(model: ModelSummary) -> str:
    """Name the model as the page's head does."""
    kind = model.objective
    objective = f"{kind.model_name}, beta {model.beta:g}" if kind.has_prior else kind.model_name
    return (
        f"{objective}, {model.active_latents} of {phrases.plural(model.latents, 'latent')} active, "
        f"{phrases.plural(model.epochs, 'epoch')} in {numbers.duration(model.seconds)}"
    )
