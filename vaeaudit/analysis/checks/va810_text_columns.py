"""Columns of free text: the model does not read them, so that what stands in them is told here."""

from __future__ import annotations

from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Seen, answered
from vaeaudit.analysis.conclusions import Finding
from vaeaudit.analysis.quality.texts import TextSummary, describe_text
from vaeaudit.data.schema.columns import Kind
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import listed, plural, shorten

CODE: Final = "VA810"
KIND: Final = "quality"
#: A text that stands in more of the filled rows than this, and in at least so many, is boilerplate.
REPEATED_SHARE, REPEATED_ROWS = 0.05, 10
#: Share of the texts from which on a second script is told.
SECOND_SCRIPT = 0.02
_SHOWN = 60


def ask(seen: Seen) -> Answer:
    """Tell each column of free text in which something stands out."""
    columns = [column for column in seen.inputs.schema if column.kind is Kind.TEXT and not column.personal]
    if not columns:
        return Answer("not_applicable", "No column holds free text.")
    told = [describe_text(column.name, seen.inputs.frame[column.name]) for column in columns]
    odd = [(text, remarks) for text in told if (remarks := _remarks(text))]
    lengths = listed([f"{text.column} (median {plural(text.words, 'word')})" for text in told], most=4)
    return answered(
        sorted((_finding(*each) for each in odd), key=lambda finding: finding.severity != "medium"),
        f"Nothing stands out in {lengths}; the model does not read free text.",
        tested=len(columns),
    )


def _remarks(text: TextSummary) -> list[str]:
    remarks = [f"{what} in {plural(rows, 'row')}" for what, rows in text.personal.items()]
    if text.repeated_rows >= max(REPEATED_ROWS, REPEATED_SHARE * text.filled):
        remarks.append(f"one text in {plural(text.repeated_rows, 'row')}, {shorten(text.repeats, _SHOWN)!r}")
    scripts = [f"{script} {numbers.share(share)}" for script, share in text.scripts.items() if share >= SECOND_SCRIPT]
    if len(scripts) > 1:
        remarks.append(f"several scripts ({', '.join(scripts)})")
    return remarks


def _finding(text: TextSummary, remarks: list[str]) -> Finding:
    return Finding(
        code=CODE,
        subject=text.column,
        kind=KIND,
        severity="medium" if text.personal else "low",
        title=f"The free text of {text.column} holds {'; '.join(remarks)}",
        evidence={
            "filled": text.filled,
            "empty": text.empty,
            "median_words": text.words,
            "longest_characters": text.longest,
            "rows_of_most_frequent_text": text.repeated_rows,
            "scripts": text.scripts,
            "personal": text.personal,
        },
        action=(
            "Take personal data out before the text is handed on or trained on."
            if text.personal
            else "Decide whether these texts say anything; the model of this audit has not read them."
        ),
        anchor="quality",
    )


CHECK = Check(CODE, "text-columns", "Does anything stand out in columns of free text?", KIND, ask)
