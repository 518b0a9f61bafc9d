"""Rows of the table and of the reference can be told apart, or single columns differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import Finding, facts
from vaeaudit.analysis.coverage.results import Comparison, Difference
from vaeaudit.wording.phrases import listed, plural

CODE: Final = "VA105"
KIND: Final = "representation"
#: AUC of a guess, and one at which most rows can be told apart; the least distance of a column worth naming.
_CHANCE, _PLAIN = 0.5, 0.8
_LEAST_DISTANCE = 0.02


def ask(seen: Seen) -> Answer:
    """Say in one finding how well the two can be told apart, and which columns differ most."""
    comparison = seen.measured.comparison
    if comparison is None:
        return Answer("inconclusive", "The reference has too few rows to compare with.")
    tested = (*comparison.columns, *comparison.latents)
    differing = [entry for entry in tested if entry.significant and entry.distance >= _LEAST_DISTANCE]
    auc = comparison.auc
    apart = auc is not None and auc.ci.low is not None and auc.ci.low > _CHANCE
    return answered(
        [_finding(comparison, differing)] if apart or differing else (),
        f"No difference was shown in {plural(len(tested), 'column')} and latents.",
        tested=len(tested),
    )


def _finding(comparison: Comparison, differing: Sequence[Difference]) -> Finding:
    named = [f"{entry.name} ({entry.differs})" for entry in differing]
    evidence: dict[str, object] = {
        **facts(comparison, "n", "n_reference"),
        "columns": {entry.name: entry.distance for entry in differing},
    }
    auc = comparison.auc
    if auc is not None:
        evidence |= {"auc": auc.value, "ci": auc.ci.bounds}
    return Finding(
        code=CODE,
        subject="",
        kind=KIND,
        severity="medium" if auc is not None and (auc.ci.low or 0.0) > _PLAIN else "low",
        title=f"The data differs from {comparison.name}"
        + (f", most of all in {listed(named, most=2, separator='; ')}" if named else ""),
        evidence=evidence,
        action=(
            "Ask whether the two should be alike. Where they should, the regions against the reference say which rows "
            "to collect; a column that is coded differently is to be mended first."
        ),
        anchor="comparison",
    )


CHECK = Check(
    CODE, "differs-from-reference", "Are the rows like those of the reference?", KIND, ask, needs=(Need.REFERENCE,)
)
