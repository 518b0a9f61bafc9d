"""Levels that are equal but for case, Unicode form or kind of space: one group of rows told as two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding
from vaeaudit.analysis.quality.variants import LevelVariants, find_variants
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import listed, plural

CODE: Final = "VA809"
KIND: Final = "quality"
#: From this share of the rows on, variants move groups and rates, not only tidiness.
MOST_ROWS = 0.01
#: Columns with a finding of their own; the others share one.
MOST_TOLD = 2


def ask(seen: Seen) -> Answer:
    """Tell each column that holds a level in several spellings."""
    columns = [column for column in seen.inputs.schema if column.kind.is_levelled]
    variants = find_variants(seen.inputs.frame, seen.inputs.schema)
    names = dict.fromkeys(each.column for each in variants)
    findings = [_finding(name, [each for each in variants if each.column == name], seen) for name in names]
    gravest = sorted(findings, key=lambda finding: finding.severity != "medium")
    otherwise = f"No level of {plural(len(columns), 'column')} is there in two spellings."
    return answered([*gravest[:MOST_TOLD], *_others(gravest[MOST_TOLD:])], otherwise, tested=len(columns))


def _others(findings: list[Finding]) -> Iterator[Finding]:
    """Tell all further columns in one finding."""
    if findings:
        names = listed([finding.subject for finding in findings])
        columns = plural(len(findings), "more column spells", "more columns spell")
        yield replace(
            findings[0],
            subject="others",
            title=f"{columns} a level in several ways: {names}",
            evidence={finding.subject: finding.evidence for finding in findings},
            action="Bring these cells to one spelling at the source; until then each is a group.",
        )


def _finding(name: str, variants: list[LevelVariants], seen: Seen) -> Finding:
    first, rows = variants[0], sum(each.fewer for each in variants)
    spelled = listed([f"{level!r} ({plural(n, 'row')})" for level, n in first.rows_of.items()], most=4)
    more = f", and {plural(len(variants) - 1, 'more level')}" if len(variants) > 1 else ""
    return Finding(
        code=CODE,
        subject=name,
        kind=KIND,
        severity="medium" if rows > MOST_ROWS * len(seen.inputs.frame) else "low",
        title=f"{name} spells one level in several ways: {spelled}{more}",
        evidence={
            "rows_in_another_spelling": rows,
            "levels": {each.spellings[0]: each.rows_of for each in variants[:LISTED]},
        },
        action=f"Bring these {numbers.count(rows)} cells to one spelling at the source; until then each is a group.",
        anchor="quality",
    )


CHECK = Check(CODE, "level-variants", "Is every level spelled in one way?", KIND, ask)
