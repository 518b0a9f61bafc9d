"""The top of the page: what was audited, the verdict, and the findings by rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vaeaudit.analysis.results.audit import AuditResults, Finding, Gate, Verdict
from vaeaudit.analysis.results.measures import Interval
from vaeaudit.report import numbers, text, wording
from vaeaudit.report.sections import SECTION_IDS
from vaeaudit.report.tables import Badge, Cell, Column, Table, table

_VERDICT = {
    "pass": Badge("Pass", "good"),
    "fail": Badge("Fail", "bad"),
    "inconclusive": Badge("Inconclusive", "unsure"),
}
_SEVERITY = {
    "high": Badge("High", "bad"),
    "medium": Badge("Medium", "warn"),
    "low": Badge("Low", "unsure"),
    "info": Badge("For information", "neutral"),
}
#: Where a finding of each kind is shown, should its own anchor not be on the page.
_SECTION_OF_KIND = {
    "representation": "representation",
    "region": "regions",
    "outlier": "outliers",
    "disparity": "disparities",
    "proxy": "proxies",
    "duplicate": "duplicates",
    "latent": "latents",
    "quality": "quality",
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
    severity: Badge
    kind: str
    title: str
    evidence: tuple[tuple[str, str], ...]
    action: str
    anchor: str


@dataclass(frozen=True)
class Summary:
    """Everything above the sections."""

    name: str
    facts: tuple[tuple[str, str], ...]
    verdict: Badge
    sentence: str
    gates: Table | None
    findings: tuple[Card, ...]


def summarise(results: AuditResults) -> Summary:
    """Arrange the top of the page."""
    run = results.run
    facts = (
        ("Rows", text.rows_in_words(results)),
        ("Modelled", text.what_is_modelled(results)),
        ("Model", text.model_in_one_line(results.model)),
        ("Made", f"{wording.moment(run.created)}, seed {run.seed}"),
    )
    return Summary(
        name=wording.name(run.data.name),
        facts=facts,
        verdict=_VERDICT[results.verdict.status],
        sentence=results.verdict.sentence,
        gates=_gates(results.verdict) if results.verdict.gates else None,
        findings=tuple(_card(finding) for finding in results.findings),
    )


def _gates(verdict: Verdict) -> Table:
    columns = [Column("Question"), Column("What was found", wide=True)]
    columns += [Column("Found", True), Column("Limit", True), Column("Answer")]
    return table("What the verdict rests on", columns, [_gate_row(gate) for gate in verdict.gates])


def _gate_row(gate: Gate) -> tuple[Cell, ...]:
    question, asked, found = gate.meaning.partition("? ")
    return (
        f"{question}?" if asked else gate.name.replace("_", " ").capitalize(),
        found if asked else gate.meaning,
        numbers.ABSENT if gate.value is None else numbers.number(gate.value),
        numbers.ABSENT if gate.threshold is None else numbers.number(gate.threshold),
        _VERDICT[gate.status],
    )


def _card(finding: Finding) -> Card:
    return Card(
        id=finding.id,
        severity=_SEVERITY[finding.severity],
        kind=finding.kind,
        title=finding.title,
        evidence=evidence(finding.evidence),
        action=finding.action,
        anchor=finding.anchor if finding.anchor in SECTION_IDS else _SECTION_OF_KIND[finding.kind],
    )


def evidence(found: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Write the evidence of a finding under names for people; lists of groups are left to the finding's section.

    Examples
    --------
    >>> evidence({"n": 1200, "p_adjusted": 0.004, "groups": [{"group": "a"}]})
    (('rows', '1,200'), ('adjusted p', '0.004'))
    """
    shares = any(_is_share(key) for key in found)
    written = [(_TERMS.get(key, key.replace("_", " ")), _evidence(key, value, shares)) for key, value in found.items()]
    return tuple((term, value) for term, value in written if value is not None)


def _evidence(key: str, value: Any, shares: bool) -> str | None:
    """Write one value, or return None for what a card has no room for; `shares` says what a bare `ci` is of."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number(key, value)
    if isinstance(value, str):
        return wording.shorten(value, 160)
    if key.endswith("ci") and isinstance(value, Sequence) and len(value) == 2:
        unit = "points" if key.startswith("difference") else "percent" if shares else "number"
        return numbers.interval(Interval(value[0], value[1], 0.0), unit)
    return _texts(value)


def _texts(value: Any) -> str | None:
    """List a sequence of text, or a mapping of text or numbers; anything deeper has no room on a card."""
    if isinstance(value, Mapping) and all(isinstance(held, str | int | float) for held in value.values()):
        value = [f"{key}: {held if isinstance(held, str) else numbers.number(held)}" for key, held in value.items()]
    if not isinstance(value, Sequence) or not value or not all(isinstance(part, str) for part in value):
        return None
    return wording.listed([wording.shorten(part, 100) for part in value])


def _number(key: str, value: float) -> str:
    if key in ("p", "p_value", "p_adjusted"):
        return numbers.p_value(value)
    if key in ("difference", "minimum_detectable"):
        return numbers.points(value).lstrip("" if key == "difference" else "+")
    if _is_share(key):
        return numbers.rate(value) if key == "fdr" else numbers.percent(value)
    return numbers.count(value) if isinstance(value, int) else numbers.number(value)


def _is_share(key: str) -> bool:
    return any(word in ("share", "rate", "fdr") for word in key.split("_"))
