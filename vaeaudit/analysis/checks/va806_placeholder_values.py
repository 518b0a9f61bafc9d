"""Values such as -999 or 1900-01-01 that stand for "missing" and were read as values."""

from __future__ import annotations

from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import Finding, facts, subject
from vaeaudit.analysis.quality.placeholders import Placeholder, find_placeholders
from vaeaudit.data.schema.columns import Kind
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.phrases import plural

CODE: Final = "VA806"
KIND: Final = "quality"
#: Share of the rows from which such a value moves means and models.
MANY = 0.01


def ask(seen: Seen) -> Answer:
    """Tell one finding per column and value."""
    schema = seen.inputs.schema
    found = find_placeholders(seen.inputs.frame, schema, seen.config.fdr)
    judged = sum(column.kind.is_numeric or column.kind is Kind.DATETIME for column in schema)
    if not judged:
        return Answer("not_applicable", "No column holds numbers or dates.")
    return answered(
        sorted((_finding(entry, seen) for entry in found), key=lambda finding: finding.severity != "medium"),
        f"No value of {plural(judged, 'column')} of numbers or dates stands out as one that stands for “missing”.",
        tested=judged,
    )


def _finding(found: Placeholder, seen: Seen) -> Finding:
    beside, contrast = "", found.goes_with
    if contrast is not None:
        where = phrases.group([contrast.column], [contrast.group])
        beside = (
            f"; {numbers.count(contrast.hits)} of them where {where}, which holds {plural(contrast.rows, 'row')} in all"
        )
    return Finding(
        code=CODE,
        subject=subject(found.column, found.value),
        kind=KIND,
        severity="medium" if found.rows >= MANY * found.n else "low",
        title=(
            f"{found.column} is {found.value} in {plural(found.rows, 'row')} of {numbers.count(found.n)}; the nearest "
            f"other value is {found.nearest}{beside}"
        ),
        evidence={
            **facts(found, "value", "sign", "rows", "n", "nearest"),
            "ci": share_interval(found.rows, found.n, seen.config.confidence).bounds,
            "goes_with": None if contrast is None else facts(contrast, "column", "group", "hits", "rows"),
        },
        action=(
            f"Does it stand for “missing”, or for a limit? If for missing, read it so: --na "
            f"'{found.column}={found.value}'."
        ),
        anchor="quality",
        rule=(found.rule,),
    )


CHECK = Check(
    CODE,
    "placeholder-values",
    "Are numbers and dates free of values that stand for missing?",
    KIND,
    ask,
    needs=(Need.TABLE,),
)
