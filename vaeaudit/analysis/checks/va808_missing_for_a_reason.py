"""Columns whose missing cells go with another column, or with one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding, facts, subject
from vaeaudit.analysis.quality.missingness import FEWEST_CELLS, TELLING_AUC, Missingness, MissingReason
from vaeaudit.outputs.table_rules import TableRules
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.phrases import listed, plural

CODE: Final = "VA808"
KIND: Final = "quality"
#: Findings of their own; what comes beyond is told in the last.
MOST_FINDINGS = 2


def ask(seen: Seen) -> Answer:
    """Tell one finding per set of columns that are missing together, the most cells first."""
    columns = seen.measured.missingness
    enough = [each for each in columns if FEWEST_CELLS <= each.missing <= each.n - FEWEST_CELLS]
    if columns and not enough:
        return Answer("inconclusive", f"No column has {FEWEST_CELLS} missing and as many filled cells.", 0)
    unruled = [each for each in enough if not _is_a_rule(each, seen.inputs.rules)]
    return answered(
        _findings(unruled),
        f"No column tells where the cells of {plural(len(enough), 'column')} are missing, beyond an AUC of "
        f"{numbers.ratio(TELLING_AUC)}."
        if enough
        else "No cell is missing.",
        tested=len(enough),
    )


def _is_a_rule(column: Missingness, rules: TableRules) -> bool:
    """Whether a rule of the table says already where the cells are missing."""
    return column.reason is not None and rules.tied(column.column, column.reason.contrast.column)


def _findings(columns: Sequence[Missingness]) -> Iterator[Finding]:
    told: set[str] = set()
    explained = []
    for column in columns:
        if column.reason is not None and column.column not in told:
            explained.append((column, column.reason))
            told |= set(column.together)
    explained.sort(key=lambda each: -each[0].missing)
    yield from (_finding(column, reason) for column, reason in explained[:MOST_FINDINGS])
    if explained[MOST_FINDINGS:]:
        yield _others(explained[MOST_FINDINGS:])


def _finding(column: Missingness, reason: MissingReason) -> Finding:
    contrast = reason.contrast
    where = phrases.group([contrast.column], [contrast.group])
    names = listed([column.column, *column.together])
    return Finding(
        code=CODE,
        subject=subject(column.column),
        kind=KIND,
        severity="low",
        title=(
            f"{names} {'are' if column.together else 'is'} missing in {numbers.share(contrast.share)} of the rows with "
            f"{where} ({numbers.count(contrast.hits)} of {numbers.count(contrast.rows)}), and in "
            f"{numbers.share(contrast.other_share)} of all others"
        ),
        evidence={
            "missing": column.missing,
            "n": column.n,
            "together": list(column.together[:LISTED]),
            **facts(reason, "auc", "ci"),
            **facts(contrast, "column", "group", "hits", "rows", "other_hits", "other_rows"),
        },
        action=(
            f"If {contrast.column} decides whether there is a value to know, the empty cell is an answer of its own: "
            "keep it as one. If not, find out why it is asked of some only."
        ),
        anchor="missing",
        rule=(contrast.rule,),
    )


def _others(explained: Sequence[tuple[Missingness, MissingReason]]) -> Finding:
    named = [f"{column.column} (by {reason.contrast.column})" for column, reason in explained]
    return Finding(
        code=CODE,
        subject="others",
        kind=KIND,
        severity="low",
        title=f"The missing cells of {plural(len(explained), 'more column')} go with another column: {listed(named)}",
        evidence={"columns": named[: 2 * LISTED], "ci": explained[0][1].ci.bounds},
        action="See report.json, under missingness, for each of them.",
        anchor="missing",
    )


CHECK = Check(
    CODE, "missing-for-a-reason", "Are missing cells scattered, rather than where another column says so?", KIND, ask
)
